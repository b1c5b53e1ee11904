import type { Timer } from '../../shared/clock.ts';
import { type Element, xml } from '../../shared/element.ts';
import { StreamError } from '../../shared/errors.ts';
import { normalizeDomain } from '../../shared/jid.ts';
import { NS } from '../../shared/namespaces.ts';
import type { StreamHeader } from '../../shared/reader/stream-receiver.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { PeerServer } from '../config/values/peers.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { Connection, SessionUser } from '../net/connection.ts';
import { newStreamId } from '../net/framing.ts';
import { unsupportedElement, unsupportedStanza } from '../sessions/unsupported.ts';
import { checkContentNamespace } from '../streams/header.ts';
import { streamLimitsXml } from '../streams/limits.ts';
import { namesDomain } from './certificate.ts';
import { verified } from './dialback/authoritative.ts';
import { type DialbackOutcome, type DialbackProblem, type DomainPair, pairKey, readDialback } from './dialback/element.ts';
import { ReceivingPairs } from './dialback/receiving.ts';
import type { PeerFraming } from './framing.ts';
import { KnownAddresses } from './known-addresses.ts';
import type { StreamEnvironment } from './outgoing-stream.ts';
import type { SavedIncoming } from './saved-federation.ts';

/** The parts of the server that incoming streams need. */
export interface IncomingEnvironment extends StreamEnvironment {
  serves(domain: string): boolean;
  peer(domain: string): PeerServer | null;
  /** Takes a stanza of a peer's domain. @returns false if there is no room for the peer's session. */
  read(domain: string, stanza: Stanza): boolean;
  readOversized(domain: string, stanza: Stanza, length: number): boolean;
  /** Asks the authoritative server of the sender. */
  verify(pair: DomainPair, streamId: string, key: string, decided: (outcome: DialbackOutcome) => void): void;
  /** Whether a stream of this server waits for the verification of that key. */
  isOwnKey(pair: DomainPair, streamId: string, key: string): boolean;
  incomingEnded(stream: IncomingStream): void;
}

/** A stream that a peer server has opened: its stanzas, and its questions about keys. A stanza needs a verified pair of domains. */
export class IncomingStream implements SessionUser {
  readonly reads = 'stanzas';
  readonly connection: Connection;
  readonly pairs: ReceivingPairs;
  /** The time at which its first pair was verified, in milliseconds since 1970; null: none was. */
  openedAt: number | null = null;
  private readonly framing: PeerFraming;
  private readonly environment: IncomingEnvironment;
  private readonly addresses = new KnownAddresses();
  private readonly timer: Timer;
  private state: 'opening' | 'verifying' | 'reopening' | 'open' = 'opening';
  private from = '';
  private streamId = '';
  /** Authenticated by SASL; `''`: none. */
  private authenticated = '';
  /** The file of authorities that the peer's certificate was checked with. */
  private authorities = '';
  /** The pair of the last stanza. */
  private lastPair = '';

  constructor(connection: Connection, framing: PeerFraming, environment: IncomingEnvironment) {
    this.connection = connection;
    this.framing = framing;
    this.environment = environment;
    this.pairs = new ReceivingPairs({
      refusal: (pair) => this.refusal(pair),
      certified: (domain) => this.certified(domain),
      verify: (pair, key, decided) => environment.verify(pair, this.streamId, key, decided),
      write: (written) => connection.write(written),
      opened: (pair) => this.opened(pair),
      forged: ({ sender, target }) => {
        environment.log.warn({ peer: connection.peer, from: sender, to: target }, 'refused a peer server: wrong dialback key');
        connection.close('login-failed');
      },
      refused: ({ sender, target }, problem) => environment.log.warn({ peer: connection.peer, from: sender, to: target, problem }, 'refused a peer server'),
    });
    this.timer = environment.clock.after(environment.limits.loginTimeoutMs, () =>
      connection.close('login-timeout', new StreamError('connection-timeout', 'no pair of domains was verified in time')),
    );
  }

  get jid(): string {
    return this.from;
  }

  /** Whether a pair of domains has been verified. */
  get ready(): boolean {
    return this.state === 'open';
  }

  /** Its state, for another process. */
  save(): SavedIncoming<Connection> {
    const { connection, from, streamId, framing, pairs } = this;
    return {
      connection,
      since: this.openedAt,
      from,
      streamId,
      to: framing.to,
      open: pairs.open,
      waiting: pairs.undecided.map((one) => ({ from: one.from, to: one.to, key: one.key })),
    };
  }

  /** Goes on with a stream of another process. */
  restore({ since, from, streamId, open, waiting }: SavedIncoming<unknown>): void {
    this.openedAt = since;
    this.from = from;
    this.streamId = streamId;
    this.state = 'open';
    this.timer.cancel();
    this.pairs.restore(
      open,
      waiting.map((one) => ({ ...one, name: 'result', type: '', id: '' })),
    );
    this.chargeConnection();
  }

  /** Ends the stream because this server restarts. What the peer has written before it learns of that still arrives. */
  leave(): void {
    if (this.ready) this.connection.endStream('server-restarted');
    else this.connection.close('server-restarted', new StreamError('system-shutdown', 'the server restarts'));
  }

  /** Whether it brings stanzas of a domain. */
  carries(domain: string): boolean {
    return this.pairs.knows(domain);
  }

  headerRead(header: StreamHeader): void {
    checkContentNamespace(header, NS.server);
    // jabberd2 names the domains in <db:result/> only.
    const from = this.domain(header.from);
    const to = this.domain(header.to);
    if (to !== '' && !this.environment.serves(to)) throw new StreamError('host-unknown', `this server does not serve "${header.to}"`);
    if (this.state === 'reopening' && from !== this.authenticated) throw new StreamError('invalid-from', 'the stream is for another domain than its login');
    this.from = from;
    this.streamId = newStreamId();
    this.framing.to = header.from;
    const isVersionless = header.version === '';
    this.connection.sendHeader({ from: header.to, id: this.streamId, version: isVersionless ? '' : '1.0' }, isVersionless ? null : this.features());
    const isLoggedIn = this.state === 'reopening';
    this.state = 'verifying';
    if (isLoggedIn && to !== '') this.pairs.add({ sender: from, target: to });
  }

  elementRead(element: Element): void {
    const { name, namespace } = element;
    if (namespace === NS.dialback) this.dialbackRead(element);
    else if (namespace === NS.tls && name === 'starttls' && this.offersTls) this.startTls();
    else if (namespace === NS.sasl && name === 'auth' && this.state === 'verifying') this.authRead(element);
    else if (namespace === NS.streams && name === 'error') this.environment.log.info({ peer: this.from }, 'a peer server ended its stream with an error');
    else throw unsupportedElement(element);
  }

  stanzaRead(stanza: Stanza, namespace: string): void {
    if (namespace !== NS.server && namespace !== NS.client) throw unsupportedStanza(stanza.name, namespace);
    if (!this.environment.read(this.senderOf(stanza), stanza)) throw noRoom();
  }

  oversizedStanzaRead(stanza: Stanza, length: number): void {
    if (!this.environment.readOversized(this.senderOf(stanza), stanza, length)) throw noRoom();
  }

  footerRead(): void {
    this.connection.close('client-closed');
  }

  ended(_reason: CloseReason, _unsent: Stanza[]): void {
    this.timer.cancel();
    if (this.state === 'open') this.connection.account.close();
    this.pairs.end();
    this.environment.incomingEnded(this);
  }

  private get peer(): PeerServer | null {
    return this.from === '' ? null : this.environment.peer(this.from);
  }

  private get isSecure(): boolean {
    return this.connection.transport.kind === 'tls';
  }

  private get offersTls(): boolean {
    return this.state === 'verifying' && !this.isSecure && this.environment.hasCertificate && this.connection.transport.canStartTls && this.peer?.tls !== 'off';
  }

  /** An empty domain stays empty. */
  private domain(written: string): string {
    const domain = written === '' ? '' : normalizeDomain(written);
    if (domain === null) throw new StreamError('improper-addressing', `"${written}" is not a domain`);
    return domain;
  }

  private features(): string {
    const { environment, peer } = this;
    const mayStartTls = !this.isSecure && environment.hasCertificate && this.connection.transport.canStartTls && peer?.tls !== 'off';
    const mustStartTls = mayStartTls && peer?.tls === 'required';
    const startTls = mayStartTls ? xml('starttls', { xmlns: NS.tls }, mustStartTls ? '<required/>' : '') : '';
    if (mustStartTls) return startTls;
    const mayLogIn = this.authenticated === '' && this.certified(this.from);
    const sasl = mayLogIn ? xml('mechanisms', { xmlns: NS.sasl }, xml('mechanism', {}, 'EXTERNAL')) : '';
    return startTls + sasl + xml('dialback', { xmlns: NS.dialbackFeature }, '<errors/>') + streamLimitsXml(environment.limits.stanzaBytes, 0);
  }

  private startTls(): void {
    const { peer } = this;
    this.state = 'opening';
    this.authorities = peer?.ca ?? '';
    this.connection.startTls({ role: 'server', context: this.environment.context(peer), serverName: '', started: () => {} });
  }

  /** XEP-0178 §3. */
  private authRead({ attributes, text: authzid }: Element): void {
    const given = authzid.trim().replace(/^=$/, '');
    const asked = given === '' ? this.from : Buffer.from(given, 'base64').toString('utf8').toLowerCase();
    if (attributes.get('mechanism') === 'EXTERNAL' && asked === this.from && this.certified(this.from)) {
      this.authenticated = this.from;
      this.state = 'reopening';
      this.connection.write(xml('success', { xmlns: NS.sasl }));
      this.connection.restartStream();
      return;
    }
    this.environment.log.warn({ peer: this.connection.peer, from: this.from }, 'refused the certificate of a peer server');
    this.connection.write(xml('failure', { xmlns: NS.sasl }, '<not-authorized/>'));
    if (this.peer?.auth === 'external') this.connection.close('login-failed');
  }

  private certified(domain: string): boolean {
    const peer = this.environment.peer(domain);
    const given = this.connection.transport.peerCertificate;
    return given?.trusted === true && peer !== null && peer.ca === this.authorities && namesDomain(given.certificate, domain);
  }

  private refusal({ sender, target }: DomainPair): DialbackProblem | null {
    const peer = this.environment.peer(sender);
    if (peer === null) return 'not-authorized';
    if (!this.environment.serves(target)) return 'item-not-found';
    if (peer.tls === 'required' && !this.isSecure) return 'policy-violation';
    return peer.auth === 'external' && !this.certified(sender) ? 'not-authorized' : null;
  }

  private dialbackRead(element: Element): void {
    const read = readDialback(element);
    if (this.state === 'opening' || this.state === 'reopening') throw new StreamError('not-authorized', `<db:${read.name}> before the stream`);
    if (read.type !== '') this.environment.ignored(this.connection.peer, read);
    else if (read.name === 'verify') this.connection.write(verified(read, this.environment));
    else if (!this.pairs.read(read)) this.environment.ignored(this.connection.peer, read);
  }

  private opened({ sender, target }: DomainPair): void {
    const { connection, environment } = this;
    environment.log.info({ peer: connection.peer, from: sender, to: target }, 'a peer server may send stanzas');
    if (this.state === 'open') return;
    this.state = 'open';
    this.openedAt = environment.clock.wallTime();
    this.timer.cancel();
    connection.handOver(this);
    this.chargeConnection();
  }

  private chargeConnection(): void {
    const { connection } = this;
    connection.account.loggedIn({ peer: this.from || connection.peer, rank: 'listener', giveUp: () => connection.close('memory-budget') });
  }

  /** Writes the sender's address in its normal form. @returns its domain, which is verified (RFC 6120 §8.1.1.2, §8.1.2.2). */
  private senderOf(stanza: Stanza): string {
    const sender = this.addresses.of(stanza.from);
    const target = this.addresses.of(stanza.to);
    if (sender === null || target === null) throw new StreamError('improper-addressing', 'a stanza between servers needs "from" and "to"');
    const pair = pairKey(sender.domain, target.domain);
    if (pair !== this.lastPair) {
      // Prosody answers a stanza of a second domain on its stream to the first one: the sender counts, both targets are domains of this server.
      if (!this.pairs.knows(sender.domain)) throw new StreamError('invalid-from', `${sender.domain} is not verified on this stream`);
      if (!this.environment.serves(target.domain)) throw new StreamError('host-unknown', `this server does not serve ${target.domain}`);
      this.lastPair = pair;
    }
    stanza.from = sender.jid;
    return sender.domain;
  }
}

function noRoom(): StreamError {
  return new StreamError('resource-constraint', 'this server has no room for another session');
}
