import type { Endpoint } from '../../shared/endpoint.ts';
import { StanzaError } from '../../shared/errors.ts';
import { bareJid, formatJid, type Jid, parseJid } from '../../shared/jid.ts';
import { bounce, bounceWithoutContent } from '../../shared/osrf/bounce.ts';
import { BOUNCES, type Stanza } from '../../shared/stanza.ts';
import type { ServerCounts } from '../kernel/counts.ts';
import type { Directory } from './directory.ts';
import type { Elsewhere } from './elsewhere.ts';

/** Observes each stanza that bounces because its address has no recipient. */
export type UndeliveredObserver = (stanza: Stanza, error: StanzaError) => void;

/** Finds the recipient of a stanza (RFC 6120 §10, RFC 6121 §8). */
export class Delivery {
  /** The other members of the cluster; null: there is no cluster. */
  elsewhere: Elsewhere | null = null;
  /** The session of the peer server of a domain; null: there are no peer servers. */
  foreign: ((domain: string) => Endpoint | undefined) | null = null;
  private readonly directory: Directory;
  private readonly counts: ServerCounts;
  private readonly undelivered: UndeliveredObserver;

  constructor(directory: Directory, counts: ServerCounts, undelivered: UndeliveredObserver = () => {}) {
    this.directory = directory;
    this.counts = counts;
    this.undelivered = undelivered;
  }

  /** Delivers a stamped stanza to the endpoint at its `to`, or bounces it. */
  deliver(stanza: Stanza): void {
    const endpoint = this.directory.get(stanza.to);
    if (endpoint === undefined) this.deliverByParts(stanza);
    else endpoint.deliver(stanza);
  }

  /** Bounces a stanza to its sender, if its type allows an answer. */
  bounce(stanza: Stanza, error: StanzaError): void {
    this.undelivered(stanza, error);
    this.sendBounce(stanza, bounce(stanza, error), error);
  }

  /** The same for a router, which has reported the failure of the request itself. */
  sendBack(stanza: Stanza, error: StanzaError): void {
    this.sendBounce(stanza, bounce(stanza, error), error);
  }

  /** Bounces a stanza whose content was discarded. */
  bounceWithoutContent(stanza: Stanza, error: StanzaError): void {
    this.sendBounce(stanza, bounceWithoutContent(stanza, error), error);
  }

  // Not by `deliver`: an undeliverable bounce is dropped.
  private sendBounce(stanza: Stanza, answer: Stanza | null, { condition }: StanzaError): void {
    if (answer === null) return;
    this.counts.bounces.count(condition);
    if (this.elsewhere !== null && stanza.returnPath !== BOUNCES && this.elsewhere.sendBack(stanza, answer)) return;
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
      this.bounce(stanza, new StanzaError('jid-malformed', '"to" is not a valid JID'));
      return;
    }
    const endpoint = this.endpointFor(jid);
    if (endpoint === undefined) {
      this.bounce(stanza, new StanzaError('remote-server-not-found', `this server does not serve ${jid.domain}`));
      return;
    }
    endpoint.deliver(stanza);
  }

  /** The endpoint of the address itself, or else of its bare JID or domain. */
  private endpointFor(jid: Jid): Endpoint | undefined {
    return this.directory.get(formatJid(jid)) ?? this.directory.get(bareJid(jid)) ?? this.directory.get(jid.domain) ?? this.foreign?.(jid.domain);
  }

  /** RFC 6120 §10.3: a stanza without `to` is for the sender's own account, for which the host answers. */
  private deliverToOwnAccount(stanza: Stanza): void {
    stanza.to = bareOf(stanza.from);
    this.directory.get(parseJid(stanza.from)?.domain ?? '')?.deliver(stanza);
  }
}

function bareOf(jid: string): string {
  const slash = jid.indexOf('/');
  return slash === -1 ? jid : jid.slice(0, slash);
}
