import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { type ClientOptions, WebSocket } from 'ws';

/** A parsed frame of the WebSocket gateway. */
export interface GatewayFrame {
  readonly thread: string;
  readonly log_xid: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of a known shape
  readonly osrf_msg: any[];
  readonly transport_error?: true;
}

/** A browser's WebSocket at the gateway. */
export class GatewaySocket {
  readonly webSocket: WebSocket;
  private readonly frames: string[] = [];
  private waiting: ((frame: string) => void) | null = null;

  private constructor(webSocket: WebSocket) {
    this.webSocket = webSocket;
    webSocket.on('message', (frame) => this.came(String(frame)));
  }

  /** @param url The web port's. */
  static async open(t: TestContext, url: string, options: ClientOptions = {}): Promise<GatewaySocket> {
    const webSocket = new WebSocket(`${url.replace(/^http/, 'ws').replace(/\/$/, '')}/osrf-websocket-translator`, { rejectUnauthorized: false, ...options });
    t.after(() => webSocket.terminate());
    const socket = new GatewaySocket(webSocket);
    await once(webSocket, 'open');
    return socket;
  }

  send(frame: string | object): void {
    this.webSocket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** The next frame, unparsed. */
  async text(): Promise<string> {
    return this.frames.shift() ?? new Promise((resolve) => (this.waiting = resolve));
  }

  async frame(): Promise<GatewayFrame> {
    return JSON.parse(await this.text());
  }

  /** Sends a frame. @returns the next one that comes, as it came. */
  askText(frame: string): Promise<string> {
    this.send(frame);
    return this.text();
  }

  /** Sends a frame and takes the next one that comes. */
  ask(frame: string | object): Promise<GatewayFrame> {
    this.send(frame);
    return this.frame();
  }

  /** The close code. */
  async closed(): Promise<number> {
    const [code] = await once(this.webSocket, 'close');
    return code;
  }

  private came(frame: string): void {
    const { waiting } = this;
    this.waiting = null;
    if (waiting === null) this.frames.push(frame);
    else waiting(frame);
  }
}

/** A REQUEST as opensrf.js writes it. */
export function request(method: string, params: readonly unknown[], threadTrace = 1): object {
  const payload = { __c: 'osrfMethod', __p: { method, params } };
  return { __c: 'osrfMessage', __p: { threadTrace, type: 'REQUEST', payload, locale: 'en-US', tz: 'America/New_York', api_level: 1 } };
}

/** A CONNECT or DISCONNECT as opensrf.js writes it. */
export function sessionMessage(type: 'CONNECT' | 'DISCONNECT', threadTrace = 0): object {
  return { __c: 'osrfMessage', __p: { threadTrace, type, payload: 'null', locale: 'en-US', tz: 'America/New_York' } };
}
