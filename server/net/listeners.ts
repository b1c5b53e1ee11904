import type { Server, Socket } from 'node:net';
import type { ChopChopConfig } from '../config/config.ts';
import { COMPONENT_FRAMING, STREAM_FRAMING } from '../streams/framing.ts';
import { ByteTransport } from './byte-transport.ts';
import { addressOf, type BoundAddress, listenOnAll, placeOf } from './tcp.ts';
import type { TlsIdentity } from './tls/identity.ts';
import type { Transport } from './transport.ts';
import { listenOnUnix, unixPlace } from './unix.ts';

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
}

export const NOWHERE: Listening = { c2s: [], tls: [], unix: [], components: [] };

/** What listeners need of their server. */
export interface ListenersEnvironment {
  /** Null where there is no TLS. */
  readonly tlsIdentity: () => TlsIdentity | null;
  /** Takes a client. */
  readonly accept: (transport: Transport) => void;
  readonly acceptComponent: (transport: Transport) => void;
}

/** All sockets that a server listens on. Each of them makes transports. */
export class Listeners {
  private readonly config: ChopChopConfig;
  private readonly environment: ListenersEnvironment;
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
  }

  private async openAll(): Promise<Listening> {
    const { hosts, ports, tls, unix, components } = this.config;
    const c2s = await this.keep(listenOnAll(hosts, ports, (socket) => this.acceptTcp(socket)));
    const secure = await this.keep(listenOnAll(hosts, tls?.ports ?? [], (socket) => this.acceptTls(socket)));
    for (const path of unix.paths) await this.keep(listenOnUnix(path, unix.mode, (socket) => this.acceptUnix(socket, path)).then((server) => [server]));
    const gates = await this.keep(listenOnAll(hosts, components.port === null ? [] : [components.port], (socket) => this.acceptComponent(socket)));
    return { c2s: c2s.map(addressOf), tls: secure.map(addressOf), unix: unix.paths, components: gates.map(addressOf) };
  }

  private async keep(opening: Promise<Server[]>): Promise<Server[]> {
    const servers = await opening;
    this.servers.push(...servers);
    return servers;
  }

  private acceptTcp(socket: Socket): void {
    this.keepAlive(socket);
    this.environment.accept(new ByteTransport(socket, placeOf(socket), STREAM_FRAMING));
  }

  private acceptTls(socket: Socket): void {
    const identity = this.environment.tlsIdentity();
    if (identity === null) throw new Error('a port for TLS is open and there is none');
    this.keepAlive(socket);
    this.environment.accept(ByteTransport.overTls(socket, placeOf(socket), STREAM_FRAMING, identity));
  }

  private acceptComponent(socket: Socket): void {
    this.keepAlive(socket);
    this.environment.acceptComponent(new ByteTransport(socket, placeOf(socket), COMPONENT_FRAMING));
  }

  private acceptUnix(socket: Socket, path: string): void {
    this.environment.accept(new ByteTransport(socket, unixPlace(path), STREAM_FRAMING));
  }

  private keepAlive(socket: Socket): void {
    socket.setKeepAlive(true, this.config.limits.keepAliveMs);
  }
}
