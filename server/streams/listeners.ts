import type { Server, Socket } from 'node:net';
import { type ChopChopConfig, servesWeb } from '../config/config.ts';
import type { ServerClock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { MemoryBudget } from '../kernel/memory-budget.ts';
import { ByteTransport } from '../net/byte-transport.ts';
import { COMPONENT_FRAMING, STREAM_FRAMING } from '../net/framing.ts';
import { addressOf, type BoundAddress, listenOnAll, placeOf } from '../net/tcp.ts';
import type { TlsIdentity } from '../net/tls/identity.ts';
import type { Tls } from '../net/tls/tls.ts';
import { listenOnUnix, unixPlace } from '../net/unix.ts';
import { WEBSOCKET_PATH } from '../net/websocket/path.ts';
import { allowedOrigins } from '../web/allowed-origins.ts';
import type { Door } from '../web/door.ts';
import type { WebHost } from '../web/web-host.ts';
import type { Connections } from './connections.ts';

/** The addresses of a server, by protocol. */
export interface Listening {
  /** XMPP over TCP, with STARTTLS if there is a certificate. */
  readonly c2s: readonly BoundAddress[];
  /** XMPP over TLS from the first byte. */
  readonly tls: readonly BoundAddress[];
  /** Paths of Unix domain sockets. */
  readonly unix: readonly string[];
  /** External components (XEP-0114). */
  readonly components: readonly BoundAddress[];
  /** HTTP for browsers. */
  readonly web: readonly BoundAddress[];
  /** The same over TLS. */
  readonly webTls: readonly BoundAddress[];
  /** XMPP over WebSocket, including the ports for browsers; ports without TLS first. */
  readonly websocket: readonly WebSocketAddress[];
}

/** A WebSocket address. */
export interface WebSocketAddress extends BoundAddress {
  readonly url: string;
}

const NO_WEB: Pick<Listening, 'web' | 'webTls' | 'websocket'> = { web: [], webTls: [], websocket: [] };

export const NOWHERE: Listening = { c2s: [], tls: [], unix: [], ...NO_WEB, components: [] };

/** The parts of the server that its listeners need. */
export interface ListenersEnvironment {
  readonly clock: ServerClock;
  readonly memory: MemoryBudget;
  readonly tls: Tls;
  readonly connections: Connections;
  readonly log: Log;
}

/** Makes the doors of the gateways, if there is a port for them. */
export type OpenGateways = () => Promise<readonly Door[]>;

/** The listening sockets of a server, which accept transports. */
export class Listeners {
  private readonly config: ChopChopConfig;
  private readonly environment: ListenersEnvironment;
  /** Null: no port speaks HTTP. */
  private web: WebHost | null = null;
  private servers: Server[] = [];
  /** Whether its sockets keep the process alive. */
  private referenced = true;

  constructor(config: ChopChopConfig, environment: ListenersEnvironment) {
    this.config = config;
    this.environment = environment;
  }

  /** @throws ListenError, leaving nothing open. */
  async open(openGateways: OpenGateways): Promise<Listening> {
    try {
      return await this.openAll(openGateways);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Accepts no more peers. Open connections stay. */
  close(): void {
    for (const server of this.servers) server.close();
    this.servers = [];
    this.web?.close();
  }

  /** Lets the process end although its sockets are open. */
  unref(): void {
    this.referenced = false;
    for (const server of this.servers) server.unref();
  }

  /** Ends the HTTP connections whose requests were not answered in time. */
  endWeb(): void {
    this.web?.end();
    this.web = null;
  }

  private async openAll(openGateways: OpenGateways): Promise<Listening> {
    const { hosts, ports, tls, unix, components } = this.config;
    const c2s = await this.listen(hosts, ports, (socket) => this.acceptTcp(socket));
    const secure = await this.listen(hosts, tls?.ports ?? [], (socket) => this.acceptTls(socket));
    for (const path of unix.paths) this.keep([await listenOnUnix(path, unix.mode, (socket) => this.accepted(socket, () => this.acceptUnix(socket, path)))]);
    const web = await this.openWeb(openGateways);
    const componentServers = await this.listen(hosts, components.port === null ? [] : [components.port], (socket) => this.acceptComponent(socket));
    return {
      c2s: c2s.map(addressOf),
      tls: secure.map(addressOf),
      unix: unix.paths,
      ...web,
      components: componentServers.map(addressOf),
    };
  }

  /** Loads HTTP and WebSockets on demand: they would take a good part of a start. */
  private async openWeb(openGateways: OpenGateways): Promise<Pick<Listening, 'web' | 'webTls' | 'websocket'>> {
    const { hosts, web, websocket } = this.config;
    const ofGateways = servesWeb(web);
    if (!ofGateways && !servesWeb(websocket)) return NO_WEB;
    const [{ WebHost }, { XmppDoor }, { FrontDoor }] = await Promise.all([
      import('../web/web-host.ts'),
      import('../web/xmpp-door.ts'),
      import('../web/front-door.ts'),
    ]);
    const { limits } = this.config;
    const { clock, memory, log, connections } = this.environment;
    const host = new WebHost({ clock, limits, memory, log, pending: connections.pending, trustProxy: web.trustProxy });
    this.web = host;
    const xmpp = new XmppDoor({ allowed: allowedOrigins(this.config), limits, accept: (transport) => connections.accept(transport) });
    const xmppDoors: readonly Door[] = [xmpp];
    const doors: readonly Door[] = ofGateways ? [...(await openGateways()), xmpp, new FrontDoor()] : xmppDoors;
    host.open(doors);
    const webHosts = web.hosts.length === 0 ? hosts : web.hosts;
    const all = await this.listen(webHosts, web.ports, (socket) => this.acceptHttp(socket, null, doors));
    const allTls = await this.listen(webHosts, web.tlsPorts, (socket) => this.acceptHttp(socket, this.tlsIdentity(), doors));
    const some = await this.listen(hosts, websocket.ports, (socket) => this.acceptHttp(socket, null, xmppDoors));
    const someTls = await this.listen(hosts, websocket.tlsPorts, (socket) => this.acceptHttp(socket, this.tlsIdentity(), xmppDoors));
    const plain = [...some, ...all].map((server) => webSocketAddress(server, 'ws'));
    return {
      web: all.map(addressOf),
      webTls: allTls.map(addressOf),
      websocket: [...plain, ...[...someTls, ...allTls].map((server) => webSocketAddress(server, 'wss'))],
    };
  }

  private async listen(hosts: readonly string[], ports: readonly number[], take: (socket: Socket) => void): Promise<Server[]> {
    return this.keep(await listenOnAll(hosts, ports, (socket) => this.accepted(socket, take)));
  }

  private keep(servers: Server[]): Server[] {
    this.servers.push(...servers);
    // For example, the system has too many open files. A later connection may succeed.
    for (const server of servers) server.on('error', (error) => this.environment.connections.notAccepted(error));
    return servers;
  }

  private accepted(socket: Socket, take: (socket: Socket) => void): void {
    if (!this.referenced) socket.unref();
    take(socket);
  }

  private acceptTcp(socket: Socket): void {
    this.keepAlive(socket);
    this.environment.connections.accept(new ByteTransport(socket, placeOf(socket), STREAM_FRAMING));
  }

  private acceptTls(socket: Socket): void {
    this.keepAlive(socket);
    this.environment.connections.accept(ByteTransport.overTls(socket, placeOf(socket), STREAM_FRAMING, this.tlsIdentity()));
  }

  private acceptHttp(socket: Socket, identity: TlsIdentity | null, doors: readonly Door[]): void {
    this.keepAlive(socket);
    this.web?.take(socket, identity, doors);
  }

  private tlsIdentity(): TlsIdentity {
    const { identity } = this.environment.tls;
    if (identity === null) throw new Error('a TLS port is open without a certificate');
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

function webSocketAddress(server: Server, scheme: 'ws' | 'wss'): WebSocketAddress {
  const address = addressOf(server);
  return { ...address, url: `${webUrl(scheme, address)}${WEBSOCKET_PATH}` };
}

/** The URL of an address, without a path. */
export function webUrl(scheme: 'http' | 'https' | 'ws' | 'wss', { host, port }: BoundAddress): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
