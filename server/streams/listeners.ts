import type { Server, Socket } from 'node:net';
import type { ChopChopConfig } from '../config/config.ts';
import type { ServerClock } from '../kernel/clock.ts';
import type { MemoryBudget } from '../kernel/memory-budget.ts';
import { ByteTransport } from '../net/byte-transport.ts';
import { COMPONENT_FRAMING, STREAM_FRAMING } from '../net/framing.ts';
import { addressOf, type BoundAddress, listenOnAll, placeOf } from '../net/tcp.ts';
import type { TlsIdentity } from '../net/tls/identity.ts';
import type { Tls } from '../net/tls/tls.ts';
import { listenOnUnix, unixPlace } from '../net/unix.ts';
import { WEBSOCKET_PATH } from '../net/websocket/path.ts';
import type { WebSocketListener } from '../net/websocket/websocket-listener.ts';
import type { Connections } from './connections.ts';

/** Where a server listens, by what is spoken there. */
export interface Listening {
  /** XMPP over TCP, with STARTTLS where there is a certificate. */
  readonly c2s: readonly BoundAddress[];
  /** XMPP over TLS from the first byte. */
  readonly tls: readonly BoundAddress[];
  /** Paths of Unix domain sockets. */
  readonly unix: readonly string[];
  /** External components (XEP-0114). */
  readonly components: readonly BoundAddress[];
  /** Those with TLS behind those without. */
  readonly websocket: readonly WebSocketAddress[];
}

/** Where WebSockets are taken. */
export interface WebSocketAddress extends BoundAddress {
  readonly url: string;
}

export const NOWHERE: Listening = { c2s: [], tls: [], unix: [], websocket: [], components: [] };

/** What listeners need of their server. */
export interface ListenersEnvironment {
  readonly clock: ServerClock;
  readonly memory: MemoryBudget;
  readonly tls: Tls;
  readonly connections: Connections;
}

/** All sockets that a server listens on. Each of them makes transports. */
export class Listeners {
  private readonly config: ChopChopConfig;
  private readonly environment: ListenersEnvironment;
  /** Null where no port is for them. */
  private webSockets: WebSocketListener | null = null;
  private servers: Server[] = [];

  constructor(config: ChopChopConfig, environment: ListenersEnvironment) {
    this.config = config;
    this.environment = environment;
  }

  /** @throws ListenError with nothing left open. */
  async open(): Promise<Listening> {
    try {
      return await this.openAll();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Takes no more peers. Those that are there stay. */
  close(): void {
    for (const server of this.servers) server.close();
    this.servers = [];
    this.webSockets?.close();
  }

  private async openAll(): Promise<Listening> {
    const { hosts, ports, tls, unix, websocket, components } = this.config;
    const listen = async (on: readonly number[], take: (socket: Socket) => void) => this.keep(await listenOnAll(hosts, on, take));
    const c2s = await listen(ports, (socket) => this.acceptTcp(socket));
    const secure = await listen(tls?.ports ?? [], (socket) => this.acceptTls(socket));
    for (const path of unix.paths) this.keep([await listenOnUnix(path, unix.mode, (socket) => this.acceptUnix(socket, path))]);
    if (websocket.ports.length + websocket.tlsPorts.length > 0) this.webSockets ??= await this.createWebSockets();
    const http = await listen(websocket.ports, (socket) => this.acceptHttp(socket, null));
    const https = await listen(websocket.tlsPorts, (socket) => this.acceptHttp(socket, this.tlsIdentity()));
    this.webSockets?.open();
    const gates = await listen(components.port === null ? [] : [components.port], (socket) => this.acceptComponent(socket));
    return {
      c2s: c2s.map(addressOf),
      tls: secure.map(addressOf),
      unix: unix.paths,
      websocket: [...http.map((server) => webSocketAddress(server, 'ws')), ...https.map((server) => webSocketAddress(server, 'wss'))],
      components: gates.map(addressOf),
    };
  }

  /** Loaded here because HTTP and WebSockets take a good part of a start, and few need them. */
  private async createWebSockets(): Promise<WebSocketListener> {
    const { WebSocketListener } = await import('../net/websocket/websocket-listener.ts');
    const { domains, limits, websocket } = this.config;
    const { clock, memory, connections } = this.environment;
    return new WebSocketListener({
      clock,
      domains,
      limits,
      origins: websocket.origins,
      memory,
      pending: connections.pending,
      accept: (transport) => connections.accept(transport),
    });
  }

  private keep(servers: Server[]): Server[] {
    this.servers.push(...servers);
    // Nobody can be accepted for now: too many files are open in the system, say. That is no reason to end.
    for (const server of servers) server.on('error', (error) => this.environment.connections.notAccepted(error));
    return servers;
  }

  private acceptTcp(socket: Socket): void {
    this.keepAlive(socket);
    this.environment.connections.accept(new ByteTransport(socket, placeOf(socket), STREAM_FRAMING));
  }

  private acceptTls(socket: Socket): void {
    this.keepAlive(socket);
    this.environment.connections.accept(ByteTransport.overTls(socket, placeOf(socket), STREAM_FRAMING, this.tlsIdentity()));
  }

  private acceptHttp(socket: Socket, identity: TlsIdentity | null): void {
    this.keepAlive(socket);
    this.webSockets?.take(socket, identity);
  }

  private tlsIdentity(): TlsIdentity {
    const { identity } = this.environment.tls;
    if (identity === null) throw new Error('a port for TLS is open and there is none');
    return identity;
  }

  private acceptComponent(socket: Socket): void {
    this.keepAlive(socket);
    this.environment.connections.acceptComponent(new ByteTransport(socket, placeOf(socket), COMPONENT_FRAMING));
  }

  private acceptUnix(socket: Socket, path: string): void {
    this.environment.connections.accept(new ByteTransport(socket, unixPlace(path), STREAM_FRAMING));
  }

  private keepAlive(socket: Socket): void {
    socket.setKeepAlive(true, this.config.limits.keepAliveMs);
  }
}

function webSocketAddress(server: Server, scheme: string): WebSocketAddress {
  const { host, port } = addressOf(server);
  return { host, port, url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${WEBSOCKET_PATH}` };
}
