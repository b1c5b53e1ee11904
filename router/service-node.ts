import type { ExtensionForm } from '../shared/extension.ts';
import type { SessionEndpoint } from '../shared/stanza.ts';

/** One registered listener of a service class. */
export class ServiceNode {
  readonly session: SessionEndpoint;
  /** Where its library looks for `router_from`: where it wrote `router_command` when it registered. */
  readonly form: ExtensionForm;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Messages handed to it. */
  count = 0;
  /** Of those, the ones nobody has answered yet. */
  unanswered = 0;
  /** It gets no new requests, until it registers again or is resumed. */
  draining = false;

  constructor(session: SessionEndpoint, form: ExtensionForm, since: number) {
    this.session = session;
    this.form = form;
    this.since = since;
  }

  get jid(): string {
    return this.session.jid;
  }
}
