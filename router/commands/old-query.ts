import { bodyText } from '../../shared/osrf/read.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { ServiceClass } from '../pools/service-class.ts';
import type { CommandContext } from './context.ts';
import type { Bits } from './queries.ts';

/** Answers `router_command='query'` with one line per listener or class. */
export function oldQuery({ registry, answers }: CommandContext, stanza: Stanza): void {
  const subject = bodyText(stanza).trim();
  answers.answer(stanza, () => [answerTo(subject, registry.classes)]);
}

function answerTo(subject: string, classes: ReadonlyMap<string, ServiceClass>): Bits {
  switch (subject) {
    case 'classes':
      return lines(classes.keys());
    case 'servers':
      return lines(listeners(classes));
    default:
      return [`unknown query "${subject}": ask for "servers" or "classes"`];
  }
}

function* listeners(classes: ReadonlyMap<string, ServiceClass>): Bits {
  for (const service of classes.values()) for (const jid of service.nodes.keys()) yield `${service.name} ${jid}`;
}

function* lines(texts: Bits): Bits {
  let lineEnd = '';
  for (const text of texts) {
    yield lineEnd + text;
    lineEnd = '\n';
  }
}
