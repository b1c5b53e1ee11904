import { isObject, unknownName } from '../../kernel/option-kinds.ts';
import type { Problems } from '../problem.ts';
import { CONFIG_PATHS } from '../settings.ts';

/** Reports the names in the input of a program that no setting has. @param more Names that are no settings of the server's configuration. */
export function checkNames(input: Readonly<Record<string, unknown>>, more: readonly string[], problems: Problems): void {
  const known = [...new Set([...CONFIG_PATHS.map((path) => path.split('.')[0] as string), ...more])];
  checkIn(input, '', known, problems);
  for (const [name, value] of Object.entries(input)) {
    const prefix = `${name}.`;
    const members = CONFIG_PATHS.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
    if (members.length > 0 && isObject(value)) checkIn(value, prefix, members, problems);
  }
}

function checkIn(given: object, prefix: string, known: readonly string[], problems: Problems): void {
  for (const name of Object.keys(given)) if (!known.includes(name)) problems.add(`${prefix}${name}`, unknownName(name, known));
}
