import type { ServerResponse } from 'node:http';
import type { Door, WebRequest } from './door.ts';
import { refuseMethod } from './refusals.ts';

/** The page at `/`. It is static: a developer opens it to accept a self-signed certificate, which browsers refuse silently for WebSockets. */
const PAGE = `<!DOCTYPE html>
<html lang="en">
<title>opensrf-chopchop</title>
<h1>opensrf-chopchop</h1>
<p>This is the HTTP port of an OpenSRF server. If your browser has asked about its certificate, it will now let pages connect here.</p>
<ul>
<li><code>/osrf-websocket-translator</code>: OpenSRF over WebSocket</li>
<li><code>/osrf-gateway-v1</code>: OpenSRF's JSON gateway</li>
<li><code>/osrf-http-translator</code>: OpenSRF's HTTP translator</li>
<li><code>/xmpp-websocket</code>: XMPP over WebSocket</li>
</ul>
</html>
`;

const HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Length': Buffer.byteLength(PAGE),
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

/** Explains the port at `/`. */
export class FrontDoor implements Door {
  readonly webSocketPath = '';

  serves(path: string): boolean {
    return path === '/';
  }

  answer({ message }: WebRequest, response: ServerResponse): void {
    if (message.method !== 'GET' && message.method !== 'HEAD') refuseMethod(response, 'GET');
    else response.writeHead(200, HEADERS).end(PAGE);
  }

  upgrade(): void {}

  checkPeers(): void {}
}
