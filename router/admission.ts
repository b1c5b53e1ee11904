import { StanzaError } from '../shared/errors.ts';
import { parseJid } from '../shared/jid.ts';
import type { Stanza } from '../shared/stanza.ts';
import type { RouterEnvironment } from './ports/environment.ts';
import type { RouterOptions } from './ports/options.ts';
import { untrusted } from './refusal.ts';
import type { Refusals } from './refusals.ts';

/** Checks stanzas to a router: trust, size, nested stanzas. It answers those that it does not admit. */
export class Admission {
  private trustedServers: ReadonlySet<string>;
  private trustedClients: ReadonlySet<string>;
  private readonly queryBytes: number;
  private readonly environment: RouterEnvironment;
  private readonly refusals: Refusals;

  constructor({ trustedServers, trustedClients, limits }: RouterOptions, environment: RouterEnvironment, refusals: Refusals) {
    this.trustedServers = trustedServers;
    this.trustedClients = trustedClients;
    this.queryBytes = limits.queryBytes;
    this.environment = environment;
    this.refusals = refusals;
  }

  /** Replaces the trusted domains. */
  trust(servers: ReadonlySet<string>, clients: ReadonlySet<string>): void {
    this.trustedServers = servers;
    this.trustedClients = clients;
  }

  /** Whether the sender's domain may register and query. */
  trustsServer(stanza: Stanza): boolean {
    return this.trustedServers.has(senderDomain(stanza));
  }

  /** Whether the sender's domain may send requests. */
  trustsClient(stanza: Stanza): boolean {
    return this.trustedClients.has(senderDomain(stanza));
  }

  /** Whether to read a message to the router itself: parsing it costs far more than sending it. */
  admitsToRouter(stanza: Stanza): boolean {
    if (!this.trustsServer(stanza)) {
      this.refuseServer(stanza);
      return false;
    }
    const error = this.tooMuch(stanza);
    if (error !== null) this.environment.bounce(stanza, error);
    return error === null;
  }

  /** Whether a request may go to a listener. */
  admitsRequest(stanza: Stanza): boolean {
    if (!this.trustedClients.has(senderDomain(stanza))) {
      this.refusals.refuse(stanza, untrusted(senderDomain(stanza)));
      return false;
    }
    const error = this.unacceptable(stanza);
    if (error === null) return true;
    this.environment.failures.refused(stanza, error.code, error.text);
    this.environment.bounce(stanza, error);
    return false;
  }

  private unacceptable({ hasNestedStanza }: Stanza): StanzaError | null {
    if (this.environment.memory.full) return new StanzaError('resource-constraint', 'no memory left for more requests');
    return hasNestedStanza ? new StanzaError('not-acceptable', 'an OpenSRF listener would misread a stanza nested in a stanza') : null;
  }

  private tooMuch(stanza: Stanza): StanzaError | null {
    if (stanza.length > this.queryBytes) return new StanzaError('policy-violation', `a message to a router may have at most ${this.queryBytes} bytes`);
    // Unread answers would only pile up.
    const backlogged = this.environment.session(stanza.origin)?.backlogged === true;
    return backlogged ? new StanzaError('resource-constraint', 'read the answers to earlier queries first') : null;
  }

  private refuseServer(stanza: Stanza): void {
    const { from, to, transactionId: xid } = stanza;
    const refusal = untrusted(senderDomain(stanza));
    this.environment.log.warn({ from, to, xid }, 'refused a router command or query from a domain that is not trusted');
    if (stanza.routerCommand === '') this.refusals.answer(stanza, refusal);
    else this.refusals.bounce(stanza, refusal);
  }
}

/** The sender's domain: that of its session, or of the stamped address. */
function senderDomain({ origin, from }: Stanza): string {
  return origin.session === 0 ? (parseJid(from)?.domain ?? '') : origin.domain;
}
