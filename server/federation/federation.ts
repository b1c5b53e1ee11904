import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Timer } from '../../shared/clock.ts';
import type { Endpoint } from '../../shared/endpoint.ts';
import { StanzaError, StreamError } from '../../shared/errors.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { ChopChopConfig } from '../config/config.ts';
import type { Limits } from '../config/limits.ts';
import type { PeerServer } from '../config/values/peers.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { ServerClock } from '../kernel/clock.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { Log } from '../kernel/log.ts';
import type { MemoryBudget } from '../kernel/memory-budget.ts';
import { ByteTransport } from '../net/byte-transport.ts';
import type { Connection } from '../net/connection.ts';
import { PendingConnections } from '../net/pending-connections.ts';
import { placeOf } from '../net/tcp.ts';
import { readPem, type TlsIdentity } from '../net/tls/identity.ts';
import type { Tls } from '../net/tls/tls.ts';
import type { Binding } from '../sessions/binding.ts';
import type { Connections } from '../streams/connections.ts';
import { Addresses, SYSTEM_NAMES } from './addresses.ts';
import { dial } from './dial.ts';
import type { DialbackElement, DialbackOutcome, DomainPair } from './dialback/element.ts';
import { DialbackKeys } from './dialback/keys.ts';
import { type DomainEnvironment, ForeignDomain } from './foreign-domain.ts';
import { peerFraming } from './framing.ts';
import { type IncomingEnvironment, IncomingStream } from './incoming-stream.ts';
import type { PeerMembers } from './members.ts';
import { OutgoingStream, type StreamUser, TICK_MS, unreachable } from './outgoing-stream.ts';
import { type PeerRights, PeerSession } from './peer-session.ts';
import type { InheritedConnection, SavedDomain, SavedFederation } from './saved-federation.ts';
import { SentMessages } from './sent-messages.ts';

/** The parts of the server that its peers need. */
export interface FederationParts {
  readonly clock: ServerClock;
  readonly memory: MemoryBudget;
  readonly tls: Tls;
  readonly binding: Binding;
  readonly connections: Connections;
  readonly delivery: Delivery;
  readonly routers: { isListener(session: number): boolean };
}

/** A peer server, for the console, metrics and `status`. */
export interface PeerFacts {
  readonly domain: string;
  /** `''`: no stream. */
  readonly address: string;
  /** The own domains whose stanzas it takes. */
  readonly outgoing: readonly string[];
  /** The own domains that it may send stanzas to. */
  readonly incoming: readonly string[];
  /** The stanzas that wait for a stream, and their bytes. */
  readonly queuedStanzas: number;
  readonly queuedBytes: number;
  /** The start of its oldest stream, in milliseconds since 1970; null: it has none. */
  readonly connectedAt: number | null;
  /** Failures since the start. */
  readonly failures: number;
  /** The last failure; `''`: none since it was reached. */
  readonly problem: string;
  /** Its time, in milliseconds since 1970; null: none. */
  readonly problemAt: number | null;
}

/** Bounds on incoming streams without a verified pair. */
const PENDING = { pendingConnections: 256, pendingOfAddress: 32 };
const UNBOUNDED = { pendingConnections: Number.POSITIVE_INFINITY, pendingOfAddress: Number.POSITIVE_INFINITY };

/** The streams from and to the peer servers of the configuration; no other server is ever called or heard. */
export class Federation implements DomainEnvironment, IncomingEnvironment {
  readonly keys: DialbackKeys;
  readonly queued = { bytes: 0 };
  readonly clock: ServerClock;
  readonly limits: Limits;
  readonly memory: MemoryBudget;
  readonly log: Log;
  /** The other members of the cluster; null: there is none. */
  members: PeerMembers | null = null;
  private readonly config: ChopChopConfig;
  private readonly parts: FederationParts;
  private readonly domains: ReadonlyMap<string, ForeignDomain>;
  private readonly addresses: Addresses;
  private readonly sent: SentMessages;
  private readonly pending: PendingConnections;
  private readonly dialled: PendingConnections;
  private readonly outgoing = new Set<OutgoingStream>();
  private readonly incoming = new Set<IncomingStream>();
  /** Certificates of authorities, by file. */
  private readonly authorities: ReadonlyMap<string, string>;
  private readonly contexts = new Map<string, SecureContext>();
  /** The connections that end because this server restarts. */
  private ending: Connection[] = [];
  private identity: TlsIdentity | null = null;
  private readonly ticks: Timer;
  private referenced = true;
  /** `held`: this server restarts. */
  private state: 'open' | 'held' | 'closed' = 'open';

  /** @throws CertificateError */
  constructor(config: ChopChopConfig, parts: FederationParts, log: Log) {
    const { clock, memory } = parts;
    const { limits, s2s } = config;
    this.config = config;
    this.parts = parts;
    this.clock = clock;
    this.limits = limits;
    this.memory = memory;
    this.log = log;
    this.keys = new DialbackKeys(s2s.secret || undefined);
    this.authorities = new Map(s2s.peers.map(({ ca }) => [ca, ca === '' ? '' : readPem(ca)]));
    this.addresses = new Addresses(SYSTEM_NAMES, () => clock.now());
    this.sent = new SentMessages(() => clock.now());
    this.pending = new PendingConnections(PENDING, clock);
    this.dialled = new PendingConnections(UNBOUNDED, clock);
    this.domains = new Map(s2s.peers.map((peer) => [peer.domain, new ForeignDomain(peer, this)]));
    this.ticks = clock.every(TICK_MS, () => {
      for (const stream of this.outgoing) stream.tick();
    });
    parts.delivery.foreign = (domain) => this.endpoint(domain);
  }

  /** All peers. */
  get peers(): PeerFacts[] {
    return [...this.domains.values()].map((domain) => {
      const { openPairs: outgoing, queuedStanzas, queuedBytes, failures, problem, problemAt, server } = domain;
      const streams = [...this.incoming].filter((stream) => stream.carries(server.domain));
      const starts = [domain.connectedAt, ...streams.map(({ openedAt }) => openedAt)].filter((at) => at !== null);
      return {
        domain: server.domain,
        address: domain.open ? domain.peer : '',
        outgoing,
        incoming: streams.flatMap(({ pairs }) => pairs.targetsOf(server.domain)),
        queuedStanzas,
        queuedBytes,
        connectedAt: starts.length === 0 ? null : Math.min(...starts),
        failures,
        problem: problem?.text ?? '',
        problemAt: problem === null ? null : problemAt,
      };
    });
  }

  /** Takes a peer that has connected. */
  accept(socket: Socket): void {
    const framing = peerFraming('');
    socket.setKeepAlive(true, this.limits.keepAliveMs);
    this.parts.connections.adopt(new ByteTransport(socket, placeOf(socket), framing), this.pending, (connection) => {
      const stream = new IncomingStream(connection, framing, this);
      this.incoming.add(stream);
      return stream;
    });
  }

  /** Whether a peer is about to open a stream. */
  get busy(): boolean {
    return [...this.incoming].some(({ ready }) => !ready);
  }

  /** Whether a stream has not ended yet that another process cannot go on with. */
  get leaving(): boolean {
    return this.ending.some((connection) => this.parts.connections.open.has(connection));
  }

  get held(): boolean {
    return this.state === 'held';
  }

  /** From now on stanzas that need a new stream wait for another process, or for {@link goOn}. @param moves Whether the other process goes on with a connection; the other streams end. */
  hold(moves: (connection: Connection) => boolean): void {
    this.state = 'held';
    for (const stream of [...this.outgoing, ...this.incoming]) {
      const { connection } = stream;
      if (stream.ready && connection !== null && moves(connection)) continue;
      if (connection !== null) this.ending.push(connection);
      stream.leave();
    }
  }

  /** Opens streams for the stanzas that have waited. */
  goOn(): void {
    if (this.state === 'closed') return;
    this.state = 'open';
    this.ending = [];
    for (const domain of this.domains.values()) domain.goOn();
    for (const { pairs } of [...this.incoming]) pairs.verifyAgain();
  }

  /** Its state, for another process. All streams can be handed over. */
  save(): SavedFederation<Stanza, Connection> {
    return {
      secret: this.keys.hash,
      domains: Array.from(this.domains.values(), (domain) => domain.save()),
      outgoing: Array.from(this.outgoing).flatMap((stream) => (stream.connection === null ? [] : [stream.save(stream.connection)])),
      incoming: Array.from(this.incoming, (stream) => stream.save()),
      sent: this.sent.save(),
    };
  }

  /** Goes on with the sessions of another process: first, because stanzas name their senders. */
  restoreSessions(saved: readonly Pick<SavedDomain<unknown>, 'domain' | 'life'>[]): PeerSession[] {
    const sessions: PeerSession[] = [];
    for (const { domain: name, life } of saved) {
      const domain = this.domains.get(name);
      if (domain === undefined || life === null) continue;
      const session = this.parts.binding.restoreAs((environment) => new PeerSession(name, this.rightsOf(domain.server), domain, environment, life));
      domain.restoreSession(session);
      sessions.push(session);
    }
    return sessions;
  }

  /** Goes on with the streams of another process, whose domains are still peers. It reads and writes in later turns only; {@link goOn} follows. */
  restore({ secret, domains, outgoing, incoming, sent }: SavedFederation<Stanza, InheritedConnection>): void {
    this.state = 'held';
    if (this.config.s2s.secret === '') this.keys.hash = secret;
    this.sent.restore(sent);
    const streams = new Map<string, OutgoingStream>();
    for (const saved of outgoing) {
      const users = saved.users.flatMap((name) => this.domains.get(name) ?? []);
      const [first] = users;
      if (first === undefined) continue;
      const stream = new OutgoingStream(first.server, saved.own, this);
      for (const user of users) {
        stream.users.add(user);
        streams.set(user.server.domain, stream);
      }
      const connection = saved.connection.take(peerFraming(first.server.domain));
      stream.restore(connection, saved);
      this.outgoing.add(stream);
      connection.restore(saved.connection.state, stream);
    }
    for (const saved of domains) this.domains.get(saved.domain)?.restore(saved, streams.get(saved.domain) ?? null);
    for (const saved of incoming) {
      const framing = peerFraming(saved.to);
      const connection = saved.connection.take(framing);
      const stream = new IncomingStream(connection, framing, this);
      stream.restore(saved);
      this.incoming.add(stream);
      connection.restore(saved.connection.state, stream);
    }
  }

  /** New streams do not keep the process alive. */
  unref(): void {
    this.referenced = false;
  }

  /** Ends all streams and sessions. */
  close(reason: 'server-stopped'): void {
    this.state = 'closed';
    this.ticks.cancel();
    this.parts.delivery.foreign = null;
    const error = new StreamError('system-shutdown', 'the server is stopping');
    for (const domain of this.domains.values()) domain.close(reason, error);
    for (const { connection } of this.incoming) connection.close(reason, error);
    for (const stream of [...this.outgoing]) stream.fail(unreachable('the server is stopping'));
  }

  get hasCertificate(): boolean {
    return this.parts.tls.identity !== null;
  }

  context(peer: PeerServer | null): SecureContext {
    const { identity } = this.parts.tls;
    if (identity !== this.identity) this.contexts.clear();
    this.identity = identity;
    const file = peer?.ca ?? '';
    const known = this.contexts.get(file) ?? this.newContext(identity, this.authorities.get(file) ?? '');
    this.contexts.set(file, known);
    return known;
  }

  ignored(peer: string, { name, type, from, to }: DialbackElement): void {
    this.log.warn({ peer, name, type, from, to }, 'ignored an element of dialback that answers no request');
  }

  serves(domain: string): boolean {
    return this.config.domains.includes(domain);
  }

  peer(domain: string): PeerServer | null {
    return this.domains.get(domain)?.server ?? null;
  }

  /** Takes a stanza of a peer: for its session here, or at another member. @returns false if there is no room for its session. */
  read(domain: string, stanza: Stanza): boolean {
    const owner = this.members === null ? null : this.members.owner(domain);
    if (owner !== null) {
      owner.read(stanza);
      return true;
    }
    const session = this.session(domain);
    session?.read(stanza);
    return session !== null;
  }

  readOversized(domain: string, stanza: Stanza, length: number): boolean {
    const { binding, delivery } = this.parts;
    if (this.members !== null && this.members.owner(domain) !== null) {
      binding.oversizedStanzaRead(stanza, length);
      delivery.bounceWithoutContent(stanza, new StanzaError('policy-violation', 'the stanza is larger than this server allows'));
      return true;
    }
    const session = this.session(domain);
    session?.readOversized(stanza, length);
    return session !== null;
  }

  /** The peers' domains, in the same order at each start. */
  get names(): string[] {
    return [...this.domains.keys()].sort();
  }

  adopt(domain: string): PeerSession | null {
    return this.session(domain);
  }

  reach(domain: string, owns: Iterable<string>): void {
    for (const own of owns) this.domains.get(domain)?.reach(own);
  }

  giveWay(domain: string): readonly Stanza[] {
    return this.domains.get(domain)?.giveWay() ?? [];
  }

  bind(domain: ForeignDomain): PeerSession | null {
    const { server } = domain;
    let session: PeerSession | null = null;
    const refusal = this.parts.binding.bindAs((environment) => {
      session = new PeerSession(server.domain, this.rightsOf(server), domain, environment);
      return session;
    });
    if (refusal !== null) this.log.warn({ peer: server.domain, reason: refusal.text }, 'no session for a peer server');
    return refusal === null ? session : null;
  }

  isListener(session: number): boolean {
    return this.parts.routers.isListener(session);
  }

  isConnected(domain: string): boolean {
    // In a cluster, the peer's streams to other members count too; they are unknown here.
    return this.members !== null || [...this.incoming].some((stream) => stream.carries(domain));
  }

  endIncoming(domain: string, reason: CloseReason, error: StreamError | null): void {
    for (const stream of this.incoming) if (stream.carries(domain)) stream.connection.close(reason, error);
  }

  incomingEnded(stream: IncomingStream): void {
    this.incoming.delete(stream);
    for (const domain of this.domains.values()) if (stream.carries(domain.server.domain)) domain.endIfUnused();
  }

  streamTo(user: StreamUser, own: string): OutgoingStream {
    const shared = [...this.outgoing].find((stream) => stream.ready && stream.reportsErrors && isSameServer(stream.peer, user.server));
    const stream = shared ?? new OutgoingStream(user.server, own, this);
    stream.users.add(user);
    if (shared !== undefined) return stream;
    this.outgoing.add(stream);
    void this.connect(stream).catch((error: unknown) => {
      this.log.error({ err: error, peer: user.server.domain }, 'connecting to a peer server failed');
      stream.fail(unreachable('internal error'));
    });
    return stream;
  }

  streamEnded(stream: OutgoingStream): void {
    this.outgoing.delete(stream);
  }

  verify(pair: DomainPair, streamId: string, key: string, decided: (outcome: DialbackOutcome) => void): void {
    const domain = this.domains.get(pair.sender);
    if (domain === undefined) {
      decided('not-authorized');
      return;
    }
    // Another process asks, or {@link goOn}.
    if (this.held) return;
    let open = true;
    const once = (outcome: DialbackOutcome) => {
      if (!open) return;
      open = false;
      timer.cancel();
      decided(outcome);
    };
    const timer = this.clock.after(this.limits.peerNegotiationMs, () => once('remote-server-timeout'));
    domain.streamFor(pair.target).verify({ pair, streamId, key, decided: once });
  }

  isOwnKey(pair: DomainPair, streamId: string, key: string): boolean {
    // In a cluster, the stream may be that of another member, which makes its keys with the same secret.
    const isAwaited = this.members !== null || [...this.outgoing].some((stream) => stream.awaits(pair, streamId));
    return isAwaited && this.keys.match(pair, streamId, key);
  }

  private session(domain: string): PeerSession | null {
    return this.state === 'closed' ? null : (this.domains.get(domain)?.session ?? null);
  }

  private endpoint(domain: string): Endpoint | undefined {
    if (!this.domains.has(domain)) return undefined;
    return this.members?.owner(domain) ?? this.session(domain) ?? undefined;
  }

  private rightsOf({ domain, router }: PeerServer): PeerRights {
    return { router: router ? `${this.config.router.name}@${domain}` : '', sent: this.sent };
  }

  private newContext(identity: TlsIdentity | null, authorities: string): SecureContext {
    if (identity !== null) return authorities === '' ? identity.context : identity.trusting(authorities);
    return createSecureContext({ minVersion: 'TLSv1.2', ...(authorities !== '' && { ca: authorities }) });
  }

  private async connect(stream: OutgoingStream): Promise<void> {
    const { peer } = stream;
    const addresses = await this.addresses.of(peer);
    if (addresses.length === 0) {
      this.addresses.forget(peer.domain);
      stream.notReached(new StanzaError('remote-server-not-found', `${peer.host || peer.domain} has no address`));
      return;
    }
    const socket = await dial(addresses, this.limits.peerConnectMs, this.clock);
    if (socket === null) {
      this.addresses.forget(peer.domain);
      stream.notReached(unreachable(`cannot connect to ${addresses.map(({ host, port }) => `${host}:${port}`).join(', ')}`));
      return;
    }
    if (!stream.open) {
      socket.destroy();
      return;
    }
    socket.setKeepAlive(true, this.limits.keepAliveMs);
    if (!this.referenced) socket.unref();
    const transport = new ByteTransport(socket, placeOf(socket), peerFraming(peer.domain));
    stream.start(this.parts.connections.adopt(transport, this.dialled, () => stream));
  }
}

/** Whether one stream may carry the stanzas for both domains (XEP-0220 §2.6). */
function isSameServer(one: PeerServer, other: PeerServer): boolean {
  const { host, port, auth, tls, ca } = one;
  return host !== '' && host === other.host && port === other.port && auth === 'dialback' && other.auth === auth && tls === other.tls && ca === other.ca;
}
