import type { Server, Socket } from 'node:net';
import { type ChopChopConfig, servesWeb } from '../config/config.ts';
import type { ServerClock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { MemoryBudget } from '../kernel/memory-budget.ts';
import { Acceptor, type InheritedSockets } from '../net/acceptor.ts';
import { ByteTransport } from '../net/byte-transport.ts';
import { COMPONENT_FRAMING, STREAM_FRAMING } from '../net/framing.ts';
import { addressOf, type BoundAddress, listenOnAll, placeOf, tcpServer } from '../net/tcp.ts';
import type { TlsIdentity } from '../net/tls/identity.ts';
import type { Tls } from '../net/tls/tls.ts';
import { listenOnUnix, unixPlace, unixServer } from '../net/unix.ts';
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
  /** Streams of other servers. */
  readonly s2s: readonly BoundAddress[];
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

export const NOWHERE: Listening = { c2s: [], tls: [], unix: [], ...NO_WEB, components: [], s2s: [] };

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
  private acceptors: Acceptor[] = [];
  /** Those of another process, while this one starts; or null. */
  private inherited: InheritedSockets | null = null;
  /** The doors of the ports for browsers, and those of the others. */
  private doors: readonly Door[] = [];
  private xmppDoors: readonly Door[] = [];
  private frontDoor: Door | null = null;
  /** Whether its sockets keep the process alive. */
  private referenced = true;

  constructor(config: ChopChopConfig, environment: ListenersEnvironment) {
    this.config = config;
    this.environment = environment;
  }

  /**
   * @param acceptPeer Takes the socket of a peer server.
   * @param inherited The listening sockets of another process; {@link accept} must follow then, because this process may not yet take peers. Null: none.
   * @throws ListenError, leaving nothing open.
   */
  async open(openGateways: OpenGateways, acceptPeer: (socket: Socket) => void, inherited: InheritedSockets | null): Promise<Listening> {
    this.inherited = inherited;
    try {
      return await this.openAll(openGateways, acceptPeer);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Accepts no more peers. Open connections stay. */
  close(): void {
    for (const acceptor of this.acceptors) acceptor.close();
    this.acceptors = [];
    this.web?.close();
  }

  /** Its listening sockets. */
  get sockets(): readonly Acceptor[] {
    return this.acceptors;
  }

  /** Keeps new peers waiting, unread. */
  hold(): void {
    for (const acceptor of this.acceptors) acceptor.hold();
  }

  /** Accepts peers, those that wait first. */
  accept(): void {
    for (const acceptor of this.acceptors) acceptor.accept();
  }

  /** Stops taking requests of browsers, as {@link close}. */
  closeWeb(): void {
    this.web?.close();
  }

  /** Takes requests of browsers again after {@link closeWeb}. */
  async reopenWeb(openGateways: OpenGateways): Promise<void> {
    if (this.web === null) return;
    if (servesWeb(this.config.web)) await this.openDoors(openGateways);
    this.web.open(this.doors);
  }

  /** Closes all listening sockets, which another process has too. */
  release(): void {
    for (const acceptor of this.acceptors) acceptor.release();
    this.acceptors = [];
  }

  /** Lets the process end although its sockets are open. */
  unref(): void {
    this.referenced = false;
    for (const { server } of this.acceptors) server.unref();
  }

  /** Ends the HTTP connections whose requests were not answered in time. */
  endWeb(): void {
    this.web?.end();
    this.web = null;
  }

  private async openAll(openGateways: OpenGateways, acceptPeer: (socket: Socket) => void): Promise<Listening> {
    const { hosts, ports, tls, unix, components, s2s } = this.config;
    const c2s = await this.listen('c2s', hosts, ports, (socket) => this.acceptTcp(socket));
    const secure = await this.listen('tls', hosts, tls?.ports ?? [], (socket) => this.acceptTls(socket));
    for (const path of unix.paths) await this.listenOnPath(path, unix.mode);
    const web = await this.openWeb(openGateways);
    const componentPorts = components.port === null ? [] : [components.port];
    const ofComponents = await this.listen('components', hosts, componentPorts, (socket) => this.acceptComponent(socket));
    const ofPeers = await this.listen('s2s', hosts, s2s.port === null ? [] : [s2s.port], acceptPeer);
    return { c2s, tls: secure, unix: unix.paths, ...web, components: ofComponents, s2s: ofPeers };
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
    this.xmppDoors = [xmpp];
    this.frontDoor = new FrontDoor();
    this.doors = this.xmppDoors;
    if (ofGateways) await this.openDoors(openGateways);
    host.open(this.doors);
    const webHosts = web.hosts.length === 0 ? hosts : web.hosts;
    const all = await this.listen('web', webHosts, web.ports, (socket) => this.acceptHttp(socket, null, this.doors));
    const allTls = await this.listen('web-tls', webHosts, web.tlsPorts, (socket) => this.acceptHttp(socket, this.tlsIdentity(), this.doors));
    const some = await this.listen('websocket', hosts, websocket.ports, (socket) => this.acceptHttp(socket, null, this.xmppDoors));
    const someTls = await this.listen('websocket-tls', hosts, websocket.tlsPorts, (socket) => this.acceptHttp(socket, this.tlsIdentity(), this.xmppDoors));
    const plain = [...some, ...all].map((address) => webSocketAddress(address, 'ws'));
    return { web: all, webTls: allTls, websocket: [...plain, ...[...someTls, ...allTls].map((address) => webSocketAddress(address, 'wss'))] };
  }

  private async openDoors(openGateways: OpenGateways): Promise<void> {
    this.doors = [...(await openGateways()), ...this.xmppDoors, ...(this.frontDoor === null ? [] : [this.frontDoor])];
  }

  private async listen(purpose: string, hosts: readonly string[], ports: readonly number[], take: (socket: Socket) => void): Promise<BoundAddress[]> {
    const addresses: BoundAddress[] = [];
    for (const port of ports) addresses.push(...(await this.listenOnPort(purpose, hosts, port, take)));
    return addresses;
  }

  /** Goes on with the sockets of another process, and makes those that it lacks. */
  private async listenOnPort(purpose: string, hosts: readonly string[], port: number, take: (socket: Socket) => void): Promise<BoundAddress[]> {
    const onSocket = (socket: Socket) => this.accepted(socket, take);
    const keyOf = (host: string) => `${purpose} ${host} ${port}`;
    const known = new Map(hosts.map((host) => [host, this.inherited?.take(keyOf(host)) ?? null]));
    const boundPort = [...known.values()].find((one) => one !== null)?.port ?? port;
    const missing = hosts.filter((host) => known.get(host) === null);
    const made = await listenOnAll(missing, [boundPort], onSocket);
    return hosts.map((host) => {
      const inherited = known.get(host) ?? null;
      const server = inherited === null ? (made.shift() as Server) : tcpServer(onSocket);
      const address = inherited ?? addressOf(server);
      this.keep(new Acceptor(keyOf(host), server, address.host, address.port, inherited?.descriptor));
      return { host: address.host, port: address.port };
    });
  }

  private async listenOnPath(path: string, mode: number): Promise<void> {
    const onSocket = (socket: Socket) => this.accepted(socket, () => this.acceptUnix(socket, path));
    const key = `unix ${path}`;
    const inherited = this.inherited?.take(key) ?? null;
    const server = inherited === null ? await listenOnUnix(path, mode, onSocket) : unixServer(onSocket);
    this.keep(new Acceptor(key, server, path, 0, inherited?.descriptor));
  }

  private keep(acceptor: Acceptor): void {
    this.acceptors.push(acceptor);
    if (this.inherited !== null) acceptor.hold();
    // For example, the system has too many open files. A later connection may succeed.
    acceptor.server.on('error', (error) => this.environment.connections.notAccepted(error));
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

function webSocketAddress(address: BoundAddress, scheme: 'ws' | 'wss'): WebSocketAddress {
  return { ...address, url: `${webUrl(scheme, address)}${WEBSOCKET_PATH}` };
}

/** The URL of an address, without a path. */
export function webUrl(scheme: 'http' | 'https' | 'ws' | 'wss', { host, port }: BoundAddress): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
