import type { ExtensionForm } from '../shared/extension.ts';
import type { SessionEndpoint } from '../shared/stanza.ts';

/** One registered listener of a service class. */
export class ServiceNode {
  readonly session: SessionEndpoint;
  /** The address it registered from: its session's, or one of those that its session has. */
  readonly jid: string;
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

  constructor(session: SessionEndpoint, jid: string, form: ExtensionForm, since: number) {
    this.session = session;
    this.jid = jid;
    this.form = form;
    this.since = since;
  }
}
