import type { Duplex } from 'node:stream';
import type { Router } from '../../router/router.ts';
import type { UnansweredRequests } from '../../router/unanswered.ts';
import type { Clock } from '../../shared/clock.ts';
import { type ChopChopConfig, routerName, settingsAccount } from '../config/config.ts';
import { reloadedConfig } from '../config/reload.ts';
import { createClock } from '../kernel/clock.ts';
import { ServerCounts, type Traffic } from '../kernel/counts.ts';
import { type Log, logOfPart } from '../kernel/log.ts';
import { GuardedLogs } from '../logging/guarded-logs.ts';
import { Accounts } from '../login/accounts.ts';
import { ByteTransport } from '../net/byte-transport.ts';
import type { Connection } from '../net/connection.ts';
import { COMPONENT_FRAMING, STREAM_FRAMING } from '../net/framing.ts';
import { memoryPair } from '../net/memory-pair.ts';
import type { BoundAddress } from '../net/tcp.ts';
import { Tls } from '../net/tls/tls.ts';
import type { Interceptor } from '../sessions/interceptor.ts';
import type { Session } from '../sessions/session.ts';
import type { Tap } from '../sessions/tap.ts';
import { BuiltInSettings, SETTINGS_SERVICE } from '../settings/built-in.ts';
import { Connections } from '../streams/connections.ts';
import { Listeners, type Listening, NOWHERE } from '../streams/listeners.ts';
import { Endpoints } from './endpoints.ts';
import { Routers, trustedServers } from './routers.ts';

/** The peer of what runs in this process, for logs. */
const THIS_PROCESS = 'this process';

/** Is told how many listeners a service has at the router of a domain. */
export type ServiceWatcher = (domain: string, service: string, listeners: number) => void;

/** One Jabber server with a router for each of its domains. The only place that knows all parts. */
export class ChopChop {
  /** What it runs by now. */
  config: ChopChopConfig;
  readonly counts = new ServerCounts();
  private readonly accounts: Accounts;
  private readonly clock: Clock;
  private readonly guardedLogs: GuardedLogs;
  private readonly allRouters: Routers;
  private readonly endpoints: Endpoints;
  private readonly allConnections: Connections;
  private readonly settings: BuiltInSettings | null;
  private readonly tls: Tls;
  private readonly listeners: Listeners;
  /** Where it listens. */
  listening: Listening = NOWHERE;
  private state: 'stopped' | 'starting' | 'running' | 'stopping' = 'stopped';
  /** The last start and the last stop; who stops a server that starts or stops already waits for them. */
  private started: Promise<unknown> = Promise.resolve();
  private stopped: Promise<void> = Promise.resolve();
  private peerCheck: NodeJS.Timeout | null = null;
  /** Milliseconds since 1970. */
  private startedAt = 0;

  constructor(config: ChopChopConfig, log: Log) {
    this.config = config;
    this.accounts = new Accounts(config.accounts);
    this.clock = createClock(logOfPart(log, 'clock'));
    this.guardedLogs = new GuardedLogs(log, this.clock, config.limits);
    const { accounts, clock, counts } = this;
    const guardedLog = this.guardedLogs.of;
    this.allRouters = new Routers(config, {
      deliver: (stanza) => this.endpoints.delivery.deliver(stanza),
      bounce: (stanza, error) => this.endpoints.delivery.bounce(stanza, error),
      queried: (stanza) => this.endpoints.routerQueried(stanza),
      publish: (endpoint) => this.endpoints.directory.add(endpoint),
      withdraw: (endpoint) => this.endpoints.directory.remove(endpoint),
      clock,
      log: guardedLog('router', ['warn']),
    });
    this.endpoints = new Endpoints(config, {
      clock,
      counts,
      routers: this.routers,
      guardedLog,
      startedAt: () => this.startedAt,
      onRouterReplaced: () => this.settings?.routerReplaced(),
    });
    this.tls = new Tls(logOfPart(log, 'tls'));
    const tlsIdentity = () => this.tls.identity;
    const components = () => this.config.components;
    const connections = new Connections(config, { clock, counts, accounts, endpoints: this.endpoints, guardedLog, tlsIdentity, components });
    this.allConnections = connections;
    this.listeners = new Listeners(config, {
      tlsIdentity,
      accept: (transport) => connections.accept(transport),
      acceptComponent: (transport) => connections.acceptComponent(transport),
      pending: connections.pending,
      notAccepted: (error) => connections.notAccepted(error),
    });
    this.settings = this.createSettings(logOfPart(log, 'settings'));
  }

  /** By domain. */
  get routers(): ReadonlyMap<string, Router> {
    return this.allRouters.byDomain;
  }

  /** Of all routers. */
  get unanswered(): UnansweredRequests {
    return this.allRouters.unanswered;
  }

  /** Those that are open, logged in or not. */
  get connections(): ReadonlySet<Connection> {
    return this.allConnections.open;
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
    this.allRouters.retrust(config);
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
    return this.allRouters.watch((domain, service, listeners) => watcher(domain, service, listeners.size));
  }

  /** Serves a peer on a stream of this process, as if it had connected to a port. @param peer A name for logs. */
  serve(stream: Duplex, peer: string): void {
    this.allConnections.accept(new ByteTransport(stream, { kind: 'memory', peer, remote: false }, STREAM_FRAMING));
  }

  /** The same for a component (XEP-0114). */
  serveComponent(stream: Duplex, peer: string): void {
    this.allConnections.acceptComponent(new ByteTransport(stream, { kind: 'memory', peer, remote: false }, COMPONENT_FRAMING));
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
    this.startedAt = this.clock.wallTime();
    this.endpoints.open();
    this.allRouters.resume();
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
    this.allConnections.shutDown();
    this.endpoints.endWaiting();
    await this.allConnections.allClosed();
    this.allRouters.suspend();
    this.guardedLogs.flush();
    this.state = 'stopped';
  }

  private checkPeers(): void {
    this.endpoints.check();
    this.allConnections.closeDeadPeers();
  }

  private createSettings(log: Log): BuiltInSettings | null {
    const { settings, accounts, router } = this.config;
    const account = settings === null ? undefined : settingsAccount(settings, accounts, router);
    if (settings === null || account === undefined) return null;
    const routers = settings.domains
      .filter((domain) => trustedServers(this.config, domain).has(account.domain))
      .map((domain) => `${routerName(router, domain)}@${domain}/router`);
    const builtIn = new BuiltInSettings({ file: settings.file, account, routers }, { connect: () => this.connect(), clock: this.clock, log });
    this.allRouters.watch((domain, service, listeners) => {
      if (service === SETTINGS_SERVICE) builtIn.listenersChanged(domain, listeners.keys());
    });
    return builtIn;
  }
}
