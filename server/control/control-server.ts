import { rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Clock } from '../../shared/clock.ts';
import type { ControlPlace } from '../config/sources/control.ts';
import type { Log } from '../kernel/log.ts';
import { type PendingConnection, PendingConnections } from '../net/pending-connections.ts';
import { bindWithMode } from '../net/unix.ts';
import { portInUse } from '../process/port-holder.ts';
import { Guard } from './guard.ts';
import { findRoute, problem, type Reply, type Route, readBody, send } from './http.ts';

const HOST = '127.0.0.1';

/** The most concurrent connections; the server refuses more. */
const MAX_CONNECTIONS = 256;

/** The most unauthenticated connections. Beyond it the server closes the oldest, so that they cannot block authenticated ones. */
const MAX_UNAUTHENTICATED = 128;

/** The addresses of the control interface. */
export interface ControlAddress {
  /** `http://127.0.0.1:PORT`, or null without a port. */
  readonly url: string | null;
  /** The path of the Unix socket, or null. */
  readonly socket: string | null;
}

/** The control interface cannot listen. The message has the address, the reason and a remedy. */
export class ControlListenError extends Error {
  /** The path of the setting. */
  readonly path: 'control.port' | 'control.socket';

  constructor(where: string, reason: string, cause: unknown, path: ControlListenError['path'], hint: string) {
    super(`cannot listen on ${where} for the control interface: ${reason}; ${hint}`, { cause });
    this.name = 'ControlListenError';
    this.path = path;
  }
}

function reasonOf({ code = '', message }: NodeJS.ErrnoException): string {
  return REASONS[code] ?? message;
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'it is in use by another program',
  EACCES: 'permission denied',
  ENOENT: 'the folder does not exist',
  EINVAL: 'the path is too long for a Unix socket',
};

/** Serves the routes over HTTP, on a port of 127.0.0.1 or a Unix socket or both, to callers with the token. */
export class ControlServer {
  private readonly routes: readonly Route[];
  private readonly guard: Guard;
  private readonly log: Log;
  private readonly servers: Server[] = [];
  private released = false;
  private readonly unauthenticated: Unauthenticated;

  constructor(routes: readonly Route[], token: string, clock: Clock, log: Log) {
    this.routes = routes;
    this.guard = new Guard(token);
    this.unauthenticated = new Unauthenticated(clock);
    this.log = log;
  }

  /** @throws ControlListenError, after it has closed everything. */
  async listen({ port, anyPort, socket }: ControlPlace): Promise<ControlAddress> {
    try {
      const bound = port === null ? null : await this.listenOnPort(port, anyPort);
      if (socket !== null) await this.listenOnSocket(socket);
      return { url: bound === null ? null : `http://${HOST}:${bound}`, socket };
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Lets the process end while it listens. */
  unref(): void {
    for (const server of this.servers) server.unref();
  }

  /** Stops listening; connections stay. */
  release(): void {
    this.released = true;
    for (const server of this.servers) server.close();
  }

  /** Closes all servers and connections. */
  async close(): Promise<void> {
    const closed = this.servers.splice(0).map((server) => {
      const done = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      return done;
    });
    await Promise.all(closed);
  }

  private async listenOnPort(port: number, anyPort: boolean): Promise<number> {
    const server = this.createServer();
    try {
      await listening(server, () => server.listen(port, HOST));
    } catch (error) {
      if (anyPort && port !== 0 && (error as NodeJS.ErrnoException).code === 'EADDRINUSE') return this.listenOnPort(0, false);
      const cause = error as NodeJS.ErrnoException;
      const reason = cause.code === 'EADDRINUSE' ? portInUse(port) : reasonOf(cause);
      throw new ControlListenError(`${HOST}:${port}`, reason, cause, 'control.port', 'choose another with --console PORT (0: any free one)');
    }
    this.servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  private async listenOnSocket(path: string): Promise<void> {
    await removeStaleSocket(path);
    const server = this.createServer();
    try {
      await listening(server, () => bindWithMode(server, path, 0o600));
    } catch (error) {
      throw new ControlListenError(path, reasonOf(error as NodeJS.ErrnoException), error, 'control.socket', 'choose another with --control-socket');
    }
    this.servers.push(server);
  }

  private createServer(): Server {
    const server = createServer({ headersTimeout: 10_000, requestTimeout: 30_000 }, (request, response) => {
      this.answer(request, response).catch((error: unknown) => this.failed(response, error));
    });
    server.maxConnections = MAX_CONNECTIONS;
    server.on('connection', (socket: Socket) => this.unauthenticated.add(socket));
    // For example, the process has too many open files. A later connection may succeed.
    server.on('error', (error) => this.log.warn({ err: error }, 'could not accept a connection of the control interface'));
    return server;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = await this.replyTo(request);
    if (response.destroyed) return;
    // Do not wait for the rest of a refused call's body; and another process answers later calls.
    if (!request.complete || this.released) response.setHeader('Connection', 'close');
    send(response, reply);
  }

  private async replyTo(request: IncomingMessage): Promise<Reply> {
    const foreign = this.guard.foreign(request);
    if (foreign !== null) return problem(foreign.status, foreign.reason);
    const url = parseUrl(request.url ?? '');
    if (url === null) return problem(400, 'the path is not a valid URL');
    const found = findRoute(this.routes, request.method ?? '', url.pathname);
    const denial = 'route' in found && found.route.open === true ? null : this.guard.unauthorized(request);
    if (denial !== null) return problem(denial.status, denial.reason);
    if (!('route' in found) || found.route.open !== true) this.unauthenticated.remove(request.socket);
    if (!('route' in found)) return problem(found.status, found.reason);
    const read = found.route.method === 'GET' ? { body: undefined } : await readBody(request);
    if (!('body' in read)) return problem(read.status, read.reason);
    const { accept = '' } = request.headers;
    return found.route.handle({ path: found.path, query: url.searchParams, accept, body: read.body });
  }

  private failed(response: ServerResponse, error: unknown): void {
    // The caller disconnected during the call.
    if (response.destroyed || (error as NodeJS.ErrnoException).code === 'ECONNRESET') return;
    this.log.error({ err: error }, 'a call of the control interface failed');
    if (response.headersSent) response.destroy();
    else send(response, problem(500, 'internal server error; see the server log'));
  }
}

/** The connections that have not yet sent the token. */
class Unauthenticated {
  private readonly pending: PendingConnections;
  private readonly bySocket = new WeakMap<Socket, PendingConnection>();

  constructor(clock: Clock) {
    this.pending = new PendingConnections({ pendingConnections: MAX_UNAUTHENTICATED, pendingOfAddress: MAX_UNAUTHENTICATED }, clock);
  }

  add(socket: Socket): void {
    const pending = { peer: 'control', crowdOut: () => void socket.destroy(), measure: () => {} };
    this.bySocket.set(socket, pending);
    this.pending.add(pending);
    socket.once('close', () => this.pending.remove(pending));
  }

  remove(socket: Socket): void {
    const pending = this.bySocket.get(socket);
    if (pending !== undefined) this.pending.remove(pending);
  }
}

function parseUrl(path: string): URL | null {
  try {
    return new URL(`http://localhost${path}`);
  } catch {
    return null;
  }
}

function listening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    listen();
  });
}

/** Removes the stale socket of a killed server; leaves a socket with a listener, and any other file. */
async function removeStaleSocket(path: string): Promise<void> {
  if (statSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return;
  const refused = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => resolve(false)).on('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'));
    socket.on('close', () => socket.destroy()).on('connect', () => socket.destroy());
  });
  if (refused) rmSync(path, { force: true });
}
