import type { Duplex } from 'node:stream';
import type { Ledger } from '../../router/ledger/ledger.ts';
import type { Router } from '../../router/router.ts';
import type { Timer } from '../../shared/clock.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { ClusterReport } from '../cluster/cluster-report.ts';
import type { Engine } from '../cluster/link/engine.ts';
import type { ChopChopConfig } from '../config/config.ts';
import { reloadedConfig } from '../config/reload.ts';
import type { Federation } from '../federation/federation.ts';
import { restoreState } from '../handover/state.ts';
import type { ServerClock } from '../kernel/clock.ts';
import type { ServerCounts, Traffic } from '../kernel/counts.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import type { Guards } from '../kernel/guard.ts';
import { type Log, logOfPart, unfailing } from '../kernel/log.ts';
import type { MemoryBudget } from '../kernel/memory-budget.ts';
import type { ProgramTurns } from '../kernel/program-turns.ts';
import type { Slices } from '../kernel/slices.ts';
import type { Turn } from '../kernel/turn.ts';
import type { InheritedSockets } from '../net/acceptor.ts';
import { ByteTransport } from '../net/byte-transport.ts';
import type { Connection } from '../net/connection.ts';
import { COMPONENT_FRAMING, STREAM_FRAMING } from '../net/framing.ts';
import { InheritedSocket } from '../net/read-directly.ts';
import type { BoundAddress } from '../net/tcp.ts';
import type { Credentials, JabberLogin } from '../osrf/login.ts';
import type { InjectedFaults } from '../sessions/injected-faults.ts';
import type { Interceptor } from '../sessions/interceptor.ts';
import type { RemoteSession } from '../sessions/remote-session.ts';
import type { Session } from '../sessions/session.ts';
import type { Tap } from '../sessions/taps.ts';
import type { BuiltInSettings } from '../settings/built-in.ts';
import { type Listening, NOWHERE } from '../streams/listeners.ts';
import type { Door } from '../web/door.ts';
import { compose, type Parts } from './compose.ts';
import { Departure } from './departure.ts';
import type { Gateways } from './gateways.ts';
import { createSettings } from './settings-service.ts';

/** Called with the number of listeners of a service at a domain's router. */
export type ServiceWatcher = (domain: string, service: string, listeners: number) => void;

/** A server in another process that hands its work over to this one. */
export interface Arrival {
  readonly sockets: InheritedSockets;
  /** The descriptors of its connections. */
  readonly connections: readonly number[];
  /** New sessions have larger numbers. */
  readonly sessionNumber: number;
  /** Says that this process is ready. @returns the lines of the state. */
  state(): Promise<readonly string[]>;
  /** Says that this process has taken over. */
  serve(): void;
}

/** One Jabber server with a router for each of its domains: starts, stops and reloads the parts that {@link compose} makes. */
export class ChopChop {
  /** Its addresses. */
  listening: Listening = NOWHERE;
  private readonly parts: Parts;
  readonly settings: BuiltInSettings | null;
  private state: 'stopped' | 'starting' | 'running' | 'stopping' = 'stopped';
  /** The last start and the last stop; a stop waits for a pending start. */
  private started: Promise<unknown> = Promise.resolve();
  private stopped: Promise<void> = Promise.resolve();
  /** Null: no port serves browsers. */
  private gateways: Gateways | null = null;
  /** Null: it is no member of a cluster. */
  private cluster: Cluster | null = null;
  private readonly engine: Engine | null;
  /** The peer servers; null: none are configured. */
  federation: Federation | null = null;
  private readonly log: Log;
  private peerCheck: Timer | null = null;

  /** @param engine Carries the messages between the members of its cluster; null: NATS. */
  constructor(config: ChopChopConfig, given: Log, engine: Engine | null = null) {
    this.engine = engine;
    const log = unfailing(given);
    this.log = log;
    this.parts = compose(config, log);
    this.settings = createSettings(this.parts, logOfPart(log, 'settings'));
  }

  /** Its timers. */
  get clock(): ServerClock {
    return this.parts.clock;
  }

  /** The turns of its event loop. */
  get turn(): Turn {
    return this.parts.turn;
  }

  /** Does long work in slices of the event loop. */
  get jobs(): Slices {
    return this.parts.slices;
  }

  /** Log lines suppressed by its flood guards. */
  get suppressedLogLines(): number {
    return this.parts.guardedLogs.suppressed;
  }

  /** Shares the event loop among the programs of this process. */
  get turns(): ProgramTurns {
    return this.parts.turns;
  }

  /** Isolates the traffic from failures of observers. */
  get guards(): Guards {
    return this.parts.guards;
  }

  /** The current configuration. */
  get config(): ChopChopConfig {
    return this.parts.running.config;
  }

  get counts(): ServerCounts {
    return this.parts.counts;
  }

  /** The routers by domain. */
  get routers(): ReadonlyMap<string, Router> {
    return this.parts.routers.byDomain;
  }

  /** The memory kept for all peers. */
  get memory(): MemoryBudget {
    return this.parts.memory;
  }

  /** Its cluster from its own view; null: it is no member of one. */
  get clusterReport(): ClusterReport | null {
    return this.cluster?.report() ?? null;
  }

  /** The sessions that other members of its cluster have. */
  get sessionsElsewhere(): Iterable<RemoteSession> {
    return this.cluster?.replicas.known.allRemote ?? [];
  }

  /** Whether it serves logins, and is connected to its cluster if that is required. */
  get ready(): boolean {
    return this.running && (this.cluster === null || this.cluster.connected || this.config.cluster?.required !== true);
  }

  /** The unanswered requests of all routers. */
  get unanswered(): Ledger {
    return this.parts.routers.ledger;
  }

  /** The requests that its routers have handed to listeners. */
  get requestsRouted(): number {
    let sum = 0;
    for (const { routed } of this.routers.values()) sum += routed;
    return sum;
  }

  /** The open connections, logged in or not. */
  get connections(): ReadonlySet<Connection> {
    return this.parts.connections.open;
  }

  /** Whether it serves logins. */
  get running(): boolean {
    return this.state === 'running';
  }

  /** The sessions of clients, components and programs. */
  get sessions(): ReadonlySet<Session> {
    return this.parts.sessions;
  }

  /** The number of sessions. */
  get sessionCount(): number {
    return this.sessions.size;
  }

  /** The number of open connections, logged in or not. */
  get connectionCount(): number {
    return this.connections.size;
  }

  /**
   * Starts the server; logins work when it returns.
   * @param arrival The server in another process whose work it takes over; null: none.
   * @returns its addresses.
   * @throws SettingsError, ListenError, EngineError, leaving nothing started.
   */
  async start(arrival: Arrival | null = null): Promise<BoundAddress[]> {
    if (this.state !== 'stopped') throw new Error('the server is already started');
    this.state = 'starting';
    const addresses = this.listen(arrival);
    this.started = addresses.catch(() => {});
    return addresses;
  }

  /** Begins to hand its sessions and sockets over to another process. */
  depart(): Departure {
    const log = this.log;
    return new Departure(this.parts, {
      closeGateways: async () => {
        this.parts.listeners.closeWeb();
        await this.gateways?.close(true);
        this.gateways = null;
      },
      reopenGateways: async () => {
        await this.parts.listeners.reopenWeb(() => this.openGateways());
      },
      cluster: this.cluster,
      federation: this.federation,
      stopSettings: () => this.settings?.stop(),
      startSettings: async () => {
        try {
          if (this.settings !== null) await this.settings.start(this.settings.read());
        } catch (error) {
          log.error({ err: error }, 'the built-in opensrf.settings did not start again');
        }
      },
    });
  }

  /** Goes on with a socket that a listener of another process has accepted. @param key See {@link Acceptor.key}. @returns false if this server has no such listener. */
  take(key: string, handle: unknown): boolean {
    const acceptor = this.parts.listeners.sockets.find((one) => one.key === key);
    acceptor?.take(handle);
    return acceptor !== undefined;
  }

  /** Ends every stream with `system-shutdown`; resolves when all sockets are closed. The server may start again. */
  async stop(): Promise<void> {
    if (this.state === 'starting') await this.started;
    if (this.state === 'running') this.stopped = this.endAll();
    return this.stopped;
  }

  /** Lets the process end although the server runs. */
  unref(): void {
    this.parts.listeners.unref();
    this.federation?.unref();
  }

  /**
   * Applies the reloadable settings of another configuration, and reloads the certificate and the file of the built-in settings, without touching sessions and
   * registrations.
   * @returns the names of changed settings that need a restart.
   * @throws SettingsError, CertificateError, leaving everything unchanged.
   */
  reload(read: ChopChopConfig): readonly string[] {
    const { config, restart } = reloadedConfig(this.config, read);
    const takeSettings = this.settings?.readAgain();
    if (config.tls !== null && config.tls.certificate !== 'self-signed') this.parts.tls.read(config.tls.certificate);
    takeSettings?.();
    this.parts.running.config = config;
    this.parts.accounts.replace(config.accounts);
    this.parts.routers.trust(config);
    this.cluster?.reconfigured(config);
    return restart;
  }

  /** The traffic of all sessions and links so far. */
  traffic(): Traffic {
    return this.counts.traffic(this.sessions, [...this.connections, ...this.parts.programs.links]);
  }

  /** The requests that injected faults have hit. */
  get injectedFaults(): InjectedFaults {
    return this.parts.observation.injected;
  }

  /** Attaches a tap to all sessions; the guard removes one that fails repeatedly. @param name For the log. @returns A function that detaches it. */
  watch(tap: Tap, name = 'tap'): () => void {
    return this.parts.observation.watch(tap, name);
  }

  /** Puts an interceptor between sessions and delivery; null removes it. */
  intercept(interceptor: Interceptor | null): void {
    this.parts.observation.intercept(interceptor);
  }

  /** Calls the watcher at every change of a service's listeners, at any router. @returns A function that unsubscribes. */
  watchServices(watcher: ServiceWatcher): () => void {
    return this.parts.routers.watch((domain, service, listeners) => watcher(domain, service, listeners.size));
  }

  /** Serves a peer on a stream of this process, as if it had connected to a port. @param peer A name for logs. */
  serve(stream: Duplex, peer: string): void {
    this.parts.connections.accept(new ByteTransport(stream, { kind: 'memory', peer, remote: false }, STREAM_FRAMING));
  }

  /** Serves a component (XEP-0114) likewise. */
  serveComponent(stream: Duplex, peer: string): void {
    this.parts.connections.acceptComponent(new ByteTransport(stream, { kind: 'memory', peer, remote: false }, COMPONENT_FRAMING));
  }

  /** Logs in a program of this process, without a stream. @throws LoginError */
  login(credentials: Credentials): JabberLogin {
    return this.parts.programs.login(credentials);
  }

  private async listen(arrival: Arrival | null): Promise<BoundAddress[]> {
    const { tls, listeners, uptime, clock, binding, routers } = this.parts;
    let settingsFile: ReturnType<BuiltInSettings['read']> | undefined;
    try {
      settingsFile = this.settings?.read();
      if (this.config.tls !== null) await tls.open(this.config.tls, this.config.domains);
      await this.openFederation();
      if (arrival === null && this.config.cluster !== null) {
        // First, because an external router at another member suspends them.
        routers.resume();
        await this.joinCluster();
      }
      this.listening = await listeners.open(
        () => this.openGateways(),
        (socket) => this.federation?.accept(socket),
        arrival?.sockets ?? null,
      );
    } catch (error) {
      await this.leaveCluster();
      this.closeFederation();
      this.state = 'stopped';
      throw error;
    }
    this.state = 'running';
    uptime.startedAt = clock.wallTime();
    uptime.since = clock.now();
    binding.open();
    if (arrival !== null) binding.numberFrom(arrival.sessionNumber);
    if (this.cluster === null) routers.resume();
    this.peerCheck = clock.every(this.config.limits.deadPeerCheckMs, () => this.checkPeers());
    if (settingsFile !== undefined) await this.settings?.start(settingsFile);
    if (arrival !== null) await this.arrive(arrival);
    return [...this.listening.c2s];
  }

  /** In one turn of the event loop, so that nothing is read or written before the other process knows. */
  private async arrive(arrival: Arrival): Promise<void> {
    const clusterFrom = await this.clusterMaker();
    // Now, because it takes long: the other process still serves.
    const sockets = arrival.connections.map((descriptor) => new InheritedSocket(descriptor));
    restoreState(await arrival.state(), this.parts, sockets, {
      federation: this.federation,
      takePlace: (saved) => {
        this.cluster = clusterFrom(saved);
        return (session) => this.cluster?.replicas.remote(session) ?? null;
      },
    });
    arrival.serve();
    this.federation?.goOn();
    this.parts.listeners.accept();
    this.cluster?.reopen();
    if (this.cluster === null) await this.joinCluster();
    for (const router of this.routers.values()) if (router.suspended) this.parts.routerReplaced.call();
  }

  /** Before the first login, so that the first request finds the services of all members. */
  private async joinCluster(): Promise<void> {
    const { cluster } = this.config;
    if (cluster === null) return;
    const { openCluster } = await import('./cluster.ts');
    this.cluster = await openCluster(this.parts, cluster, this.engine, this, this.log);
  }

  /** @returns a function that takes the place of another process in its cluster. */
  private async clusterMaker(): Promise<(saved: unknown) => Cluster> {
    const { cluster } = this.config;
    if (cluster === null) {
      return () => {
        throw new CommandError(EXIT.usage, 'the old process is a member of a cluster, and the configuration has none: stop it, and start this one');
      };
    }
    const { preparedCluster } = await import('./cluster.ts');
    return preparedCluster(this.parts, cluster, this.engine, this, this.log);
  }

  private async leaveCluster(): Promise<void> {
    await this.cluster?.leave();
    this.cluster = null;
    this.parts.routers.suspend();
  }

  /** Loaded on demand, because few servers have them. */
  private async openGateways(): Promise<readonly Door[]> {
    const { Gateways } = await import('./gateways.ts');
    this.gateways = new Gateways(this.parts, this.log);
    return this.gateways.doors;
  }

  /** Loaded on demand, because few servers have peers. */
  private async openFederation(): Promise<void> {
    if (this.config.s2s.peers.length === 0) return;
    const { Federation } = await import('../federation/federation.ts');
    this.federation = new Federation(this.config, this.parts, this.parts.guardedLogs.of('federation', ['info', 'warn', 'error']));
  }

  private closeFederation(): void {
    this.federation?.close('server-stopped');
    this.federation = null;
  }

  /** Answer the requests of browsers before the services end. */
  private async closeGateways(): Promise<void> {
    await this.gateways?.close();
    this.gateways = null;
  }

  private async endAll(): Promise<void> {
    const { binding, listeners, connections, programs, guardedLogs } = this.parts;
    this.state = 'stopping';
    listeners.close();
    await this.closeGateways();
    binding.close();
    this.peerCheck?.cancel();
    this.listening = NOWHERE;
    this.settings?.stop();
    this.closeFederation();
    connections.shutDown();
    programs.shutDown();
    this.endSessionsThatWait();
    listeners.endWeb();
    await connections.allClosed();
    await this.leaveCluster();
    guardedLogs.flush();
    this.state = 'stopped';
  }

  /** Ends the sessions that wait for a resumption (XEP-0198). */
  private endSessionsThatWait(): void {
    for (const session of this.sessions) if (!session.link.open) session.close('server-stopped', null);
  }

  private checkPeers(): void {
    const { liveness, clock, connections } = this.parts;
    liveness.check(this.sessions, clock.now());
    connections.closeDeadPeers();
  }
}
