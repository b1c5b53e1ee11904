import type { ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';
import type { Limits } from '../config/limits.ts';
import { isLoopback } from '../kernel/loopback.ts';
import { placeOf } from '../net/tcp.ts';
import type { Transport } from '../net/transport.ts';
import { WEBSOCKET_PATH } from '../net/websocket/path.ts';
import { type WebSocketClient, WebSocketTransport } from '../net/websocket/websocket-transport.ts';
import type { Door, UpgradeRequest, WebRequest } from './door.ts';
import { hostMeta, isHostMeta } from './host-meta.ts';
import { type AllowedOrigins, FOREIGN_ORIGIN, mayConnect } from './origins.ts';
import { answerText, refuseUpgrade } from './refusals.ts';

/** RFC 7395 §3.1 */
const SUBPROTOCOL = 'xmpp';

/** The size at which the library refuses a frame; `FrameInput` refuses smaller ones with a stream error. */
const FRAME_MARGIN_BYTES = 65_536;

/** The dependencies of XMPP over WebSocket. */
export interface XmppDoorEnvironment {
  readonly allowed: AllowedOrigins;
  readonly limits: Limits;
  readonly accept: (transport: Transport) => void;
}

/** XMPP over WebSocket (RFC 7395), and the documents that point to it. */
export class XmppDoor implements Door {
  readonly webSocketPath = WEBSOCKET_PATH;
  private readonly environment: XmppDoorEnvironment;
  private readonly webSockets: WebSocketServer;
  private readonly transports = new Set<WebSocketTransport>();

  constructor(environment: XmppDoorEnvironment) {
    this.environment = environment;
    this.webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      // Invalid UTF-8 gets a stream error, as on other transports.
      skipUTF8Validation: true,
      maxPayload: environment.limits.hardStanzaBytes + FRAME_MARGIN_BYTES,
      handleProtocols: () => SUBPROTOCOL,
    });
  }

  serves(path: string): boolean {
    return path === WEBSOCKET_PATH || isHostMeta(path);
  }

  answer(request: WebRequest, response: ServerResponse): void {
    if (request.path === WEBSOCKET_PATH) {
      answerText(response, 426, 'This is a WebSocket (RFC 7395).', { Upgrade: 'websocket', Connection: 'Upgrade' });
      return;
    }
    const { method } = request.message;
    if (method !== 'GET' && method !== 'HEAD') {
      answerText(response, 404, 'This document is read-only.');
      return;
    }
    const { type, text } = hostMeta(request.path, urlFor(request));
    response.writeHead(200, { 'Content-Type': type, 'Access-Control-Allow-Origin': '*' }).end(text);
  }

  upgrade(request: UpgradeRequest): void {
    const { message, socket, head } = request;
    if (!mayConnect(request, this.environment.allowed)) refuseUpgrade(socket, '403 Forbidden', FOREIGN_ORIGIN);
    else if (!offersXmpp(request)) refuseUpgrade(socket, '400 Bad Request', `Request the subprotocol "${SUBPROTOCOL}" (RFC 7395).`);
    else
      this.webSockets.handleUpgrade(message, socket, head, (webSocket) =>
        this.accept(new WebSocketTransport(webSocket, socket, request.leave(), clientOf(request))),
      );
  }

  checkPeers(): void {
    for (const transport of this.transports) transport.ping();
  }

  private accept(transport: WebSocketTransport): void {
    this.transports.add(transport);
    transport.socket.on('close', () => this.transports.delete(transport));
    this.environment.accept(transport);
  }
}

/** A proxy reports an address without a port. */
function clientOf({ socket, address, secure }: UpgradeRequest): WebSocketClient {
  const { peer, remote } = placeOf(socket);
  return address === socket.remoteAddress ? { peer, remote, secure } : { peer: address, remote: !isLoopback(address), secure };
}

function offersXmpp({ message }: WebRequest): boolean {
  return (message.headers['sec-websocket-protocol'] ?? '').split(',').some((protocol) => protocol.trim() === SUBPROTOCOL);
}

/** The WebSocket's URL, as the client reaches the server. */
function urlFor({ message, secure }: WebRequest): string {
  const { socket, headers } = message;
  const { host = '' } = headers;
  const authority = /^[A-Za-z0-9.-]+(:\d+)?$|^\[[0-9A-Fa-f:.]+\](:\d+)?$/.test(host) ? host : `${socket.localAddress}:${socket.localPort}`;
  return `${secure ? 'wss' : 'ws'}://${authority}${WEBSOCKET_PATH}`;
}
