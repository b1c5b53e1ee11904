import { detached } from '../shared/detach.ts';
import type { ExtensionForm } from '../shared/extension.ts';
import { isResource, MAX_PART_BYTES } from '../shared/jid.ts';
import { bodyText } from '../shared/osrf-message.ts';
import type { Stanza } from '../shared/stanza.ts';

/** The resource of the router's own address, so no service can have that name. */
export const ROUTER_RESOURCE = 'router';

/** What a stanza to `router@DOMAIN/router` with a `router_command` asks for. */
export type RouterCommand =
  | { readonly kind: 'register'; readonly className: string; readonly form: ExtensionForm }
  | { readonly kind: 'unregister'; readonly className: string }
  | { readonly kind: 'drain' | 'resume'; readonly className: string; readonly node: string }
  | { readonly kind: 'query'; readonly subject: string }
  | { readonly kind: 'invalid'; readonly reason: string };

/** Reads a command. */
export function parseCommand(stanza: Stanza): RouterCommand {
  const { routerCommand, routerClass: className } = stanza;
  switch (routerCommand) {
    case 'register': {
      const reason = invalidClassName(className);
      if (reason !== '') return { kind: 'invalid', reason };
      return { kind: 'register', className: detached(className), form: stanza.extensionStart === -1 ? 'attributes' : 'child' };
    }
    case 'unregister':
      return { kind: 'unregister', className };
    case 'drain':
    case 'resume':
      return { kind: routerCommand, className, node: bodyText(stanza).trim() };
    case 'query':
      return { kind: 'query', subject: bodyText(stanza).trim() };
    default:
      return { kind: 'invalid', reason: `unknown router_command "${routerCommand}"` };
  }
}

/** Why a name cannot be a class's; `''` if it can. */
function invalidClassName(name: string): string {
  if (name === '') return 'router_class is empty';
  if (name === ROUTER_RESOURCE) return `the class cannot be named "${ROUTER_RESOURCE}": that is the router's own address`;
  if (!isResource(name)) return `router_class is no valid resource (1 to ${MAX_PART_BYTES} bytes, no control characters)`;
  return '';
}
