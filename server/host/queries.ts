import { StanzaError } from '../../shared/errors.ts';
import { iqStanza } from '../../shared/iq.ts';
import { elementOf } from '../../shared/reader/element-of.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Log } from '../kernel/log.ts';
import type { HostFacts, IqAnswer } from './handlers/handler.ts';
import { handlerKey, type IqHandlers } from './handlers/handlers.ts';

/** Answers iqs to addresses without a session: a host, an account, a router. */
export class Queries {
  private readonly delivery: Delivery;
  private readonly facts: HostFacts;
  private readonly queryBytes: number;
  private readonly log: Log;

  /** @param queryBytes The most bytes of a query. */
  constructor(delivery: Delivery, facts: HostFacts, queryBytes: number, log: Log) {
    this.delivery = delivery;
    this.facts = facts;
    this.queryBytes = queryBytes;
    this.log = log;
  }

  /** @param domain The domain of the addressee. */
  answer(stanza: Stanza, handlers: IqHandlers, domain: string): void {
    if (stanza.name !== 'iq' || (stanza.type !== 'get' && stanza.type !== 'set')) {
      this.refuse(stanza, new StanzaError('service-unavailable'));
      return;
    }
    // Parsing megabytes into a tree would block the event loop for seconds.
    if (stanza.length > this.queryBytes) {
      this.refuse(stanza, new StanzaError('policy-violation', `a query to a host may have at most ${this.queryBytes} bytes`));
      return;
    }
    const payload = elementOf(stanza)?.children[0];
    const handler = payload === undefined ? undefined : handlers.get(handlerKey(stanza.type, payload.namespace));
    if (handler === undefined || payload === undefined) {
      this.refuse(stanza, new StanzaError('service-unavailable'));
      return;
    }
    try {
      const answer = handler.handle({ payload, from: stanza.from, domain, facts: this.facts });
      if (answer instanceof Promise) this.answerLater(stanza, answer);
      else this.send(stanza, answer);
    } catch (error) {
      this.failed(stanza, error);
    }
  }

  private answerLater(stanza: Stanza, answer: Promise<IqAnswer>): void {
    stanza.detach();
    answer.then((content) => this.send(stanza, content)).catch((error: unknown) => this.failed(stanza, error));
  }

  private failed(stanza: Stanza, error: unknown): void {
    this.log.error({ err: error, from: stanza.from, to: stanza.to }, 'a query handler failed');
    this.refuse(stanza, new StanzaError('internal-server-error', 'internal server error; see the server log'));
  }

  private send(stanza: Stanza, answer: IqAnswer): void {
    if (answer instanceof StanzaError) {
      this.refuse(stanza, answer);
      return;
    }
    this.delivery.deliver(iqStanza(stanza.from, stanza.to, 'result', stanza.id, answer));
  }

  private refuse(stanza: Stanza, error: StanzaError): void {
    this.delivery.bounce(stanza, error);
  }
}
