import type { Server, Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import type { RouterEnvironment } from '../router/environment.ts';
import { Router } from '../router/router.ts';
import { UnansweredRequests } from '../router/unanswered.ts';
import { StanzaError, StreamError } from '../shared/errors.ts';
import type { Stanza } from '../shared/stanza.ts';
import { createClock } from './clock.ts';
import { type ChopChopConfig, settingsAccount } from './config/config.ts';
import { Host } from './host/host.ts';
import type { Log } from './log.ts';
import { Accounts } from './login/accounts.ts';
import type { CloseReason } from './net/close-reason.ts';
import { Connection, type ConnectionEnvironment } from './net/connection.ts';
import { readDeadPeers } from './net/dead-peers.ts';
import { Flusher } from './net/flusher.ts';
import { addressOf, type BoundAddress, listenOnAll } from './net/tcp.ts';
import { BuiltInSettings, SETTINGS_SERVICE } from './opensrf/settings/built-in.ts';
import { Delivery } from './sessions/delivery.ts';
import { Directory } from './sessions/directory.ts';
import { Presence } from './sessions/presence.ts';
import { Session, type SessionEnvironment } from './sessions/session.ts';
import { type C2sEnvironment, C2sNegotiation } from './streams/c2s.ts';

/** The peer of what runs in this process, for logs. */
const THIS_PROCESS = 'this process';

/** One Jabber server with a router for each of its domains. The only place that knows all parts. */
export class ChopChop {
  readonly config: ChopChopConfig;
  /** By domain. */
  readonly routers = new Map<string, Router>();
  private readonly log: Log;
  private readonly directory = new Directory();
  private readonly delivery = new Delivery(this.directory);
  private readonly presence = new Presence(this.delivery);
  private readonly connections = new Set<Connection>();
  private readonly sessions = new Set<Session>();
  private readonly connectionEnvironment: ConnectionEnvironment;
  private readonly sessionEnvironment: SessionEnvironment;
  private readonly c2sEnvironment: C2sEnvironment;
  private readonly settings: BuiltInSettings | null;
  private servers: Server[] = [];
  private state: 'stopped' | 'running' | 'stopping' = 'stopped';
  private whenEmpty: (() => void) | null = null;
  private deadPeerCheck: NodeJS.Timeout | null = null;

  constructor(config: ChopChopConfig, log: Log) {
    this.config = config;
    this.log = log;
    this.connectionEnvironment = {
      flusher: new Flusher(),
      limits: config.limits,
      log,
      defaultDomain: config.domains[0] as string,
      onClosed: (connection) => this.connectionClosed(connection),
    };
    this.sessionEnvironment = {
      delivery: this.delivery,
      presence: this.presence,
      onEnded: (session, reason, unsent) => this.sessionEnded(session, reason, unsent),
    };
    this.c2sEnvironment = {
      accounts: new Accounts(config.accounts),
      log,
      loginTimeoutMs: config.limits.loginTimeoutMs,
      servesDomain: (domain) => config.domains.includes(domain),
      bind: (...identity) => this.bind(...identity),
    };
    for (const domain of config.domains) this.directory.add(new Host(domain, this.delivery, this.presence));
    const { unansweredRequests, unansweredBytes } = config.limits;
    const unanswered = new UnansweredRequests({ requests: unansweredRequests, bytes: unansweredBytes });
    for (const domain of config.domains) this.routers.set(domain, this.createRouter(domain, unanswered));
    this.settings = this.createSettings();
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
    const settingsFile = this.settings?.read();
    this.servers = await listenOnAll(this.config.hosts, this.config.port, (socket) => this.accept(socket));
    this.state = 'running';
    for (const router of this.routers.values()) router.resume();
    this.deadPeerCheck = setInterval(() => this.closeDeadPeers(), this.config.limits.deadPeerCheckMs).unref();
    const addresses = this.servers.map(addressOf);
    if (settingsFile !== undefined) await this.settings?.start(settingsFile);
    return addresses;
  }

  /** Ends every stream with `system-shutdown` and resolves when all sockets are closed. May be started again. */
  async stop(): Promise<void> {
    if (this.state !== 'running') return;
    this.state = 'stopping';
    if (this.deadPeerCheck !== null) clearInterval(this.deadPeerCheck);
    for (const server of this.servers) server.close();
    this.settings?.stop();
    for (const connection of this.connections) connection.close('server-stopped', new StreamError('system-shutdown', 'the server is stopping'));
    if (this.connections.size > 0) await new Promise<void>((resolve) => (this.whenEmpty = resolve));
    for (const router of this.routers.values()) router.suspend();
    this.state = 'stopped';
  }

  /** Serves a peer on any byte stream, as if it had connected to a port. */
  serve(socket: Duplex, peer: string): void {
    this.connections.add(new Connection(socket, peer, this.connectionEnvironment, (connection) => new C2sNegotiation(connection, this.c2sEnvironment)));
  }

  /** A stream to this server, without a socket. */
  connect(): Duplex {
    const [ours, theirs] = duplexPair();
    this.serve(theirs, THIS_PROCESS);
    return ours;
  }

  private accept(socket: Socket): void {
    socket.setKeepAlive(true, this.config.limits.keepAliveMs);
    this.serve(socket, `${socket.remoteAddress}:${socket.remotePort}`);
  }

  private closeDeadPeers(): void {
    const remote = [...this.connections].filter(({ peer }) => peer !== THIS_PROCESS && !isLoopback(peer));
    if (remote.length === 0) return;
    const dead = readDeadPeers(this.config.limits.retransmissions);
    for (const connection of remote) if (dead.has(connection.peer)) connection.close('connection-failed');
  }

  private connectionClosed(connection: Connection): void {
    this.connections.delete(connection);
    if (this.connections.size === 0) this.whenEmpty?.();
  }

  private createRouter(domain: string, unanswered: UnansweredRequests): Router {
    const { router, domains, limits } = this.config;
    const environment: RouterEnvironment = {
      deliver: (stanza) => this.delivery.deliver(stanza),
      publish: (endpoint) => this.directory.add(endpoint),
      withdraw: (endpoint) => this.directory.remove(endpoint),
      peers: () => router.peers.filter((peer) => peer !== domain).map((peer) => this.routers.get(peer) as Router),
      listenersChanged: (className, listeners) => {
        if (className === SETTINGS_SERVICE) this.settings?.listenersChanged(domain, listeners.keys());
      },
      clock: createClock(this.log),
      log: this.log,
    };
    const trustedServers = this.trustedServers(domain);
    const trustedClients = new Set(router.trustedClients.get(domain) ?? domains);
    const heldLimits = { heldRequests: limits.heldRequests, heldBytes: limits.heldBytes };
    return new Router({ ...router, domain, trustedServers, trustedClients, limits: heldLimits }, environment, unanswered);
  }

  private trustedServers(domain: string): Set<string> {
    return new Set(this.config.router.trustedServers.get(domain) ?? this.config.domains);
  }

  private createSettings(): BuiltInSettings | null {
    const { settings, accounts, router } = this.config;
    const account = settings === null ? undefined : settingsAccount(settings, accounts, router.name);
    if (settings === null || account === undefined) return null;
    const routerDomains = settings.domains.filter((domain) => this.trustedServers(domain).has(account.domain));
    const options = { file: settings.file, account, routerName: router.name, routerDomains };
    return new BuiltInSettings(options, { connect: () => this.connect(), clock: createClock(this.log), log: this.log });
  }

  /** Makes a session at an address, if it is free or may be freed. */
  private bind(connection: Connection, username: string, domain: string, resource: string, legacy: boolean): Session | StanzaError {
    const privileged = username === this.config.router.name;
    const session = new Session({ username, domain, resource, privileged, legacy }, connection, this.sessionEnvironment);
    if (!this.freeAddress(session)) return new StanzaError('conflict', `${session.jid} is in use`);
    this.directory.add(session);
    this.sessions.add(session);
    if (session.observer !== null) this.settings?.routerReplaced();
    this.log.info({ jid: session.jid, peer: connection.peer, sessions: this.sessions.size }, 'session bound');
    return session;
  }

  private freeAddress(newcomer: Session): boolean {
    const holder = this.directory.get(newcomer.jid);
    if (holder === undefined) return true;
    if (holder instanceof Session && !holder.privileged) {
      holder.connection.close('replaced', new StreamError('conflict', 'the same address has logged in again'));
      return true;
    }
    if (!(holder instanceof Router) || this.config.router.externalRouter === 'refuse') {
      this.log.warn({ jid: newcomer.jid, peer: newcomer.connection.peer }, 'refused a login: the address belongs to a live router');
      return false;
    }
    this.log.warn({ jid: newcomer.jid, peer: newcomer.connection.peer }, 'a router from outside logged in; the internal one steps aside');
    holder.suspend();
    newcomer.observer = holder;
    return true;
  }

  private sessionEnded(session: Session, reason: CloseReason, unsent: Stanza[]): void {
    this.directory.remove(session);
    this.sessions.delete(session);
    this.log.info({ jid: session.jid, reason, unsent: unsent.length, sessions: this.sessions.size }, 'session ended');
    this.returnOfRouter(session);
    for (const router of this.routers.values()) router.sessionEnded(session);
    if (this.state === 'stopping') return;
    for (const stanza of unsent) {
      if (stanza.forwarder === null) this.delivery.bounce(stanza, new StanzaError('service-unavailable', 'the session ended before it could be delivered'));
      else stanza.forwarder.returned(stanza);
    }
  }

  private returnOfRouter(session: Session): void {
    const router = this.routers.get(session.domain);
    if (router?.jid !== session.jid || !router.suspended) return;
    router.resume();
    this.log.warn({ jid: router.jid, classes: router.classes.size }, 'the router from outside has left; the internal one is back');
  }
}

function isLoopback(peer: string): boolean {
  return peer.startsWith('127.') || peer.startsWith('::ffff:127.') || peer.startsWith('::1:');
}
