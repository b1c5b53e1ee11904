import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Timer } from '../../shared/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { TlsIdentity } from '../net/tls/identity.ts';
import type { Door, WebRequest } from './door.ts';
import { Forwarded } from './forwarded.ts';
import { answerText, refuseUpgrade } from './refusals.ts';
import { Visitor } from './visitor.ts';
import { Visitors, type VisitorsEnvironment } from './visitors.ts';
import { WebMessage } from './web-message.ts';

/** The HTTP host's dependencies. */
export interface WebHostEnvironment extends VisitorsEnvironment {
  /** See {@link Forwarded}. */
  readonly trustProxy: readonly string[];
  readonly log: Log;
}

const MAX_HEADER_BYTES = 16_384;

/** HTTP on sockets that are handed to it. Each path belongs to a door. */
export class WebHost {
  private readonly environment: WebHostEnvironment;
  private readonly forwarded: Forwarded;
  private readonly visitors: Visitors;
  // Disable Node's timeouts: they do not cover sockets it did not accept. Visitors have deadlines of their own.
  private readonly http = createServer(
    { IncomingMessage: WebMessage, maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: 0, noDelay: true },
    (message, response) => this.answer(message, response),
  );
  private doors: readonly Door[] = [];
  private pings: Timer | null = null;

  constructor(environment: WebHostEnvironment) {
    this.environment = environment;
    this.forwarded = new Forwarded(environment.trustProxy);
    this.visitors = new Visitors(environment);
    this.http.on('upgrade', (message: IncomingMessage, socket: Socket, head: Buffer) => this.upgrade(message, socket, head));
    this.http.on('checkContinue', (message: IncomingMessage, response: ServerResponse) => {
      response.writeContinue();
      this.answer(message, response);
    });
  }

  /** @param doors The doors of all ports. */
  open(doors: readonly Door[]): void {
    this.doors = doors;
    this.visitors.open();
    const { clock, limits } = this.environment;
    this.pings = clock.every(limits.keepAliveMs, () => this.checkPeers());
  }

  /** Stops taking requests and closes idle connections. WebSockets stay open; their doors close them. */
  close(): void {
    this.pings?.cancel();
    this.visitors.close();
  }

  /** Closes all HTTP connections, even with requests unanswered. */
  end(): void {
    this.visitors.end();
  }

  /** Takes a socket accepted on a port. @param identity The certificate if the port starts with TLS; else null. @param doors The doors of the port. */
  take(raw: Socket, identity: TlsIdentity | null, doors: readonly Door[]): void {
    const socket = identity === null ? raw : new TLSSocket(raw, { isServer: true, secureContext: identity.context, ALPNProtocols: ['http/1.1'] });
    const visitor = new Visitor(socket, raw, identity, doors, this.environment.memory);
    this.visitors.add(visitor);
    socket.on('close', () => this.visitors.remove(visitor));
    socket.on('error', () => socket.destroy());
    socket.on('_tlsError', () => socket.destroy());
    this.http.emit('connection', socket);
  }

  private checkPeers(): void {
    for (const door of this.doors) door.checkPeers();
  }

  private answer(message: IncomingMessage, response: ServerResponse): void {
    const visitor = this.visitors.get(message.socket);
    if (visitor === undefined) {
      message.socket.destroy();
      return;
    }
    this.visitors.busy(visitor);
    response.once('close', () => this.visitors.answered(visitor));
    const request = this.requestOf(message, visitor);
    const door = visitor.doors.find((one) => one.serves(request.path));
    if (door === undefined) answerText(response, 404, 'Nothing is served at this path.');
    else this.let(door, request, response);
  }

  private async let(door: Door, request: WebRequest, response: ServerResponse): Promise<void> {
    try {
      await door.answer(request, response);
    } catch (error) {
      this.environment.log.error({ err: error, path: request.path }, 'a web request failed by an internal error');
      if (response.headersSent) response.destroy();
      else answerText(response, 500, 'Internal server error; see the server log.');
    }
  }

  private upgrade(message: IncomingMessage, socket: Socket, head: Buffer): void {
    const visitor = this.visitors.get(socket);
    if (visitor === undefined) {
      socket.destroy();
      return;
    }
    const request = this.requestOf(message, visitor);
    const door = visitor.doors.find(({ webSocketPath }) => webSocketPath === request.path);
    if (door === undefined) refuseUpgrade(socket, '404 Not Found', `The WebSocket is at ${webSocketPaths(visitor.doors)}.`);
    else door.upgrade({ ...request, socket, head, leave: () => this.leave(visitor) });
  }

  private leave(visitor: Visitor): TlsIdentity | null {
    this.visitors.remove(visitor);
    return visitor.identity;
  }

  private requestOf(message: IncomingMessage, { account }: Visitor): WebRequest {
    const { url = '' } = message;
    const mark = url.indexOf('?');
    const { address, secure } = this.forwarded.sender(message);
    return { message, path: mark === -1 ? url : url.slice(0, mark), query: mark === -1 ? '' : url.slice(mark + 1), address, secure, account };
  }
}

function webSocketPaths(doors: readonly Door[]): string {
  return doors.flatMap(({ webSocketPath }) => (webSocketPath === '' ? [] : [webSocketPath])).join(' or ');
}
