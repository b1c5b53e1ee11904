import type { SecureContext } from 'node:tls';
import type { Timer } from '../../shared/clock.ts';
import { child, childText, type Element, text, xml } from '../../shared/element.ts';
import { StanzaError, StreamError } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import type { StreamHeader } from '../../shared/reader/stream-receiver.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { Limits } from '../config/limits.ts';
import type { PeerServer } from '../config/values/peers.ts';
import type { ServerClock } from '../kernel/clock.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { Log } from '../kernel/log.ts';
import type { Connection, SessionUser } from '../net/connection.ts';
import { unsupportedElement } from '../sessions/unsupported.ts';
import { namesDomain } from './certificate.ts';
import { type DialbackElement, type DialbackOutcome, type DomainPair, readDialback } from './dialback/element.ts';
import { InitiatingPairs } from './dialback/initiating.ts';
import type { DialbackKeys } from './dialback/keys.ts';
import type { SavedOutgoing } from './saved-federation.ts';

/** The interval of {@link OutgoingStream.tick}. */
export const TICK_MS = 60_000;

/** The parts of the server that all streams of peer servers share. */
export interface StreamEnvironment {
  readonly clock: ServerClock;
  readonly limits: Limits;
  readonly log: Log;
  readonly keys: DialbackKeys;
  /** Whether this server can prove its domains by a certificate, and accept TLS. */
  readonly hasCertificate: boolean;
  /** For TLS with a peer. */
  context(peer: PeerServer | null): SecureContext;
  /** An element of dialback that came without a request is ignored. */
  ignored(peer: string, element: DialbackElement): void;
  streamEnded(stream: OutgoingStream): void;
}

/** Asks whether a key is genuine. */
interface Question {
  readonly pair: DomainPair;
  readonly streamId: string;
  readonly key: string;
  decided(outcome: DialbackOutcome): void;
}

/** The domain of a peer, which uses an outgoing stream. */
export interface StreamUser {
  readonly server: PeerServer;
  /** Whether the stream stays open although nothing is sent. */
  readonly keepsOpen: boolean;
  opened(own: string): void;
  failed(own: string, error: StanzaError): void;
  /** The stream has ended. @param problem null: without a fault of the peer. @param unsent Its stanzas that were not written, in order. */
  streamEnded(stream: OutgoingStream, reason: CloseReason, problem: StanzaError | null, unsent: Stanza[]): void;
}

/** A stream that this server has opened: for stanzas to the peer, and for questions about keys (RFC 6120 §4.5, XEP-0220 §2.1). */
export class OutgoingStream implements SessionUser {
  readonly reads = 'stanzas';
  /** The first user's; others need the same address and the same rules. */
  readonly peer: PeerServer;
  readonly users = new Set<StreamUser>();
  /** The most bytes of a stanza that the peer takes (XEP-0478). */
  maxBytes = Number.POSITIVE_INFINITY;
  /** Whether the peer reports failures without ending the stream, so that several of its domains can share it. */
  reportsErrors = false;
  connection: Connection | null = null;
  /** The time since which it can carry stanzas, in milliseconds since 1970; null: it cannot yet. */
  readyAt: number | null = null;
  private sent = 0;
  /** Of the last tick. */
  private sentBefore = 0;
  private quietTicks = 0;
  private readonly environment: StreamEnvironment;
  /** The own domain in the header. */
  private readonly own: string;
  private state: 'dialling' | 'opening' | 'authenticating' | 'ready' | 'ended' = 'dialling';
  private pairs: InitiatingPairs | null = null;
  private authenticated = false;
  /** Given by the peer. */
  private streamId = '';
  private wanted: DomainPair[] = [];
  private questions: Question[] = [];
  private problem: StanzaError | null = null;
  private readonly timer: Timer;

  constructor(peer: PeerServer, own: string, environment: StreamEnvironment) {
    this.peer = peer;
    this.own = own;
    this.environment = environment;
    this.timer = environment.clock.after(environment.limits.peerNegotiationMs, () => this.fail(unreachable('the negotiation took too long')));
  }

  /** For logs. */
  get jid(): string {
    return this.peer.domain;
  }

  get open(): boolean {
    return this.state !== 'ended';
  }

  get ready(): boolean {
    return this.state === 'ready';
  }

  /** Its state, for another process. */
  save(connection: Connection): SavedOutgoing<Connection> {
    const { own, reportsErrors, streamId } = this;
    const maxBytes = this.maxBytes === Number.POSITIVE_INFINITY ? 0 : this.maxBytes;
    const users = Array.from(this.users, ({ server }) => server.domain);
    return { connection, since: this.readyAt, users, own, maxBytes, reportsErrors, streamId, pairs: this.pairs?.save() ?? [] };
  }

  /** Goes on with a stream of another process. */
  restore(connection: Connection, { since, maxBytes, reportsErrors, streamId, pairs }: SavedOutgoing<unknown>): void {
    this.connection = connection;
    this.readyAt = since;
    this.maxBytes = maxBytes || Number.POSITIVE_INFINITY;
    this.reportsErrors = reportsErrors;
    this.streamId = streamId;
    this.state = 'ready';
    this.timer.cancel();
    this.pairs = this.createPairs(connection);
    this.pairs.restore(pairs);
    this.chargeConnection(connection);
  }

  /** Ends the stream because this server restarts: its users keep for the next process what was not written. */
  leave(): void {
    if (this.state === 'ended') return;
    this.pairs?.abandon();
    this.questions = [];
    if (this.connection === null) this.ended('server-restarted', []);
    else this.connection.close('server-restarted');
  }

  /** Called once the socket is connected. */
  start(connection: Connection): void {
    this.connection = connection;
    this.openStream();
  }

  /** Called if there is no socket. */
  notReached(problem: StanzaError): void {
    if (this.state === 'ended') return;
    this.problem = problem;
    this.ended('connection-failed', []);
  }

  /** Asks the peer to take stanzas of a pair. */
  ask(pair: DomainPair): void {
    if (this.pairs === null) this.wanted.push(pair);
    else this.pairs.ask(pair);
  }

  verify(question: Question): void {
    if (this.pairs === null) this.questions.push(question);
    else this.pairs.verify(question.pair, question.streamId, question.key, (outcome) => question.decided(outcome));
  }

  awaits(pair: DomainPair, streamId: string): boolean {
    return this.pairs?.awaits(pair, streamId) === true;
  }

  /** Called for an open pair only. */
  send(stanza: Stanza): void {
    this.sent++;
    this.connection?.send(stanza);
  }

  /** Called every {@link TICK_MS}: keeps a quiet stream open for a while, because some servers close one after minutes. */
  tick(): void {
    if (this.state !== 'ready') return;
    this.quietTicks = this.sent === this.sentBefore ? this.quietTicks + 1 : 0;
    this.sentBefore = this.sent;
    if (this.quietTicks === 0) return;
    if (this.quietTicks * TICK_MS < this.environment.limits.peerIdleMs || [...this.users].some(({ keepsOpen }) => keepsOpen)) this.connection?.write(' ');
    else this.connection?.close('client-closed');
  }

  /** Ends the stream with an error of this server's view. */
  fail(problem: StanzaError): void {
    if (this.state === 'ended') return;
    this.problem ??= problem;
    if (this.connection === null) this.notReached(problem);
    else this.connection.close('login-failed');
  }

  headerRead(header: StreamHeader): void {
    const refusal = this.refusedCertificate();
    if (refusal !== '') {
      this.fail(unreachable(refusal));
      return;
    }
    this.streamId = header.id;
    // RFC 6120 §4.7.5: without a version no features follow.
    if (header.version === '') this.featuresRead(null);
  }

  elementRead(element: Element): void {
    const { name, namespace } = element;
    if (namespace === NS.dialback) this.dialbackRead(element);
    else if (namespace === NS.streams && name === 'features') this.featuresRead(element);
    else if (namespace === NS.streams && name === 'error') this.errorRead(element);
    else if (namespace === NS.tls && this.state === 'authenticating') this.tlsRead(name);
    else if (namespace === NS.sasl && this.state === 'authenticating') this.saslRead(name);
    else throw unsupportedElement(element);
  }

  stanzaRead(): void {
    throw new StreamError('not-authorized', 'stanzas of the peer come on a stream that the peer opens');
  }

  oversizedStanzaRead(): void {
    this.stanzaRead();
  }

  footerRead(): void {
    this.connection?.close('client-closed');
  }

  ended(reason: CloseReason, unsent: Stanza[]): void {
    this.state = 'ended';
    this.timer.cancel();
    const { problem } = this;
    const lost = reason === 'client-closed' || reason.startsWith('server-') ? null : unreachable(`the stream to ${this.peer.domain} ended: ${reason}`);
    if (this.pairs !== null) this.connection?.account.close();
    this.pairs?.end();
    for (const { decided } of this.questions.splice(0))
      decided(problem?.condition === 'remote-server-not-found' ? problem.condition : 'remote-connection-failed');
    this.environment.streamEnded(this);
    for (const user of [...this.users]) {
      const own = unsent.filter(({ to }) => domainOf(to) === user.server.domain);
      user.streamEnded(this, reason, problem ?? lost, own);
    }
  }

  private openStream(): void {
    this.state = 'opening';
    this.connection?.sendHeader({ from: this.own, id: '', version: '1.0' }, null);
  }

  private featuresRead(features: Element | null): void {
    if (this.state !== 'opening') throw new StreamError('bad-format', 'stream features are out of order');
    const { peer, connection } = this;
    const isSecure = connection?.transport.kind === 'tls';
    const offersTls = child(features, 'starttls', NS.tls) !== undefined;
    if (!isSecure && offersTls && peer.tls !== 'off' && connection?.transport.canStartTls === true) {
      this.state = 'authenticating';
      connection.write(xml('starttls', { xmlns: NS.tls }));
      return;
    }
    if (!isSecure && peer.tls === 'required') {
      this.fail(unreachable(`${peer.domain} offers no TLS, which tls=required asks for`));
      return;
    }
    this.maxBytes = Number(childText(child(features, 'limits', NS.streamLimits) ?? null, 'max-bytes') ?? Number.POSITIVE_INFINITY);
    this.reportsErrors = child(child(features, 'dialback', NS.dialbackFeature) ?? null, 'errors') !== undefined;
    const mechanisms = child(features, 'mechanisms', NS.sasl)?.children ?? [];
    if (this.authenticated || !this.environment.hasCertificate || !isSecure || !mechanisms.some((one) => one.text === 'EXTERNAL')) {
      this.beReady();
      return;
    }
    this.state = 'authenticating';
    connection.write(xml('auth', { xmlns: NS.sasl, mechanism: 'EXTERNAL' }, text(Buffer.from(this.own).toString('base64'))));
  }

  /** XEP-0178 §3. The peer must be the domain itself, whatever host DNS names. */
  private refusedCertificate(): string {
    const { peer, connection } = this;
    if (peer.auth !== 'external' || connection?.transport.kind !== 'tls') return '';
    const given = connection.transport.peerCertificate;
    if (given === null || !given.trusted) return `${peer.domain} has no certificate of a known authority`;
    return namesDomain(given.certificate, peer.domain) ? '' : `the certificate is not for ${peer.domain}`;
  }

  private tlsRead(name: string): void {
    if (name !== 'proceed') {
      this.fail(unreachable(`${this.peer.domain} cannot begin TLS`));
      return;
    }
    this.connection?.startTls({ role: 'client', context: this.environment.context(this.peer), serverName: this.peer.domain, started: () => this.openStream() });
  }

  private saslRead(name: string): void {
    if (name === 'success') {
      this.authenticated = true;
      this.connection?.restartStream();
      this.openStream();
      return;
    }
    // XEP-0178 §3: dialback may still succeed on the same stream.
    if (this.peer.auth === 'external') this.fail(new StanzaError('internal-server-error', `${this.peer.domain} refused the certificate of this server`));
    else this.beReady();
  }

  private beReady(): void {
    const { connection } = this;
    if (connection === null) return;
    this.state = 'ready';
    this.readyAt = this.environment.clock.wallTime();
    this.timer.cancel();
    connection.handOver(this);
    this.chargeConnection(connection);
    const pairs = this.createPairs(connection);
    this.pairs = pairs;
    for (const pair of this.wanted.splice(0)) {
      if (this.authenticated && pair.sender === this.own && pair.target === this.peer.domain) pairs.add(pair);
      else pairs.ask(pair);
    }
    for (const question of this.questions.splice(0)) this.verify(question);
  }

  private chargeConnection(connection: Connection): void {
    connection.account.loggedIn({ peer: this.jid, rank: 'listener', giveUp: () => connection.close('memory-budget') });
  }

  private createPairs(connection: Connection): InitiatingPairs {
    return new InitiatingPairs(this.streamId, {
      keys: this.environment.keys,
      write: (xml) => connection.write(xml),
      opened: ({ sender, target }) => this.userOf(target)?.opened(sender),
      failed: ({ sender, target }, outcome) => this.userOf(target)?.failed(sender, refused(target, outcome)),
    });
  }

  private userOf(domain: string): StreamUser | undefined {
    return [...this.users].find(({ server }) => server.domain === domain);
  }

  private dialbackRead(element: Element): void {
    const read = readDialback(element);
    if (this.pairs?.read(read) !== true) this.environment.ignored(this.jid, read);
  }

  private errorRead(element: Element): void {
    const condition = element.children.find(({ namespace }) => namespace === NS.streamErrors)?.name ?? 'undefined-condition';
    // A server ends an idle stream so.
    if (condition !== 'connection-timeout') this.problem ??= unreachable(`${this.peer.domain} ended the stream: ${condition}`);
    this.environment.log.info({ peer: this.jid, condition }, 'a peer server ended a stream');
  }
}

/** RFC 6120 §8.3.3.16. */
export function unreachable(why: string): StanzaError {
  return new StanzaError('remote-server-timeout', why);
}

function refused(domain: string, outcome: 'invalid' | 'error'): StanzaError {
  return outcome === 'invalid'
    ? new StanzaError('internal-server-error', `${domain} does not accept the dialback key of this server`)
    : unreachable(`${domain} could not verify this server`);
}

/** The domain of an address, without checks. */
export function domainOf(jid: string): string {
  const slash = jid.indexOf('/');
  const bare = slash === -1 ? jid : jid.slice(0, slash);
  return bare.slice(bare.indexOf('@') + 1);
}
