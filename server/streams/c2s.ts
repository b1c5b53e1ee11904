import { randomUUID } from 'node:crypto';
import type { Timer } from '../../shared/clock.ts';
import { childText, type Element, text, xml } from '../../shared/element.ts';
import { StanzaError, StreamError } from '../../shared/errors.ts';
import { iqStanza } from '../../shared/iq.ts';
import { isResource, normalizeDomain } from '../../shared/jid.ts';
import { NS } from '../../shared/namespaces.ts';
import type { StreamHeader } from '../../shared/reader/stream-receiver.ts';
import { isStanzaName } from '../../shared/stanza.ts';
import type { ServerClock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Accounts } from '../login/accounts.ts';
import type { FailedLogins } from '../login/failed-logins.ts';
import { iqAuthFieldsXml, iqAuthLogin, refusedIqAuth } from '../login/iq-auth.ts';
import { type LoginPolicy, type LoginTerms, loginTerms } from '../login/policy.ts';
import { accountOf, type RefusedLogin, refusalReason } from '../login/refused-login.ts';
import { SaslDialogue } from '../login/sasl/dialogue.ts';
import type { SaslMechanism } from '../login/sasl/mechanism.ts';
import type { Connection, Negotiation } from '../net/connection.ts';
import { newStreamId } from '../net/framing.ts';
import type { Link } from '../sessions/link.ts';
import { failedXml } from '../sessions/management-elements.ts';
import type { Resumption } from '../sessions/resumption.ts';
import type { Session } from '../sessions/session.ts';
import { unsupportedStanza } from '../sessions/unsupported.ts';
import { checkContentNamespace } from './header.ts';
import { ClientStream } from './session-streams.ts';

/** The parts of the server that a negotiation needs. */
export interface C2sEnvironment {
  readonly clock: ServerClock;
  readonly accounts: Accounts;
  /** All mechanisms of the server, strongest first. */
  readonly mechanisms: readonly SaslMechanism[];
  readonly policy: LoginPolicy;
  readonly log: Log;
  readonly loginTimeoutMs: number;
  /** The features besides login and binding, as XML. */
  readonly features: { readonly beforeLogin: string; readonly afterLogin: string };
  readonly failedLogins: FailedLogins;
  servesDomain(domain: string): boolean;
  readonly resumption: Resumption;
  /** Makes a session, or returns an error. */
  bind(link: Link, username: string, domain: string, resource: string, isVersionless: boolean): Session | StanzaError;
}

/** RFC 6120 §6.4.1 lets a server end the stream after some failures, but not before two retries. */
const MAX_FAILURES = 3;

const PASSWORD_NEEDS_TLS = 'this server requires TLS for passwords';

/** The login terms before the stream header. */
const NO_LOGIN: LoginTerms = { startTls: 'none', login: false, plaintext: false };

/**
 * The negotiation of a client's stream: header, features, login, binding (RFC 6120 §4.3, §6, §7; XEP-0078).
 *
 * OpenSRF's clients read the socket once per step, so the server answers each step in one write and sends nothing in between.
 */
export class C2sNegotiation implements Negotiation {
  readonly reads = 'elements';
  private readonly connection: Connection;
  private readonly environment: C2sEnvironment;
  private readonly timer: Timer;
  private state: 'opening' | 'authenticating' | 'failing' | 'reopening' | 'binding' | 'done' = 'opening';
  private domain = '';
  private streamId = '';
  private isVersionless = true;
  private username = '';
  private terms: LoginTerms = NO_LOGIN;
  private sasl: SaslDialogue | null = null;
  private failures = 0;
  private failureTimer: Timer | null = null;

  constructor(connection: Connection, environment: C2sEnvironment) {
    this.connection = connection;
    this.environment = environment;
    this.timer = environment.clock.after(environment.loginTimeoutMs, () => this.timedOut());
  }

  headerRead(header: StreamHeader): void {
    const to = this.checkedDomain(header);
    // RFC 6120 §4.7.5: a stream without version is 0.9, without features and SASL.
    this.isVersionless = header.version === '';
    if (!this.isVersionless && !/^[1-9]\d*\.\d+$/.test(header.version)) throw new StreamError('unsupported-version', 'version must be 1.0');
    this.domain = to;
    this.terms = loginTerms(this.environment.policy, this.connection.transport);
    this.streamId = newStreamId();
    this.connection.sendHeader({ from: header.to, id: this.streamId, version: this.isVersionless ? '' : '1.0' }, this.isVersionless ? null : this.features());
    this.state = this.state === 'reopening' ? 'binding' : 'authenticating';
  }

  elementRead(element: Element): void {
    const { name, prefix, namespace } = element;
    if (this.state === 'failing') throw new StreamError('policy-violation', 'a login is still pending');
    if (namespace === NS.sasl) this.saslRead(element);
    else if (namespace === NS.tls) this.tlsRead(element);
    else if (namespace === NS.client && name === 'iq' && prefix === '') this.iqRead(element);
    else if (namespace === NS.streamManagement && this.state === 'binding') this.managementRead(element);
    else if (namespace !== NS.client && isStanzaName(name) && prefix === '') throw unsupportedStanza(name, namespace);
    // RFC 6120 §4.9.3.12
    else throw new StreamError('not-authorized', `<${name}> before login`);
  }

  footerRead(): void {
    this.connection.close('client-closed');
  }

  ended(): void {
    this.timer.cancel();
    this.failureTimer?.cancel();
  }

  private checkedDomain(header: StreamHeader): string {
    const to = normalizeDomain(header.to);
    checkContentNamespace(header, NS.client);
    if (to === null || !this.environment.servesDomain(to)) {
      this.environment.log.warn({ peer: this.connection.peer, domain: header.to, reason: 'wrong domain' }, 'login refused');
      throw new StreamError('host-unknown', `this server does not serve "${header.to}"`);
    }
    if (this.state === 'reopening' && to !== this.domain) throw new StreamError('host-unknown', 'the new stream is for another domain');
    return to;
  }

  private features(): string {
    const { mechanisms, features } = this.environment;
    if (this.state === 'reopening') return BINDING_FEATURES + features.afterLogin;
    const { channelBindings } = this.connection.transport;
    this.sasl = new SaslDialogue(mechanisms, { domain: this.domain, channelBindings }, this.terms);
    const iqAuth = this.terms.plaintext ? xml('auth', { xmlns: NS.iqAuthFeature }) : '';
    return startTlsFeature(this.terms) + this.sasl.featuresXml + iqAuth + features.beforeLogin;
  }

  /** RFC 6120 §5.4.2. */
  private tlsRead(element: Element): void {
    if (this.state === 'authenticating' && this.terms.startTls !== 'none' && element.name === 'starttls') {
      // §5.4.3.3: discard everything before TLS.
      this.state = 'opening';
      this.sasl = null;
      this.connection.startTls();
      return;
    }
    this.connection.write(`<failure xmlns='${NS.tls}'/>`);
    this.connection.close('login-failed');
  }

  private timedOut(): void {
    this.environment.log.info({ peer: this.connection.peer }, 'login took too long');
    this.connection.close('login-timeout', new StreamError('connection-timeout', 'login took too long'));
  }

  private iqRead(iq: Element): void {
    const [payload] = iq.children;
    if (payload?.namespace === NS.iqAuth && this.state === 'authenticating') {
      this.iqAuthRead(iq, payload);
      return;
    }
    if (payload?.namespace === NS.bind && this.state === 'binding' && typeOf(iq) === 'set') {
      this.bind(iq, childText(payload, 'resource') ?? '');
      return;
    }
    // RFC 6120 §7.1: no stanzas before binding.
    throw new StreamError('not-authorized', this.state === 'binding' ? 'bind a resource first' : 'log in first');
  }

  private iqAuthRead(iq: Element, query: Element): void {
    if (!this.terms.plaintext) this.iqAuthSet(iq, query, new StanzaError('policy-violation', PASSWORD_NEEDS_TLS));
    else if (typeOf(iq) === 'get') this.answer(iq, iqAuthFieldsXml(childText(query, 'username') ?? ''));
    else if (typeOf(iq) === 'set') this.iqAuthSet(iq, query, iqAuthLogin(query, this.domain, this.streamId, this.environment.accounts));
    else this.refuse(iq, new StanzaError('bad-request', 'the type must be get or set'));
  }

  private iqAuthSet(iq: Element, query: Element, login: ReturnType<typeof iqAuthLogin>): void {
    if (login instanceof StanzaError) {
      this.loginFailed(refusedIqAuth(query, login), () => this.refuse(iq, login));
      return;
    }
    const session = this.environment.bind(this.connection, login.username, this.domain, login.resource, this.isVersionless);
    if (session instanceof StanzaError) this.refuse(iq, session);
    else this.become(session, iq, '');
  }

  private bind(iq: Element, resource: string): void {
    if (resource !== '' && !isResource(resource)) {
      this.refuse(iq, new StanzaError('bad-request', 'the resource is invalid'));
      return;
    }
    const session = this.environment.bind(this.connection, this.username, this.domain, resource === '' ? randomUUID() : resource, false);
    if (session instanceof StanzaError) this.refuse(iq, session);
    else this.become(session, iq, xml('bind', { xmlns: NS.bind }, xml('jid', {}, text(session.jid))));
  }

  /** XEP-0198 §5: instead of binding a resource, a client may resume a session. */
  private managementRead(element: Element): void {
    const { connection, environment } = this;
    const failure = element.name === 'resume' ? environment.resumption.resume(connection, `${this.username}@${this.domain}`, element) : 'unexpected-request';
    if (failure === null) this.done();
    else connection.write(failedXml(failure));
  }

  private become(session: Session, iq: Element, content: string): void {
    this.done();
    this.answer(iq, content);
    this.connection.handOver(new ClientStream(this.connection, session, this.environment.resumption));
  }

  private done(): void {
    this.state = 'done';
    this.timer.cancel();
  }

  private saslRead(element: Element): void {
    if (this.sasl === null) throw new StreamError('not-authorized', 'SASL needs a stream of version 1.0');
    const answer = this.state === 'authenticating' ? this.sasl.read(element) : null;
    if (answer === null) throw new StreamError('not-authorized', `<${element.name}> is out of order`);
    if (answer.failure !== null) {
      this.loginFailed(answer.failure, () => this.connection.write(answer.xml));
      return;
    }
    this.connection.write(answer.xml);
    if (answer.username === '') return;
    this.username = answer.username;
    this.state = 'reopening';
    this.connection.restartStream();
  }

  /** @param tell Sends the failure to the client. */
  private loginFailed(login: RefusedLogin, tell: () => void): void {
    const { peer } = this.connection;
    this.failures++;
    this.environment.log.warn(
      { peer, account: accountOf(login, this.domain), reason: refusalReason(login, this.domain, this.environment.accounts) },
      'login refused',
    );
    const delayMs = this.environment.failedLogins.delayMs(peer);
    if (delayMs === 0) {
      this.tellFailure(tell);
      return;
    }
    this.state = 'failing';
    this.failureTimer = this.environment.clock.after(delayMs, () => this.tellFailure(tell));
  }

  private tellFailure(tell: () => void): void {
    this.state = 'authenticating';
    tell();
    if (this.failures >= MAX_FAILURES) this.connection.close('login-failed', new StreamError('policy-violation', 'too many failed logins'));
  }

  private answer(iq: Element, content: string): void {
    // Without `from`: OpenSRF's clients check only the type, but Python's compares the whole element.
    this.connection.answer(iqStanza('', '', 'result', idOf(iq), content));
  }

  private refuse(iq: Element, error: StanzaError): void {
    // Without the request, which may contain a password.
    this.connection.answer(iqStanza('', '', 'error', idOf(iq), error.toXml()));
  }
}

const BINDING_FEATURES = xml('bind', { xmlns: NS.bind }) + xml('session', { xmlns: NS.session }, '<optional/>');

function typeOf(iq: Element): string {
  return iq.attributes.get('type') ?? '';
}

function idOf(iq: Element): string {
  return iq.attributes.get('id') ?? '';
}

function startTlsFeature({ startTls }: LoginTerms): string {
  switch (startTls) {
    case 'none':
      return '';
    case 'offered':
      return xml('starttls', { xmlns: NS.tls });
    case 'required':
      return xml('starttls', { xmlns: NS.tls }, '<required/>');
  }
}
