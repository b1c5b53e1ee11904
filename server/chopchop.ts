import type { Duplex } from 'node:stream';
import type { Clock, RouterEnvironment } from '../router/environment.ts';
import { Router } from '../router/router.ts';
import { UnansweredRequests } from '../router/unanswered.ts';
import { StreamError } from '../shared/errors.ts';
import { createClock } from './clock.ts';
import { componentSecret } from './config/components.ts';
import { type ChopChopConfig, routerName, settingsAccount } from './config/config.ts';
import { reloadedConfig } from './config/reload.ts';
import { ServerCounts, type Traffic } from './counts.ts';
import { type Log, logOfPart } from './log.ts';
import { FloodGuard } from './logging/flood-guard.ts';
import { Accounts } from './login/accounts.ts';
import { FailedLogins } from './login/failed-logins.ts';
import type { LoginPolicy } from './login/policy.ts';
import { createMechanisms } from './login/sasl/mechanisms.ts';
import { ByteTransport } from './net/byte-transport.ts';
import { Connection, type ConnectionEnvironment } from './net/connection.ts';
import { readDeadPeers } from './net/dead-peers.ts';
import { Flusher } from './net/flusher.ts';
import { Listeners, type Listening, NOWHERE } from './net/listeners.ts';
import { memoryPair } from './net/memory-pair.ts';
import { PendingConnections } from './net/pending-connections.ts';
import type { BoundAddress } from './net/tcp.ts';
import { Tls } from './net/tls/tls.ts';
import type { Transport } from './net/transport.ts';
import { BuiltInSettings, SETTINGS_SERVICE } from './opensrf/settings/built-in.ts';
import { Endpoints } from './sessions/endpoints.ts';
import type { Interceptor } from './sessions/interceptor.ts';
import { MANAGEMENT_FEATURE } from './sessions/management-elements.ts';
import type { Session } from './sessions/session.ts';
import type { Tap } from './sessions/tap.ts';
import { type C2sEnvironment, C2sNegotiation } from './streams/c2s.ts';
import { type ComponentEnvironment, ComponentNegotiation } from './streams/component.ts';
import { COMPONENT_FRAMING, STREAM_FRAMING } from './streams/framing.ts';
import { streamLimitsXml } from './streams/limits.ts';

/** The peer of what runs in this process, for logs. */
const THIS_PROCESS = 'this process';

/** Is told how many listeners a service has at the router of a domain. */
export type ServiceWatcher = (domain: string, service: string, listeners: number) => void;

/** One Jabber server with a router for each of its domains. The only place that knows all parts. */
export class ChopChop {
  /** What it runs by now. */
  config: ChopChopConfig;
  /** By domain. */
  readonly routers = new Map<string, Router>();
  /** Those that are open, logged in or not. */
  readonly connections = new Set<Connection>();
  readonly counts = new ServerCounts();
  /** Of all routers. */
  readonly unanswered: UnansweredRequests;
  private readonly accounts: Accounts;
  private readonly clock: Clock;
  private readonly floodGuards: FloodGuard[] = [];
  private readonly serviceWatchers = new Set<ServiceWatcher>();
  private readonly connectionEnvironment: ConnectionEnvironment;
  private readonly endpoints: Endpoints;
  private readonly c2sEnvironment: C2sEnvironment;
  private readonly componentEnvironment: ComponentEnvironment;
  private readonly settings: BuiltInSettings | null;
  private readonly tls: Tls;
  private readonly listeners: Listeners;
  /** Where it listens. */
  listening: Listening = NOWHERE;
  private state: 'stopped' | 'starting' | 'running' | 'stopping' = 'stopped';
  /** The last start and the last stop; who stops a server that starts or stops already waits for them. */
  private started: Promise<unknown> = Promise.resolve();
  private stopped: Promise<void> = Promise.resolve();
  private whenEmpty: (() => void) | null = null;
  private peerCheck: NodeJS.Timeout | null = null;
  /** Milliseconds since 1970. */
  private startedAt = 0;

  constructor(config: ChopChopConfig, log: Log) {
    this.config = config;
    this.accounts = new Accounts(config.accounts);
    this.clock = createClock(logOfPart(log, 'clock'));
    this.endpoints = new Endpoints(config, {
      clock: this.clock,
      counts: this.counts,
      routers: this.routers,
      guardedLog: (part, levels) => this.guarded(log, part, levels),
      startedAt: () => this.startedAt,
      onRouterReplaced: () => this.settings?.routerReplaced(),
    });
    this.tls = new Tls(logOfPart(log, 'tls'));
    const tlsIdentity = () => this.tls.identity;
    this.listeners = new Listeners(config, {
      tlsIdentity,
      accept: (transport) => this.accept(transport),
      acceptComponent: (transport) => this.acceptComponent(transport),
      notAccepted: (error) => this.connectionEnvironment.log.warn({ err: error }, 'could not accept a connection'),
    });
    this.connectionEnvironment = {
      flusher: new Flusher(),
      limits: config.limits,
      counts: this.counts,
      log: this.guarded(log, 'connection', ['info', 'warn', 'error']),
      defaultDomain: config.domains[0] as string,
      tlsIdentity,
      pending: new PendingConnections(config.limits),
      onClosed: (connection) => this.connectionClosed(connection),
    };
    this.c2sEnvironment = {
      accounts: this.accounts,
      mechanisms: createMechanisms(this.accounts),
      policy: { plaintextLogin: config.plaintextLogin, startTls: startTlsOf(config) },
      log: this.guarded(log, 'c2s', ['info', 'warn', 'error']),
      loginTimeoutMs: config.limits.loginTimeoutMs,
      features: {
        beforeLogin: streamLimitsXml(config.limits.loginBytes, 0),
        afterLogin: MANAGEMENT_FEATURE + streamLimitsXml(config.limits.stanzaBytes, config.limits.pingAfterMs),
      },
      failedLogins: new FailedLogins(config.limits, this.clock),
      servesDomain: (domain) => config.domains.includes(domain),
      bind: (...identity) => this.endpoints.bindClient(...identity),
      resume: (connection, bareJid, element) => this.endpoints.resume(connection, bareJid, element),
    };
    this.componentEnvironment = {
      log: this.guarded(log, 'component', ['info', 'warn', 'error']),
      loginTimeoutMs: config.limits.loginTimeoutMs,
      secretOf: (domain) => componentSecret(config.components, domain, config.domains),
      bind: (connection, domain) => this.endpoints.bindComponent(connection, domain),
    };
    const { unansweredRequests, unansweredBytes } = config.limits;
    this.unanswered = new UnansweredRequests({ requests: unansweredRequests, bytes: unansweredBytes });
    const routerLog = this.guarded(log, 'router', ['warn']);
    for (const domain of config.domains) this.routers.set(domain, this.createRouter(domain, routerLog));
    this.settings = this.createSettings(logOfPart(log, 'settings'));
  }

  /** Whether it serves logins. */
  get running(): boolean {
    return this.state === 'running';
  }

  /** Those that are logged in. */
  get sessions(): ReadonlySet<Session> {
    return this.endpoints.sessions;
  }

  /** How many clients are logged in. */
  get sessionCount(): number {
    return this.sessions.size;
  }

  /** How many sockets are open, logged in or not. */
  get connectionCount(): number {
    return this.connections.size;
  }

  /**
   * Serves logins from its return on.
   * @returns where it listens.
   * @throws SettingsError, ListenError; nothing has been started then.
   */
  async start(): Promise<BoundAddress[]> {
    if (this.state !== 'stopped') throw new Error('the server has been started already');
    this.state = 'starting';
    const addresses = this.listen();
    this.started = addresses.catch(() => {});
    return addresses;
  }

  /** Ends every stream with `system-shutdown` and resolves when all sockets are closed. May be started again. */
  async stop(): Promise<void> {
    if (this.state === 'starting') await this.started;
    if (this.state === 'running') this.stopped = this.endAll();
    return this.stopped;
  }

  /**
   * Takes over what a running server can of another configuration, and reads the certificate and the file of the built-in settings again; no session and
   * no registration is touched.
   * @returns the names of settings that differ and take a restart.
   * @throws SettingsError, CertificateError; nothing has been changed then.
   */
  reload(read: ChopChopConfig): readonly string[] {
    const { config, restart } = reloadedConfig(this.config, read);
    const takeSettings = this.settings?.readAgain();
    if (config.tls !== null && config.tls.certificate !== 'self-signed') this.tls.read(config.tls.certificate);
    takeSettings?.();
    this.config = config;
    this.accounts.replace(config.accounts);
    for (const [domain, router] of this.routers) router.retrust(...trustOf(config, domain));
    return restart;
  }

  /** What has gone through all sessions and connections until now. */
  traffic(): Traffic {
    return this.counts.traffic(this.sessions, this.connections);
  }

  /** Lets a tap look at all sessions from now on. @returns what ends that. */
  watch(tap: Tap): () => void {
    return this.endpoints.watch(tap);
  }

  /** Lets something stand in the way of what sessions send; null: nothing any more. */
  intercept(interceptor: Interceptor | null): void {
    this.endpoints.intercept(interceptor);
  }

  /** Tells of every change of a service's listeners, at any of the routers. @returns what ends that. */
  watchServices(watcher: ServiceWatcher): () => void {
    this.serviceWatchers.add(watcher);
    return () => void this.serviceWatchers.delete(watcher);
  }

  /** Serves a peer on a stream of this process, as if it had connected to a port. @param peer A name for logs. */
  serve(stream: Duplex, peer: string): void {
    this.accept(new ByteTransport(stream, { kind: 'memory', peer, remote: false }, STREAM_FRAMING));
  }

  /** The same for a component (XEP-0114). */
  serveComponent(stream: Duplex, peer: string): void {
    this.acceptComponent(new ByteTransport(stream, { kind: 'memory', peer, remote: false }, COMPONENT_FRAMING));
  }

  /** A stream to this server, without a socket. */
  connect(): Duplex {
    const [ours, theirs] = memoryPair();
    this.serve(theirs, THIS_PROCESS);
    return ours;
  }

  private async listen(): Promise<BoundAddress[]> {
    let settingsFile: ReturnType<BuiltInSettings['read']> | undefined;
    try {
      settingsFile = this.settings?.read();
      if (this.config.tls !== null) await this.tls.open(this.config.tls, this.config.domains);
      this.listening = await this.listeners.open();
    } catch (error) {
      this.state = 'stopped';
      throw error;
    }
    this.state = 'running';
    this.startedAt = this.clock.now();
    this.endpoints.open();
    for (const router of this.routers.values()) router.resume();
    this.peerCheck = setInterval(() => this.checkPeers(), this.config.limits.deadPeerCheckMs).unref();
    if (settingsFile !== undefined) await this.settings?.start(settingsFile);
    return [...this.listening.c2s];
  }

  private async endAll(): Promise<void> {
    this.state = 'stopping';
    this.endpoints.close();
    if (this.peerCheck !== null) clearInterval(this.peerCheck);
    this.listeners.close();
    this.listening = NOWHERE;
    this.settings?.stop();
    for (const connection of this.connections) connection.close('server-stopped', new StreamError('system-shutdown', 'the server is stopping'));
    this.endpoints.endWaiting();
    if (this.connections.size > 0) await new Promise<void>((resolve) => (this.whenEmpty = resolve));
    for (const router of this.routers.values()) router.suspend();
    for (const guard of this.floodGuards) guard.flush();
    this.state = 'stopped';
  }

  /** Where there are files before and after; a certificate that was made at the start stays. */
  private accept(transport: Transport): void {
    this.connections.add(new Connection(transport, this.connectionEnvironment, (connection) => new C2sNegotiation(connection, this.c2sEnvironment)));
  }

  private acceptComponent(transport: Transport): void {
    this.connections.add(
      new Connection(transport, this.connectionEnvironment, (connection) => new ComponentNegotiation(connection, this.componentEnvironment)),
    );
  }

  private checkPeers(): void {
    this.endpoints.check();
    this.closeDeadPeers();
  }

  private closeDeadPeers(): void {
    const remote = [...this.connections].filter(({ transport }) => transport.remote);
    if (remote.length === 0) return;
    const dead = readDeadPeers(this.config.limits.retransmissions);
    for (const connection of remote) if (dead.has(connection.peer)) connection.close('connection-failed');
  }

  private connectionClosed(connection: Connection): void {
    this.connections.delete(connection);
    this.counts.connectionClosed(connection);
    if (this.connections.size === 0) this.whenEmpty?.();
  }

  /** The log of one part, safe from peers that would fill it with lines of the named levels. */
  private guarded(log: Log, part: string, levels: readonly (keyof Log)[]): Log {
    const guard = new FloodGuard(logOfPart(log, part), this.clock, this.config.limits, levels);
    this.floodGuards.push(guard);
    return guard;
  }

  private createRouter(domain: string, log: Log): Router {
    const { router, limits } = this.config;
    const environment: RouterEnvironment = {
      deliver: (stanza) => this.endpoints.delivery.deliver(stanza),
      publish: (endpoint) => this.endpoints.directory.add(endpoint),
      withdraw: (endpoint) => this.endpoints.directory.remove(endpoint),
      peers: () => router.peers.filter((peer) => peer !== domain).map((peer) => this.routers.get(peer) as Router),
      listenersChanged: (className, listeners) => {
        if (className === SETTINGS_SERVICE) this.settings?.listenersChanged(domain, listeners.keys());
        for (const watcher of this.serviceWatchers) watcher(domain, className, listeners.size);
      },
      clock: this.clock,
      log,
    };
    const [trustedServers, trustedClients] = trustOf(this.config, domain);
    return new Router({ ...router, name: routerName(router, domain), domain, trustedServers, trustedClients, limits }, environment, this.unanswered);
  }

  private createSettings(log: Log): BuiltInSettings | null {
    const { settings, accounts, router } = this.config;
    const account = settings === null ? undefined : settingsAccount(settings, accounts, router);
    if (settings === null || account === undefined) return null;
    const routers = settings.domains
      .filter((domain) => trustOf(this.config, domain)[0].has(account.domain))
      .map((domain) => `${routerName(router, domain)}@${domain}/router`);
    return new BuiltInSettings({ file: settings.file, account, routers }, { connect: () => this.connect(), clock: this.clock, log });
  }
}

function startTlsOf({ tls }: ChopChopConfig): LoginPolicy['startTls'] {
  if (tls === null) return 'none';
  return tls.required ? 'required' : 'offered';
}

/** The domains a router trusts, as servers and as clients; all own ones where nothing is said. */
function trustOf({ router, domains }: ChopChopConfig, domain: string): [servers: Set<string>, clients: Set<string>] {
  return [new Set(router.trustedServers.get(domain) ?? domains), new Set(router.trustedClients.get(domain) ?? domains)];
}
