import { readBoolean } from './booleans.ts';
import { PORT } from './numbers.ts';
import { good, refused, type ValueType } from './value-type.ts';

/** The console's default port. */
export const DEFAULT_CONSOLE_PORT = 5290;

/** A port of 127.0.0.1, the usual one, or none. */
export type ConsolePort = number | 'usual' | 'off';

const WANTS = `${PORT.wants}, or true or false`;

/** The console's port, or true or false in the usual spellings. `1` and `0` are ports here. */
export const CONSOLE_PORT: ValueType<ConsolePort> = {
  ...PORT,
  label: 'string',
  wants: WANTS,
  bare: 'true',
  parse: read,
  take: (given) => (typeof given === 'string' ? read(given) : PORT.take(given)),
  join: ([first, ...more]) => (more.length === 0 ? good(first as ConsolePort) : refused('is given more than once')),
};

function read(text: string) {
  if (text.trim() === '') return refused(`needs ${WANTS}`);
  const port = PORT.parse(text);
  if (port.ok) return port;
  const wanted = readBoolean(text.trim());
  return wanted === null ? refused(`"${text}" is not ${WANTS}`) : good<ConsolePort>(wanted ? 'usual' : 'off');
}
