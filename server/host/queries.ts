import { parseElement } from '../../shared/element.ts';
import { StanzaError } from '../../shared/errors.ts';
import { Stanza } from '../../shared/stanza.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { HostFacts, Service } from './services.ts';

/** Answers what is asked by iq, for whoever has an address here and no session: a host, an account, a router. */
export class Queries {
  private readonly delivery: Delivery;
  private readonly facts: HostFacts;

  constructor(delivery: Delivery, facts: HostFacts) {
    this.delivery = delivery;
    this.facts = facts;
  }

  /** @param services What this one answers, by iq type and namespace of the payload. @param domain Where it belongs. */
  answer(stanza: Stanza, services: ReadonlyMap<string, Service>, domain: string): void {
    if (stanza.name !== 'iq' || (stanza.type !== 'get' && stanza.type !== 'set')) {
      this.delivery.bounce(stanza, new StanzaError('service-unavailable'));
      return;
    }
    // A tree of some megabytes would hold up everybody else for seconds.
    if (stanza.length > this.facts.queryBytes) {
      this.delivery.bounce(stanza, new StanzaError('policy-violation', `a query to a host may have ${this.facts.queryBytes} bytes`));
      return;
    }
    const [payload] = parseElement(stanza.toXml()).children;
    const service = payload === undefined ? undefined : services.get(`${stanza.type} ${payload.namespace}`);
    if (service === undefined || payload === undefined) {
      this.delivery.bounce(stanza, new StanzaError('service-unavailable'));
      return;
    }
    const content = service(payload, domain, this.facts);
    if (content instanceof StanzaError) {
      this.delivery.bounce(stanza, content);
      return;
    }
    const result = new Stanza('iq', stanza.from, stanza.to, 'result', stanza.id);
    result.inner = content === '' ? '' : `${content}</iq>`;
    this.delivery.deliver(result);
  }
}
