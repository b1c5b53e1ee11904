import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { WebSocketServer } from 'ws';
import type { Timer } from '../../../shared/clock.ts';
import type { Limits } from '../../config/limits.ts';
import type { ServerClock } from '../../kernel/clock.ts';
import type { MemoryBudget } from '../../kernel/memory-budget.ts';
import type { PendingConnections } from '../pending-connections.ts';
import { placeOf } from '../tcp.ts';
import type { TlsIdentity } from '../tls/identity.ts';
import type { Transport } from '../transport.ts';
import { hostMeta } from './host-meta.ts';
import { mayConnect } from './origin.ts';
import { WEBSOCKET_PATH } from './path.ts';
import { Visitor } from './visitor.ts';
import { WebSocketTransport } from './websocket-transport.ts';

/** RFC 7395 §3.1 */
const SUBPROTOCOL = 'xmpp';

/** A frame that the library refuses by itself; below that a {@link FrameInput} says what is wrong. */
const FRAME_MARGIN_BYTES = 65_536;

export interface WebSocketEnvironment {
  readonly clock: ServerClock;
  readonly domains: readonly string[];
  /** See {@link mayConnect}. */
  readonly origins: readonly string[];
  readonly limits: Limits;
  readonly memory: MemoryBudget;
  /** Those of the whole server: before it is a WebSocket a connection counts among them as well. */
  readonly pending: PendingConnections;
  readonly accept: (transport: Transport) => void;
}

/** HTTP on sockets that are handed to it: WebSockets, and the documents that lead to them. */
export class WebSocketListener {
  private readonly environment: WebSocketEnvironment;
  private readonly http = createServer((request, response) => this.answer(request, response));
  private readonly webSockets: WebSocketServer;
  private readonly transports = new Set<WebSocketTransport>();
  private readonly visitors = new Map<Duplex, Visitor>();
  private pings: Timer | null = null;

  constructor(environment: WebSocketEnvironment) {
    this.environment = environment;
    this.webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      // What is no UTF-8 gets a stream error, as everywhere.
      skipUTF8Validation: true,
      maxPayload: environment.limits.hardStanzaBytes + FRAME_MARGIN_BYTES,
      handleProtocols: () => SUBPROTOCOL,
    });
    this.http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => this.upgrade(request, socket, head));
  }

  open(): void {
    const { clock, limits } = this.environment;
    this.pings = clock.every(limits.keepAliveMs, () => this.pingAll());
  }

  /** Takes no more. WebSockets stay. */
  close(): void {
    this.pings?.cancel();
    for (const socket of this.visitors.keys()) socket.destroy();
  }

  /** Takes a socket that somebody has connected to the port. @param identity Shown where it begins with TLS; else null. */
  take(raw: Socket, identity: TlsIdentity | null): void {
    const socket = identity === null ? raw : new TLSSocket(raw, { isServer: true, secureContext: identity.context, ALPNProtocols: ['http/1.1'] });
    const visitor = new Visitor(placeOf(raw).peer, socket, raw, identity, this.environment);
    this.visitors.set(socket, visitor);
    this.environment.pending.add(visitor);
    socket.on('close', () => this.leave(socket));
    socket.on('error', () => socket.destroy());
    socket.on('_tlsError', () => socket.destroy());
    this.http.emit('connection', socket);
  }

  private leave(socket: Duplex): TlsIdentity | null {
    const visitor = this.visitors.get(socket);
    if (visitor === undefined) return null;
    visitor.leave();
    this.environment.pending.remove(visitor);
    this.visitors.delete(socket);
    return visitor.identity;
  }

  private pingAll(): void {
    for (const transport of this.transports) transport.ping();
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const path = pathOf(request);
    const document = request.method === 'GET' || request.method === 'HEAD' ? hostMeta(path, urlFor(request)) : null;
    if (document !== null) response.writeHead(200, { 'Content-Type': document.type, 'Access-Control-Allow-Origin': '*' }).end(document.text);
    else if (path === WEBSOCKET_PATH)
      response.writeHead(426, { ...PLAIN_TEXT, Upgrade: 'websocket', Connection: 'Upgrade' }).end('This is a WebSocket (RFC 7395).\n');
    else response.writeHead(404, PLAIN_TEXT).end(`The WebSocket is at ${WEBSOCKET_PATH}.\n`);
  }

  private upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { domains, origins } = this.environment;
    if (pathOf(request) !== WEBSOCKET_PATH) refuse(socket, '404 Not Found', `The WebSocket is at ${WEBSOCKET_PATH}.`);
    else if (!mayConnect(request.headers.origin, origins, domains))
      refuse(socket, '403 Forbidden', 'Pages of this origin may not use this server: see --websocket-origin.');
    else if (!offersXmpp(request)) refuse(socket, '400 Bad Request', `The subprotocol "${SUBPROTOCOL}" must be asked for (RFC 7395).`);
    else this.webSockets.handleUpgrade(request, socket, head, (webSocket) => this.accept(new WebSocketTransport(webSocket, socket, this.leave(socket))));
  }

  private accept(transport: WebSocketTransport): void {
    this.transports.add(transport);
    transport.socket.on('close', () => this.transports.delete(transport));
    this.environment.accept(transport);
  }
}

const PLAIN_TEXT = { 'Content-Type': 'text/plain; charset=utf-8' };

function refuse(socket: Socket, status: string, reason: string): void {
  const text = `${reason}\n`;
  socket.end(`HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`);
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] as string;
}

function offersXmpp({ headers }: IncomingMessage): boolean {
  return (headers['sec-websocket-protocol'] ?? '').split(',').some((protocol) => protocol.trim() === SUBPROTOCOL);
}

/** The WebSocket's address, as whoever has sent the request reaches us. */
function urlFor({ socket, headers: { host = '' } }: IncomingMessage): string {
  const scheme = socket instanceof TLSSocket ? 'wss' : 'ws';
  const authority = /^[A-Za-z0-9.-]+(:\d+)?$|^\[[0-9A-Fa-f:.]+\](:\d+)?$/.test(host) ? host : `${socket.localAddress}:${socket.localPort}`;
  return `${scheme}://${authority}${WEBSOCKET_PATH}`;
}
