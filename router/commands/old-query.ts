import { bodyText } from '../../shared/osrf/read.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { ServiceClass } from '../pools/service-class.ts';
import { type CommandContext, reply } from './context.ts';

/** Answers `router_command='query'` with a line for each listener or class. */
export function oldQuery({ registry, environment }: CommandContext, stanza: Stanza): void {
  const subject = bodyText(stanza).trim();
  environment.deliver(reply(stanza, answerTo(subject, registry.classes)));
}

function answerTo(subject: string, classes: ReadonlyMap<string, ServiceClass>): string {
  switch (subject) {
    case 'classes':
      return [...classes.keys()].join('\n');
    case 'servers':
      return [...classes.values()].flatMap((service) => [...service.nodes.keys()].map((jid) => `${service.name} ${jid}`)).join('\n');
    default:
      return `unknown query "${subject}": ask for "servers" or "classes"`;
  }
}
