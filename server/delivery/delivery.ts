import type { Endpoint } from '../../shared/endpoint.ts';
import { StanzaError } from '../../shared/errors.ts';
import { bareJid, formatJid, type Jid, parseJid } from '../../shared/jid.ts';
import { bounce, bounceWithoutContent } from '../../shared/osrf/bounce.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { ServerCounts } from '../kernel/counts.ts';
import type { Directory } from './directory.ts';

/** Learns of each stanza that came back because nothing takes it. */
export type UndeliveredObserver = (stanza: Stanza, error: StanzaError) => void;

/** The rules for finding who gets a stanza (RFC 6120 §10, RFC 6121 §8). */
export class Delivery {
  private readonly directory: Directory;
  private readonly counts: ServerCounts;
  private readonly undelivered: UndeliveredObserver;

  constructor(directory: Directory, counts: ServerCounts, undelivered: UndeliveredObserver = () => {}) {
    this.directory = directory;
    this.counts = counts;
    this.undelivered = undelivered;
  }

  /** Hands a stanza, whose `from` is stamped, to the endpoint at its `to`; one that nobody takes bounces. */
  deliver(stanza: Stanza): void {
    const endpoint = this.directory.get(stanza.to);
    if (endpoint === undefined) this.deliverByParts(stanza);
    else endpoint.deliver(stanza);
  }

  /** Sends a stanza back to its sender with an error, if it may be answered at all. */
  bounce(stanza: Stanza, error: StanzaError): void {
    this.undelivered(stanza, error);
    this.sendBounce(bounce(stanza, error), error);
  }

  /** The same for a router, which has reported the failure of the request itself. */
  sendBack(stanza: Stanza, error: StanzaError): void {
    this.sendBounce(bounce(stanza, error), error);
  }

  /** The same for a stanza whose content was let go. */
  bounceWithoutContent(stanza: Stanza, error: StanzaError): void {
    this.sendBounce(bounceWithoutContent(stanza, error), error);
  }

  // Not by `deliver`: a bounce that nobody takes ends here.
  private sendBounce(answer: Stanza | null, { condition }: StanzaError): void {
    if (answer === null) return;
    this.counts.bounces.count(condition);
    const jid = parseJid(answer.to);
    if (jid !== null) this.endpointFor(jid)?.deliver(answer);
  }

  private deliverByParts(stanza: Stanza): void {
    if (stanza.to === '') {
      this.deliverToOwnAccount(stanza);
      return;
    }
    const jid = parseJid(stanza.to);
    if (jid === null) {
      this.bounce(stanza, new StanzaError('jid-malformed', 'the address in "to" is no JID'));
      return;
    }
    const endpoint = this.endpointFor(jid);
    if (endpoint === undefined) {
      this.bounce(stanza, new StanzaError('remote-server-not-found', `this server does not serve ${jid.domain}`));
      return;
    }
    endpoint.deliver(stanza);
  }

  /** Whoever has the address or, since nobody else has it, all that are below his own. */
  private endpointFor(jid: Jid): Endpoint | undefined {
    return this.directory.get(formatJid(jid)) ?? this.directory.get(bareJid(jid)) ?? this.directory.get(jid.domain);
  }

  /** RFC 6120 §10.3: without `to` it is for the sender's own account, and that is the host's business. */
  private deliverToOwnAccount(stanza: Stanza): void {
    stanza.to = bareOf(stanza.from);
    this.directory.get(parseJid(stanza.from)?.domain ?? '')?.deliver(stanza);
  }
}

function bareOf(jid: string): string {
  const slash = jid.indexOf('/');
  return slash === -1 ? jid : jid.slice(0, slash);
}
