import { renameSync, rmSync } from 'node:fs';
import { type Server, Socket, type SocketConstructorOpts } from 'node:net';
import { BACKLOG } from './tcp.ts';

/** Node's handle of a listening socket. Its properties are undocumented. */
interface ListeningHandle {
  readonly fd: number;
  onconnection: (this: ListeningHandle, error: number, accepted: unknown) => void;
}

/** A listening socket. The sockets that it accepts can be kept waiting, unread, until this process or another one goes on with them. */
export class Acceptor {
  /** Its purpose, and host and port in the configuration, or its path: the same in the next process. */
  readonly key: string;
  readonly server: Server;
  readonly host: string;
  readonly port: number;
  /** The descriptor that another process has opened; -1: none. */
  private readonly inherited: number;
  private waiting: unknown[] | null = null;
  private own: ListeningHandle['onconnection'] | null = null;

  /** @param host Its address, or the path of a Unix domain socket; then the port is 0. */
  constructor(key: string, server: Server, host: string, port: number, inherited = -1) {
    this.key = key;
    this.server = server;
    this.host = host;
    this.port = port;
    this.inherited = inherited;
  }

  get descriptor(): number {
    return this.handle?.fd ?? -1;
  }

  /** Keeps accepted sockets waiting from now on. */
  hold(): void {
    const { handle } = this;
    if (handle === null || this.own !== null) return;
    const waiting: unknown[] = [];
    this.waiting = waiting;
    this.own = handle.onconnection;
    handle.onconnection = (error, accepted) => void (error === 0 && waiting.push(accepted));
  }

  /** The waiting sockets, as handles of Node, which it no longer keeps. */
  takeWaiting(): unknown[] {
    return this.waiting?.splice(0) ?? [];
  }

  /** Accepts sockets, those that wait first. */
  accept(): void {
    if (this.inherited !== -1 && !this.server.listening) this.server.listen({ fd: this.inherited, backlog: BACKLOG });
    const { handle, own } = this;
    if (handle === null || own === null) return;
    handle.onconnection = own;
    this.own = null;
    for (const accepted of this.takeWaiting()) own.call(handle, 0, accepted);
  }

  /** Goes on with a socket that another process has accepted. */
  take(handle: unknown): void {
    const socket = new Socket({ handle, allowHalfOpen: true, readable: true, writable: true } as SocketConstructorOpts);
    if (this.port !== 0) socket.setNoDelay(true);
    this.server.emit('connection', socket);
  }

  /** Accepts no more. */
  close(): void {
    this.server.close();
    // Only the process that made the path removes it by itself.
    if (this.inherited !== -1 && this.port === 0) rmSync(this.host, { force: true });
  }

  /** Closes the descriptor, which another process has too: that one goes on. */
  release(): void {
    if (this.port !== 0 || this.inherited !== -1) {
      this.server.close();
      return;
    }
    // Node removes the path of a socket that it closes.
    const aside = `${this.host}~`;
    renameSync(this.host, aside);
    this.server.close();
    renameSync(aside, this.host);
  }

  private get handle(): ListeningHandle | null {
    return (this.server as unknown as { readonly _handle: ListeningHandle | null })._handle;
  }
}

/** The listening sockets of another process. */
export interface InheritedSockets {
  /** A socket for that purpose, at most once; null if there is none. @param key See {@link Acceptor.key}. */
  take(key: string): { readonly descriptor: number; readonly host: string; readonly port: number } | null;
}
