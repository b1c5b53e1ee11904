import { type Element, xml } from '../../../shared/element.ts';
import { NS } from '../../../shared/namespaces.ts';
import { advertisedTypes } from '../../net/tls/channel-bindings.ts';
import type { LoginTerms } from '../policy.ts';
import { failure, type LoginFailure, type SaslContext, type SaslExchange, type SaslMechanism, type SaslStep } from './mechanism.ts';
import { offeredMechanisms } from './mechanisms.ts';

/** The answer to a client's element, and the outcome if it ends an attempt. */
export interface SaslAnswer {
  readonly xml: string;
  /** The authenticated user, or `''`. */
  readonly username: string;
  /** Null unless the attempt has failed. */
  readonly failure: LoginFailure | null;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The SASL negotiation of a stream (RFC 6120 §6.4), one attempt after the other. */
export class SaslDialogue {
  /** The offered mechanisms, strongest first. */
  readonly offered: readonly SaslMechanism[];
  private readonly known: readonly SaslMechanism[];
  private readonly context: SaslContext;
  private exchange: SaslExchange | null = null;

  /** @param known All mechanisms of the server, strongest first. */
  constructor(known: readonly SaslMechanism[], context: SaslContext, terms: Pick<LoginTerms, 'login' | 'plaintext'>) {
    this.known = known;
    this.context = context;
    this.offered = terms.login ? offeredMechanisms(known, context, terms.plaintext) : [];
  }

  /** The stream features of the offer (RFC 6120 §6.4.1, XEP-0440), or `''`. */
  get featuresXml(): string {
    if (this.offered.length === 0) return '';
    const mechanisms = this.offered.map(({ name }) => xml('mechanism', {}, name));
    const bindings = advertisedTypes(this.context.channelBindings).map((type) => xml('channel-binding', { type }));
    const channelBinding = bindings.length === 0 ? '' : xml('sasl-channel-binding', { xmlns: NS.channelBinding }, ...bindings);
    return xml('mechanisms', { xmlns: NS.sasl }, ...mechanisms) + channelBinding;
  }

  /** @returns null for an element that is out of order. */
  read(element: Element): SaslAnswer | null {
    const { exchange } = this;
    if (element.name === 'abort') return this.answer(failure('aborted'));
    if (element.name === 'auth' && exchange === null) return this.begin(element.attributes.get('mechanism') ?? '', element.text.trim());
    if (element.name === 'response' && exchange !== null) return this.respond(exchange, element.text.trim());
    return null;
  }

  private begin(name: string, response: string): SaslAnswer {
    const mechanism = this.offered.find((one) => one.name === name);
    if (mechanism === undefined) return this.answer(failure(this.isHeldBack(name) ? 'encryption-required' : 'invalid-mechanism'));
    this.exchange = mechanism.begin(this.context);
    // No initial response: request it by an empty challenge.
    if (response === '') return this.answer({ kind: 'challenge', text: '' });
    // RFC 6120 §6.4.2: '=' is a zero-length response.
    return this.respond(this.exchange, response === '=' ? '' : response);
  }

  /** Whether the mechanism needs an encrypted stream. */
  private isHeldBack(name: string): boolean {
    return this.known.some((one) => one.name === name && !one.bound);
  }

  private respond(exchange: SaslExchange, response: string): SaslAnswer {
    return this.answer(BASE64.test(response) ? exchange.respond(Buffer.from(response, 'base64')) : failure('incorrect-encoding'));
  }

  private answer(step: SaslStep): SaslAnswer {
    if (step.kind !== 'challenge') this.exchange = null;
    switch (step.kind) {
      case 'challenge':
        return { xml: element('challenge', step.text), username: '', failure: null };
      case 'success':
        return { xml: element('success', step.text), username: step.username, failure: null };
      case 'failure':
        return { xml: `<failure xmlns='${NS.sasl}'><${step.condition}/></failure>`, username: '', failure: step };
    }
  }
}

function element(name: string, text: string): string {
  return text === '' ? `<${name} xmlns='${NS.sasl}'/>` : `<${name} xmlns='${NS.sasl}'>${Buffer.from(text).toString('base64')}</${name}>`;
}
