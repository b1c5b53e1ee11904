import { nearest } from '../../shared/nearest.ts';

/** The kinds of options that are not settings of the server: of stubs, clients, waits. */
export type OptionKind =
  | 'text'
  | 'name'
  | 'boolean'
  | 'count'
  | 'port'
  | 'milliseconds'
  | 'probability'
  | 'timeout'
  | 'status'
  | 'list'
  | 'texts'
  | 'object'
  | 'function'
  | 'anything';

/** The kind of each option, by its name. */
export type OptionKinds = Readonly<Record<string, OptionKind>>;

interface KindRule {
  /** Completes "must be …". */
  readonly what: string;
  isRight(value: unknown): boolean;
}

/** The longest time of a timer of Node. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

const RULES: Readonly<Record<OptionKind, KindRule>> = {
  text: { what: 'a string', isRight: (value) => typeof value === 'string' },
  name: { what: 'a non-empty string', isRight: (value) => typeof value === 'string' && value !== '' },
  boolean: { what: 'true or false', isRight: (value) => typeof value === 'boolean' },
  count: { what: 'a whole number', isRight: (value) => isWhole(value, 0, Number.MAX_SAFE_INTEGER) },
  port: { what: 'a port number from 1 to 65535', isRight: (value) => isWhole(value, 1, 65_535) },
  milliseconds: { what: 'a number of milliseconds', isRight: (value) => isNumber(value, 0, 86_400_000) },
  probability: { what: 'a number from 0 to 1', isRight: (value) => isNumber(value, 0, 1) },
  timeout: { what: `a number of milliseconds from 0 to ${MAX_TIMEOUT_MS}`, isRight: (value) => isNumber(value, 0, MAX_TIMEOUT_MS) },
  status: { what: 'a status from 300 to 999', isRight: (value) => isWhole(value, 300, 999) },
  list: { what: 'a list', isRight: Array.isArray },
  texts: { what: 'a list of strings', isRight: (value) => Array.isArray(value) && value.every((one) => typeof one === 'string') },
  object: { what: 'an object', isRight: isObject },
  function: { what: 'a function', isRight: (value) => typeof value === 'function' },
  anything: { what: 'anything', isRight: () => true },
};

function isNumber(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && isNumber(value, least, most);
}

/** Whether a value is an object and no list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The reason why a value cannot be of a kind, as `must be a string`; `''`: it can. */
export function kindProblem(value: unknown, kind: OptionKind): string {
  const { what, isRight } = RULES[kind];
  return isRight(value) ? '' : `must be ${what}`;
}

/** The reason why there is no such option, with the one that the user probably meant, or all. */
export function unknownName(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return meant === null ? `is unknown (known: ${known.join(', ')})` : `is unknown; did you mean "${meant}"?`;
}

/**
 * @param what The function and its argument, for the message.
 * @param given Members that are undefined count as absent.
 * @param needed The names of members that must not be absent.
 * @throws TypeError
 */
export function checkOptions(what: string, given: unknown, kinds: OptionKinds, needed: readonly string[] = []): void {
  if (!isObject(given)) throw new TypeError(`${what}: must be an object with ${Object.keys(kinds).join(', ')}`);
  for (const [name, value] of Object.entries(given)) {
    const problem = optionProblem(name, value, kinds);
    if (problem !== '') throw new TypeError(`${what}: "${name}" ${problem}`);
  }
  const missing = needed.filter((name) => given[name] === undefined);
  if (missing.length > 0) throw new TypeError(`${what}: needs ${missing.map((name) => `"${name}"`).join(', ')}`);
}

function optionProblem(name: string, value: unknown, kinds: OptionKinds): string {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind === undefined) return unknownName(name, Object.keys(kinds));
  return value === undefined ? '' : kindProblem(value, kind);
}

/** @throws TypeError */
export function checkArgument(what: string, given: unknown, kind: OptionKind): void {
  const problem = kindProblem(given, kind);
  if (problem !== '') throw new TypeError(`${what} ${problem}`);
}
