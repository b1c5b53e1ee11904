import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Timer } from '../../shared/clock.ts';
import { StanzaError, StreamError } from '../../shared/errors.ts';
import type { ChopChopConfig } from '../config/config.ts';
import type { Limits } from '../config/limits.ts';
import type { PeerServer } from '../config/values/peers.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { ServerClock } from '../kernel/clock.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { Log } from '../kernel/log.ts';
import type { MemoryBudget } from '../kernel/memory-budget.ts';
import { ByteTransport } from '../net/byte-transport.ts';
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
import { OutgoingStream, type StreamUser, TICK_MS, unreachable } from './outgoing-stream.ts';
import { PeerSession } from './peer-session.ts';
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
  readonly queuedBytes: number;
  /** The last failure; `''`: none since it was reached. */
  readonly problem: string;
}

/** Bounds on incoming streams without a verified pair. */
const PENDING = { pendingConnections: 256, pendingOfAddress: 32 };
const UNBOUNDED = { pendingConnections: Number.POSITIVE_INFINITY, pendingOfAddress: Number.POSITIVE_INFINITY };

/** The streams from and to the peer servers of the configuration; no other server is ever called or heard. */
export class Federation implements DomainEnvironment, IncomingEnvironment {
  readonly keys = new DialbackKeys();
  readonly queued = { bytes: 0 };
  readonly clock: ServerClock;
  readonly limits: Limits;
  readonly memory: MemoryBudget;
  readonly log: Log;
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
  private identity: TlsIdentity | null = null;
  private readonly ticks: Timer;
  private state: 'open' | 'closed' = 'open';

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
    this.authorities = new Map(s2s.peers.map(({ ca }) => [ca, ca === '' ? '' : readPem(ca)]));
    this.addresses = new Addresses(SYSTEM_NAMES, () => clock.now());
    this.sent = new SentMessages(() => clock.now());
    this.pending = new PendingConnections(PENDING, clock);
    this.dialled = new PendingConnections(UNBOUNDED, clock);
    this.domains = new Map(s2s.peers.map((peer) => [peer.domain, new ForeignDomain(peer, this)]));
    this.ticks = clock.every(TICK_MS, () => {
      for (const stream of this.outgoing) stream.tick();
    });
    parts.delivery.foreign = (domain) => this.session(domain) ?? undefined;
  }

  /** All peers. */
  get peers(): PeerFacts[] {
    return [...this.domains.values()].map((domain) => {
      const { openPairs: outgoing, queuedBytes, problem, server } = domain;
      const pairs = [...this.incoming].flatMap((stream) => stream.pairs.open).map((key) => key.split(' '));
      const incoming = pairs.flatMap(([sender, target = '']) => (sender === server.domain ? [target] : []));
      return { domain: server.domain, address: domain.open ? domain.peer : '', outgoing, incoming, queuedBytes, problem: problem?.text ?? '' };
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

  /** Ends all streams and sessions. */
  close(reason: 'server-stopped' | 'server-restarted'): void {
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

  session(domain: string): PeerSession | null {
    return this.state === 'open' ? (this.domains.get(domain)?.session ?? null) : null;
  }

  bind(domain: ForeignDomain): PeerSession | null {
    const { server } = domain;
    const router = server.router ? `${this.config.router.name}@${server.domain}` : '';
    let session: PeerSession | null = null;
    const refusal = this.parts.binding.bindAs((environment) => {
      session = new PeerSession(server.domain, { router, sent: this.sent }, domain, environment);
      return session;
    });
    if (refusal !== null) this.log.warn({ peer: server.domain, reason: refusal.text }, 'no session for a peer server');
    return refusal === null ? session : null;
  }

  isListener(session: number): boolean {
    return this.parts.routers.isListener(session);
  }

  isConnected(domain: string): boolean {
    return [...this.incoming].some((stream) => stream.carries(domain));
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
    return [...this.outgoing].some((stream) => stream.awaits(pair, streamId)) && this.keys.match(pair, streamId, key);
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
    const transport = new ByteTransport(socket, placeOf(socket), peerFraming(peer.domain));
    stream.start(this.parts.connections.adopt(transport, this.dialled, () => stream));
  }
}

/** Whether one stream may carry the stanzas for both domains (XEP-0220 §2.6). */
function isSameServer(one: PeerServer, other: PeerServer): boolean {
  const { host, port, auth, tls, ca } = one;
  return host !== '' && host === other.host && port === other.port && auth === 'dialback' && other.auth === auth && tls === other.tls && ca === other.ca;
}
