import yargs, { type Argv } from 'yargs';
import { nearest } from '../../shared/nearest.ts';
import { ConfigError } from '../config/problem.ts';
import { SETTINGS } from '../config/settings.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { VERSION_TEXT } from '../kernel/version.ts';
import { checkKnown, type ParsedArguments, spelledOut } from './arguments.ts';
import { COMMANDS, type Command } from './commands.ts';
import { limitsHelp } from './text/limits-help.ts';
import { yargsOptions } from './yargs-options.ts';

const USAGE = '$0 [serve] [options]\n\nA Jabber (XMPP) server and OpenSRF router in one process.';

const EPILOGUE = [
  'Each option of serve and doctor can be set as OPENSRF_CHOPCHOP_NAME in the environment. The command line overrides it, and it overrides --config.',
  'Commands that log in take the rest from OSRF_HOST, OSRF_PORT, …; exec sets these.',
  '\n--help limits lists all limits, and how to set them.\n',
  `Exit codes: ${EXIT.ok} done, or stopped by a signal; ${EXIT.failed} failed; ${EXIT.usage} invalid option, parameter or file content;`,
  `${EXIT.network} cannot listen, or cannot reach a server or log in; ${EXIT.file} cannot read or write a file; ${EXIT.status} a service answered with an error;`,
  `${EXIT.timeout} no answer in time, or service still missing; ${EXIT.absent} no such service or router, or the message bounced; ${EXIT.running} already running.`,
]
  .join(' ')
  .replaceAll(' \n', '\n')
  .replaceAll('\n ', '\n');

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
  if (/^(?:--help|-h) limits$/.test(argv.join(' '))) {
    process.stdout.write(limitsHelp(width));
    return null;
  }
  try {
    await parserOf(argv, width).parseAsync();
    return null;
  } catch (error) {
    if (error instanceof Chosen) return error;
    throw error;
  }
}

function parserOf(argv: readonly string[], width: number): Argv {
  const parser = yargs(spelledOut(argv, booleansOf(COMMANDS.map(({ options }) => options)), booleansOf([SETTINGS]), WITH_WORDS))
    .scriptName('opensrf-chopchop')
    // yargs would translate its own messages, but not ours.
    .locale('en')
    .usage(USAGE);
  // A shell asks for completions.
  const completes = argv.includes('--get-yargs-completions');
  for (const command of COMMANDS) declare(parser, command, completes);
  return parser
    .completion('completion', 'Print a completion script for bash or zsh (by $SHELL)')
    .epilogue(EPILOGUE)
    .help('help', 'Show help (or -h)')
    .version('version', 'Show the version (or -V)', VERSION_TEXT)
    .parserConfiguration(PARSER)
    .wrap(width)
    .fail((message, error) => fail(message, error, argv));
}

function booleansOf(tables: readonly Command['options'][]): Set<string> {
  return new Set(tables.flatMap((table) => Object.values(table)).flatMap(({ option, type }) => (type.label === 'boolean' ? [option] : [])));
}

/** @param completes Whether yargs must know the options' values, to complete them. */
function declare(parser: Argv, command: Command, completes: boolean): void {
  const { name, positionals, describe, options, meanings, examples } = command;
  const builder = (inner: Argv, forHelp?: boolean) => {
    for (const [positional, meaning] of Object.entries(meanings)) inner.positional(positional, { type: 'string', describe: meaning });
    for (const [line, meaning] of examples) inner.example(line, meaning);
    return inner.options(yargsOptions(options, forHelp === true || completes)).middleware((args) => check(args as ParsedArguments, command), true);
  };
  const words = positionals === '' ? name : `${name} ${positionals}`;
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
