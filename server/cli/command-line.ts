import yargs, { type Argv } from 'yargs';
import { nearest } from '../../shared/nearest.ts';
import { ConfigError } from '../config/problem.ts';
import { SETTINGS } from '../config/settings.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { VERSION_TEXT } from '../kernel/version.ts';
import { checkKnown, type ParsedArguments, spelledOut, yargsOptions } from './arguments.ts';
import { COMMANDS, type Command } from './commands.ts';

const USAGE = '$0 COMMAND [options]';

/** These take words that may stand behind a "--". */
const WITH_WORDS = new Set(COMMANDS.filter(({ positionals }) => positionals !== '').map(({ name }) => name));

const PARSER = { 'greedy-arrays': false, 'parse-positional-numbers': false, 'dot-notation': false };

// `request … | head -1` is not an error.
process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit(128 + 13);
  process.stderr.write(`opensrf-chopchop: cannot write to standard output: ${message}\n`);
  process.exit(EXIT.file);
});

/** Runs a command line. @param argv Without the program's name. @throws CommandError */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  try {
    const chosen = await chooseCommand(argv);
    await chosen?.command.run(chosen.args);
  } catch (error) {
    // Errors in settings end the program with a line each and one exit code.
    throw error instanceof ConfigError ? new CommandError(error.onlyFiles ? EXIT.file : EXIT.usage, error.message) : error;
  }
}

/** A command and its arguments. A handler throws it out of yargs, which would otherwise lay out its whole help; that takes longer than a server's start. */
class Chosen extends Error {
  readonly command: Command;
  readonly args: ParsedArguments;

  constructor(command: Command, args: ParsedArguments) {
    super('a command was chosen');
    this.command = command;
    this.args = args;
  }
}

/** Parses a command line; null if yargs has already printed the answer, such as the help. @throws CommandError */
export async function chooseCommand(argv: readonly string[]): Promise<Chosen | null> {
  const width = Math.min(110, process.stdout.columns ?? 110);
  const help = await helpFor(argv, width);
  if (help !== null) {
    process.stdout.write(help);
    return null;
  }
  try {
    await parserOf(argv, width).parseAsync();
    return null;
  } catch (error) {
    // An unfinished line is neither run nor refused.
    if (completes(argv)) return null;
    if (error instanceof Chosen) return error;
    throw error;
  }
}

/** The help that a command line asks for; null: none. @throws CommandError for an unknown topic. */
async function helpFor(argv: readonly string[], width: number): Promise<string | null> {
  const words = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : argv.length);
  const others = words.filter((word) => word !== '--help' && word !== '-h');
  if (argv[0] !== 'help' && others.length === words.length) return null;
  // `request a.service --help` is about the command, `--port 5222 --help` about the server's options.
  const topic = argv[0] === 'help' ? others[1] : (others.find(isTopic) ?? (others.length === 0 ? undefined : 'serve'));
  const { commandHelp, helpOf, shortHelp } = await import('./text/help.ts');
  if (topic === undefined) return shortHelp(COMMANDS, width);
  const command = COMMANDS.find(({ name }) => name === topic);
  return command === undefined ? helpOf(topic, COMMANDS, width) : commandHelp(command, await laidOut(command.name, width));
}

function isTopic(word: string): boolean {
  return word === 'limits' || COMMANDS.some(({ name }) => name === word);
}

/** yargs' layout of a command's options. */
async function laidOut(command: string, width: number): Promise<string> {
  const argv = [command, '--help'];
  let text = '';
  await parserOf(argv, width).parseAsync(argv, {}, (_error: unknown, _args: unknown, output: string) => {
    text = output;
  });
  return text;
}

function parserOf(argv: readonly string[], width: number): Argv {
  const parser = yargs(spelledOut(argv, booleansOf(COMMANDS.map(({ options }) => options)), booleansOf([SETTINGS]), WITH_WORDS))
    .scriptName('opensrf-chopchop')
    // yargs would translate its own messages, but not ours.
    .locale('en')
    .usage(USAGE);
  for (const command of COMMANDS) declare(parser, command, completes(argv));
  return parser
    .completion('completion', 'Print a completion script for bash or zsh (by $SHELL)', complete)
    .help('help', 'Show help (or -h)')
    .version('version', 'Show the version (or -V)', VERSION_TEXT)
    .parserConfiguration(PARSER)
    .wrap(width)
    .fail((message, error) => fail(message, error, argv));
}

/** Whether a shell asks for completions. */
function completes(argv: readonly string[]): boolean {
  return argv.includes('--get-yargs-completions');
}

type Offer = (names: string[]) => void;

/** Completes like yargs, and offers services and methods of the server that runs here. */
function complete(current: string, args: unknown, own: (then: (error: Error | null, names: string[] | undefined) => void) => void, done: Offer): void {
  const [, command = '', ...words] = (args as ParsedArguments)._.map(String);
  own(async (_error, names = []) => {
    const { namesFor } = await import('./text/completion.ts');
    const found = current.startsWith('-') ? optionsWithoutCommand(command) : await namesFor([command, ...words]);
    done([...names, ...found.filter((name) => name.startsWith(current))]);
  });
}

/** Without a command, the options of the first: yargs knows them behind it only. */
function optionsWithoutCommand(command: string): string[] {
  const [serve] = COMMANDS;
  if (serve === undefined || COMMANDS.some(({ name }) => name === command)) return [];
  return Object.values(serve.options).flatMap(({ option, hidden }) => (option === '' || hidden ? [] : [`--${option}`]));
}

function booleansOf(tables: readonly Command['options'][]): Set<string> {
  return new Set(tables.flatMap((table) => Object.values(table)).flatMap(({ option, type }) => (type.label === 'boolean' ? [option] : [])));
}

/** @param unfinished Whether yargs must know the options' values, to complete them. */
function declare(parser: Argv, command: Command, unfinished: boolean): void {
  const { name, positionals, describe, options, meanings } = command;
  const builder = (inner: Argv, forHelp?: boolean) => {
    for (const [positional, meaning] of Object.entries(meanings)) inner.positional(positional, { type: 'string', describe: meaning });
    const known = inner.options(yargsOptions(options, forHelp === true || unfinished));
    return unfinished ? known : known.middleware((args) => check(args as ParsedArguments, command), true);
  };
  // A line that is to be completed may lack words.
  const words = `${name} ${unfinished ? positionals.replaceAll('<', '[').replaceAll('>', ']') : positionals}`.trim();
  parser.command(name === COMMANDS[0]?.name ? [words, '$0'] : words, describe, builder, (args) => {
    throw new Chosen(command, args as ParsedArguments);
  });
}

/** Refuses options and words that a command does not accept. @throws CommandError */
function check(args: ParsedArguments, { name, positionals, options, meanings }: Command): void {
  const names = Object.values(options).map(({ option }) => option);
  checkKnown(args, [...names.filter((option) => option !== ''), ...Object.keys(meanings)]);
  // Only some commands accept words after "--".
  const behind = positionals.endsWith('..]') || name === 'exec' ? [] : ((args['--'] as readonly unknown[] | undefined) ?? []);
  const [first, ...others] = [...args._, ...behind].map(String);
  const unexpected = first === name ? others[0] : first;
  if (unexpected === undefined) return;
  const commands = COMMANDS.map((command) => command.name);
  const meant = first === unexpected ? nearest(unexpected, commands) : null;
  if (meant !== null) throw new CommandError(EXIT.usage, `unknown command ${unexpected}; did you mean ${meant}?`);
  const what = first === unexpected ? `unknown command ${unexpected}` : `${name}: unexpected "${unexpected}"`;
  throw new CommandError(EXIT.usage, `${what} (see --help)`);
}

/** Ends yargs with one line. Its errors are mistakes in the command line, so omit their stack. */
function fail(message: string, error: Error | undefined, argv: readonly string[]): never {
  if (error !== undefined && error.name !== 'YError') throw error;
  const command = COMMANDS.find(({ name, positionals }) => positionals.startsWith('<') && argv.includes(name));
  const missing = command !== undefined && message?.startsWith('Not enough non-option arguments');
  const text = missing ? `${command.name}: needs ${command.positionals}` : (message ?? error?.message ?? 'invalid command line');
  throw new CommandError(EXIT.usage, `${text.replace(/\s*\n\s*/g, '; ')} (see --help)`);
}
