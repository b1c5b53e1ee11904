import { StanzaError, type StanzaErrorCondition } from '../../shared/errors.ts';
import { answerStanza } from '../../shared/osrf/stanzas.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { Registry } from '../pools/registry.ts';
import type { ServiceClass } from '../pools/service-class.ts';
import type { RouterEnvironment } from '../ports/environment.ts';
import type { Watch } from '../suspicion/watch.ts';
import type { Answers } from './answers.ts';

/** The parts of the router that commands need. */
export interface CommandContext {
  readonly registry: Registry;
  readonly maxRegistrations: number;
  readonly maxSessionRegistrations: number;
  readonly environment: RouterEnvironment;
  readonly answers: Answers;
  readonly watch: Watch;
  /** Hands the held requests to a class that now has a listener. */
  release(service: ServiceClass): void;
}

/** Executes one `router_command` of a trusted session. */
export type Command = (context: CommandContext, stanza: Stanza) => void;

/** The router's answer to a command or query. The transaction id stays empty, as in the C router's answers. */
export function reply(stanza: Stanza, body: string): Stanza {
  return answerStanza(stanza, '', body);
}

/** Logs and bounces an invalid command. */
export function refuseCommand({ environment }: CommandContext, stanza: Stanza, condition: StanzaErrorCondition, reason: string): void {
  const { from, routerClass, transactionId: xid } = stanza;
  environment.log.warn({ from, class: routerClass, reason, xid }, 'refused a router command');
  environment.bounce(stanza, new StanzaError(condition, reason));
}
