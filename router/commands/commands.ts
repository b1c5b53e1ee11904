import type { Stanza } from '../../shared/stanza.ts';
import { type Command, type CommandContext, refuseCommand } from './context.ts';
import { drain, resume } from './drain.ts';
import { oldQuery } from './old-query.ts';
import { register, unregister } from './registration.ts';

/** All commands, by the value of `router_command`. */
const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['register', register],
  ['unregister', unregister],
  ['drain', drain],
  ['resume', resume],
  ['query', oldQuery],
]);

/** Executes the `router_command` of a trusted session. */
export function obey(context: CommandContext, stanza: Stanza): void {
  const command = COMMANDS.get(stanza.routerCommand);
  if (command === undefined) refuseCommand(context, stanza, 'bad-request', `unknown router_command "${stanza.routerCommand}"`);
  else command(context, stanza);
}
