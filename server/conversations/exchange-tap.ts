import { detached } from '../../shared/detach.ts';
import { skimOsrfMessages } from '../../shared/osrf/skim.ts';
import type { SkimmedMessage } from '../../shared/osrf/skimmed-message.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { unescapeXml } from '../../shared/xml.ts';
import { DEFAULT_LIMITS } from '../config/limits.ts';
import { SYSTEM_TIME } from '../kernel/clock.ts';
import type { Session } from '../sessions/session.ts';
import type { Tap } from '../sessions/taps.ts';
import { BoundedExchanges, type ExchangeLimits, followedLimits } from './bounded-exchanges.ts';
import { Conversation } from './conversation.ts';
import { DayTime, type Time } from './day-time.ts';
import { Exchange, type ExchangeState } from './exchange.ts';

/**
 * A worker's stanza without an open request: `late`, a result or status of a closed request, e.g. from a Perl method that continues after
 * respond_complete; `timeout`, status 408: the worker waited too long for the next request of a session, and ends the session.
 */
export type UnaskedKind = 'late' | 'timeout';

/** Observes requests and answers. Called on the hot path: it must neither throw nor wait. */
export interface ExchangeObserver {
  /** A client has sent the request. @param stanza Its stanza, not to be changed or kept. */
  asked(exchange: Exchange, stanza: Stanza): void;
  /** A listener got the request, or another one after the first was lost. */
  handed(exchange: Exchange): void;
  /** The client got a part of the answer, which the exchange includes. @param stanza Its stanza. @param at When it passed, on the scale of the exchange. */
  answered(exchange: Exchange, stanza: Stanza, at: number): void;
  /** The exchange has ended, with {@link Exchange.state}, and no longer changes. */
  ended(exchange: Exchange): void;
  /** A worker has sent a stanza without an open request. @param client Its address. @param thread References resolved. @param at Milliseconds since 1970. */
  unasked(kind: UnaskedKind, client: string, thread: string, stanza: Stanza, at: number): void;
}

/** The options of an {@link ExchangeTap}. */
export interface ExchangeTapOptions {
  /** The bare JIDs of the server's routers, `router@DOMAIN`; their resources are names of services. */
  readonly routers: ReadonlySet<string>;
  readonly observer: ExchangeObserver;
  readonly limits?: ExchangeLimits;
  readonly time?: Time;
  /** The longest stanza, in characters, whose contents are kept in full; of longer ones only the beginning is kept. */
  readonly longest?: number;
}

/**
 * Assembles requests and answers from the stanzas of the sessions: the listener, the worker, contents and times. It follows OpenSRF's threads: thread
 * and number identify a request of a client; every message to that client on the thread is a part of the answer, from any sender.
 */
export class ExchangeTap implements Tap {
  private readonly routers: ReadonlySet<string>;
  private readonly observer: ExchangeObserver;
  private readonly time: DayTime;
  /** By client's JID, then by thread. */
  private readonly conversations = new Map<string, Map<string, Conversation>>();
  private readonly open: BoundedExchanges;
  /** The connected conversations, in the order of their CONNECT. A client may abandon one without a DISCONNECT. */
  private readonly connected = new Set<Conversation>();
  private readonly maxConnected: number;
  private readonly longest: number;
  private count = 0;

  constructor({ routers, observer, limits = followedLimits(DEFAULT_LIMITS), time = SYSTEM_TIME, longest = Number.POSITIVE_INFINITY }: ExchangeTapOptions) {
    this.routers = routers;
    this.observer = observer;
    this.time = new DayTime(time);
    this.maxConnected = limits.exchanges;
    this.longest = longest;
    this.open = new BoundedExchanges(limits, (exchange) => this.end(exchange, 'forgotten'));
  }

  /** The exchanges without a complete answer, oldest first. */
  unanswered(): Exchange[] {
    return this.open.all();
  }

  /** The open exchanges of a message between client and service: of a request, its copy from a router, or an answer. */
  about(stanza: Stanza): readonly Exchange[] {
    const thread = unescapeXml(stanza.thread);
    const conversation = this.conversations.get(stanza.routerFrom || stanza.from)?.get(thread) ?? this.conversations.get(stanza.to)?.get(thread) ?? null;
    if (conversation === null) return [];
    return conversation.size < 2 ? conversation.exchanges() : conversation.withNumbers(numbersIn(stanza));
  }

  /** The number of exchanges without a complete answer. */
  get openCount(): number {
    return this.open.size;
  }

  /** Whether the stanza belongs to a followed session, from its client. */
  follows({ from, thread }: Stanza): boolean {
    return this.conversations.get(from)?.has(unescapeXml(thread)) === true;
  }

  /** The current time on the scale of an exchange. */
  timeOf({ epoch }: Exchange): number {
    return epoch + this.time.now();
  }

  /** Forgets the exchanges without a complete answer, because some of their stanzas were unobserved. */
  forgetAll(): void {
    for (const exchange of this.open.all()) this.end(exchange, 'forgotten');
  }

  bound(): void {}

  read({ link }: Session, stanza: Stanza): void {
    // A stanza with router_from is a router's copy of a request that was already seen.
    if (stanza.name !== 'message' || stanza.type === 'error' || stanza.thread === '' || stanza.routerFrom !== '') return;
    const thread = unescapeXml(stanza.thread);
    // An answer is processed when its client gets it.
    if (this.conversations.get(stanza.to)?.has(thread)) return;
    const browser = link.kind === 'web' ? link.peer : '';
    for (const message of skimOsrfMessages(stanza, this.longest)) this.said(message, stanza, thread, browser);
  }

  delivered(session: Session, stanza: Stanza): void {
    if (stanza.name !== 'message' || stanza.thread === '') return;
    const thread = unescapeXml(stanza.thread);
    if (stanza.routerFrom !== '') {
      const conversation = this.conversations.get(stanza.routerFrom)?.get(thread);
      if (conversation !== undefined) this.handed(conversation, session.jid, stanza);
      return;
    }
    // A component has many addresses.
    const conversation = (this.conversations.get(session.jid) ?? this.conversations.get(stanza.to))?.get(thread);
    if (conversation === undefined) return;
    if (stanza.type === 'error') this.bounced(conversation, stanza);
    else for (const message of skimOsrfMessages(stanza, this.longest)) this.answered(conversation, message, stanza);
    this.forgetIfOver(conversation);
  }

  ended(session: Session): void {
    this.addressEnded(session.jid);
    if (session.kind === 'client') return;
    for (const address of [...this.conversations.keys()]) if (isOfDomain(address, session.jid)) this.addressEnded(address);
  }

  private addressEnded(address: string): void {
    const conversations = this.conversations.get(address);
    if (conversations === undefined) return;
    this.conversations.delete(address);
    for (const conversation of conversations.values()) {
      this.disconnected(conversation);
      for (const exchange of conversation.exchanges()) this.end(exchange, 'abandoned');
    }
  }

  private said(message: SkimmedMessage, stanza: Stanza, thread: string, browser: string): void {
    if (message.type === 'RESULT' || message.type === 'STATUS') {
      this.observer.unasked(unaskedKind(message), stanza.to, thread, stanza, this.time.epoch() + this.time.now());
      return;
    }
    if (message.type === 'DISCONNECT') {
      const conversation = this.conversations.get(stanza.from)?.get(thread);
      if (conversation !== undefined) this.disconnected(conversation);
      return;
    }
    const conversation = this.conversationOf(stanza, thread);
    const exchange = new Exchange(++this.count, message, stanza, conversation, this.time);
    exchange.browser = browser;
    // The client resends it to another worker: the first one will not answer.
    const former = conversation.get(exchange.threadTrace, exchange.type);
    if (former !== undefined) {
      former.resent = true;
      this.end(former, 'abandoned');
    }
    conversation.add(exchange);
    this.observer.asked(exchange, stanza);
    this.open.add(exchange);
  }

  private conversationOf(stanza: Stanza, thread: string): Conversation {
    const ofClient = this.conversations.get(stanza.from) ?? new Map<string, Conversation>();
    this.conversations.set(stanza.from, ofClient);
    const service = this.serviceAt(stanza.to);
    const known = ofClient.get(thread);
    if (known !== undefined) {
      if (service !== '' && service !== known.service) known.service = detached(service);
      return known;
    }
    const conversation = new Conversation(stanza.from, detached(thread), detached(service));
    ofClient.set(conversation.thread, conversation);
    return conversation;
  }

  private serviceAt(address: string): string {
    const slash = address.indexOf('/');
    return slash !== -1 && this.routers.has(address.slice(0, slash)) ? address.slice(slash + 1) : '';
  }

  private handed(conversation: Conversation, listener: string, stanza: Stanza): void {
    // Several open requests on one thread are rare; only the body identifies the right one.
    const meant = conversation.size === 1 ? conversation.exchanges() : conversation.withNumbers(numbersIn(stanza));
    for (const exchange of meant) {
      exchange.listener = listener;
      exchange.handedAt = this.timeOf(exchange);
      exchange.handOvers++;
      this.observer.handed(exchange);
    }
  }

  private answered(conversation: Conversation, message: SkimmedMessage, stanza: Stanza): void {
    if (message.type !== 'RESULT' && message.type !== 'STATUS') return;
    // A worker that ends a session by 408 names no request.
    if (message.statusCode === 408) this.setConnected(conversation, false);
    const exchange = conversation.waiting(message);
    if (exchange === undefined) {
      if (conversation.hasForgotten) return;
      this.observer.unasked(unaskedKind(message), conversation.client, conversation.thread, stanza, this.time.epoch() + this.time.now());
      return;
    }
    const state = exchange.take(message);
    if (exchange.type === 'CONNECT') this.setConnected(conversation, state === 'complete');
    this.heard(exchange, stanza);
    if (state !== 'open') this.end(exchange, state);
  }

  private bounced(conversation: Conversation, stanza: Stanza): void {
    const named = conversation.withNumbers(numbersIn(stanza));
    for (const exchange of named.length > 0 ? named : conversation.exchanges()) {
      takeError(exchange, stanza.inner);
      this.heard(exchange, stanza);
      this.end(exchange, 'bounced');
    }
  }

  private heard(exchange: Exchange, stanza: Stanza): void {
    exchange.worker = stanza.from;
    const at = this.timeOf(exchange);
    if (exchange.firstAnswerAt === 0) exchange.firstAnswerAt = at;
    exchange.length += stanza.length;
    this.observer.answered(exchange, stanza, at);
    this.open.grown(exchange);
  }

  private disconnected(conversation: Conversation): void {
    this.setConnected(conversation, false);
    this.forgetIfOver(conversation);
  }

  private setConnected(conversation: Conversation, connected: boolean): void {
    conversation.connected = connected;
    this.connected.delete(conversation);
    if (!connected) return;
    this.connected.add(conversation);
    const [oldest] = this.connected;
    if (this.connected.size > this.maxConnected) this.disconnected(oldest as Conversation);
  }

  private end(exchange: Exchange, state: Exclude<ExchangeState, 'open'>): void {
    if (exchange.state !== 'open') return;
    exchange.state = state;
    exchange.endedAt = this.timeOf(exchange);
    this.open.remove(exchange);
    const conversation = this.conversations.get(exchange.client)?.get(exchange.thread);
    conversation?.remove(exchange);
    if (state === 'forgotten' && conversation !== undefined) this.exchangeForgotten(exchange, conversation);
    this.observer.ended(exchange);
  }

  private exchangeForgotten({ type }: Exchange, conversation: Conversation): void {
    conversation.hasForgotten = true;
    // Its worker may accept it later: keep the service, which the address of the next requests does not show.
    if (type === 'CONNECT') this.setConnected(conversation, true);
    else this.forgetIfOver(conversation);
  }

  private forgetIfOver(conversation: Conversation): void {
    if (!conversation.over) return;
    const ofClient = this.conversations.get(conversation.client);
    ofClient?.delete(conversation.thread);
    if (ofClient?.size === 0) this.conversations.delete(conversation.client);
  }
}

function unaskedKind(message: SkimmedMessage): UnaskedKind {
  return message.statusCode === 408 ? 'timeout' : 'late';
}

/** Takes code, condition and text of the last `<error>`, which follows the returned content of a bounce. Linear: `<error` may occur anywhere in a text. */
function takeError(exchange: Exchange, inner: string): void {
  const start = inner.lastIndexOf('<error');
  if (start === -1) return;
  const error = inner.slice(start, start + MAX_ERROR);
  exchange.statusCode = Number(/^[^>]*\scode=["'](\d+)/.exec(error)?.[1] ?? 0);
  exchange.condition = detached(CONDITION.exec(error)?.[1] ?? '');
  exchange.status = detached(unescapeXml(/<text[^<>]*>([^<]*)</.exec(error)?.[1] ?? ''));
}

/** The most characters read of an error. */
const MAX_ERROR = 2_048;
const CONDITION = /<([a-z-]+)\s[^<>]*xmpp-stanzas/;

/** The numbers (threadTrace) of the messages in a stanza. */
function numbersIn(stanza: Stanza): string[] {
  return skimOsrfMessages(stanza, Number.POSITIVE_INFINITY).map(({ threadTrace }) => threadTrace);
}

/** Whether a JID belongs to a domain. A component's end checks all conversations, so it parses nothing. */
function isOfDomain(jid: string, domain: string): boolean {
  const slash = jid.indexOf('/');
  const bare = slash === -1 ? jid : jid.slice(0, slash);
  return bare === domain || bare.endsWith(`@${domain}`);
}
