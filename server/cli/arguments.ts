import { nearest } from '../../shared/nearest.ts';
import { Problems } from '../config/problem.ts';
import type { Option, OptionTable, ValuesOf } from '../config/setting.ts';
import { givenOnCommandLine } from '../config/sources/given.ts';
import { readValues } from '../config/sources/read-values.ts';
import { BOOLEAN } from '../config/values/booleans.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';

/** The result of yargs: texts, true and false, and lists of them, by the names of options and positionals. */
export type ParsedArguments = Readonly<Record<string, unknown>> & { readonly _: readonly (string | number)[] };

/** Reads the values of a command's options. @throws ConfigError with every problem. */
export function readOptions<Table extends OptionTable>(table: Table, args: ParsedArguments): ValuesOf<Table> {
  const problems = new Problems();
  const { values } = readValues(table, [givenOnCommandLine(table, args)], problems);
  problems.throwAll();
  return values;
}

/**
 * Rewrites arguments that yargs would misread: for a boolean option it reads any value but "true" as false, and it reads `-` (standard output) as an
 * option. `-h` and `-V` are rewritten too: as aliases they would indent every line of the help.
 * @param booleans The names of boolean options.
 * @param withValue The boolean options that may have their value in the next argument.
 * @param withWords The commands that take words, which may also stand behind a `--`.
 * @throws CommandError for a value that is neither true nor false.
 */
export function spelledOut(
  argv: readonly string[],
  booleans: ReadonlySet<string>,
  withValue: ReadonlySet<string>,
  withWords: ReadonlySet<string> = new Set(),
): string[] {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  const options = argv.slice(0, end);
  const isValue = (index: number) => index < end && belongsTo(options[index - 1] ?? '', options[index] as string, booleans, withValue);
  const joined = options.map((argument, index) => (isValue(index + 1) ? `${argument}=${options[index + 1]}` : argument)).filter((_, index) => !isValue(index));
  const short = options.includes('monitor') ? SHORT_OF_MONITOR : SHORT;
  const behind = withWords.has(options[0] ?? '') ? argv.slice(end + 1).map((text) => WORD + text) : argv.slice(end);
  return [...joined.map((argument) => short[argument] ?? spelled(argument, booleans)), ...behind];
}

/** Stands before a word behind a `--`, which yargs would not count among those that a command needs. No shell passes this character by accident. */
const WORD = '\u0001';

/** A word as it was given. */
export function asGiven(text: string): string {
  return text.startsWith(WORD) ? text.slice(WORD.length) : text;
}

const SHORT: Readonly<Record<string, string>> = { '-h': '--help', '-V': '--version' };
const SHORT_OF_MONITOR: typeof SHORT = { ...SHORT, '-n': '--count' };

/** Whether an argument is the value of the option before it, which yargs would misread. */
function belongsTo(before: string, argument: string, booleans: ReadonlySet<string>, withValue: ReadonlySet<string>): boolean {
  const [, name] = /^--(?:no-)?([^=]+)$/.exec(before) ?? [];
  if (name === undefined) return false;
  return booleans.has(dashed(name)) ? withValue.has(dashed(name)) && BOOLEAN.parse(argument).ok : argument === '-';
}

/** A boolean option with a value that yargs knows. */
function spelled(argument: string, booleans: ReadonlySet<string>): string {
  const [, option = '', name = '', value = ''] = /^(--(?:no-)?([^=]+))=(.*)$/s.exec(argument) ?? [];
  return booleans.has(dashed(name)) ? `${option}=${spelledValue(option, value)}` : argument;
}

function spelledValue(name: string, value: string): boolean {
  const reading = BOOLEAN.parse(value);
  if (reading.ok) return reading.value;
  throw new CommandError(EXIT.usage, `${name}: ${reading.wrong.join('; ')}`);
}

/** The options of every command, and names that yargs itself uses. */
const ALWAYS_KNOWN = ['help', 'version', '_', '--', '$0'];

/**
 * Refuses options that a command does not have.
 * @param known The names of its options and positionals.
 * @throws CommandError that suggests the intended option.
 */
export function checkKnown(args: ParsedArguments, known: readonly string[]): void {
  const names = new Set([...known, ...known.map(camelCase), ...ALWAYS_KNOWN]);
  const unknown = Object.keys(args).filter((name) => !names.has(name));
  const [first] = unknown.filter((name) => !unknown.some((other) => other !== name && camelCase(other) === name));
  if (first === undefined) return;
  const meant = nearest(first, known);
  throw new CommandError(
    EXIT.usage,
    `unknown option ${first.length === 1 ? '-' : '--'}${first}${meant === null ? ' (see --help)' : `; did you mean --${meant}?`}`,
  );
}

function camelCase(name: string): string {
  return name.replace(/-[a-z]/g, ([, letter = '']) => letter.toUpperCase());
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** An option as declared to yargs. */
interface Declaration {
  readonly type: 'boolean' | 'number' | 'string';
  readonly string?: true;
  readonly choices?: readonly string[];
  readonly group?: string;
  readonly describe: string;
  readonly defaultDescription?: string;
  readonly hidden: boolean;
}

/**
 * Declares a table of options to yargs. Values stay texts; our own types parse them, like those of the environment and of files.
 * @param forHelp Whether yargs shows or completes possible values. Otherwise it must not know them, or it would check values itself.
 */
export function yargsOptions(table: OptionTable, forHelp: boolean): Record<string, Declaration> {
  const options = Object.values(table).filter(({ option }) => option !== '');
  return Object.fromEntries(options.map((option) => [option.option, declared(option, forHelp)]));
}

function declared({ type, group, describe, shownDefault, hidden }: Option, forHelp: boolean): Declaration {
  return {
    type: type.label,
    // Beside "number", which only sets the label in the help, this keeps values as texts.
    ...(type.label !== 'boolean' && { string: true }),
    ...(forHelp && type.choices.length > 0 && { choices: type.choices }),
    ...(group !== '' && { group: `${group}:` }),
    ...(shownDefault !== '' && { defaultDescription: shownDefault }),
    describe,
    hidden,
  };
}
