import { nearest } from '../../../shared/nearest.ts';
import type { OptionTable, Setting } from '../../config/setting.ts';
import { SETTINGS } from '../../config/settings.ts';
import { CommandError, EXIT } from '../../kernel/exit-codes.ts';
import { limitsHelp, wrapped } from './limits-help.ts';

/** The part of a command that its help shows. */
export interface HelpedCommand {
  readonly name: string;
  readonly positionals: string;
  readonly describe: string;
  readonly options: OptionTable;
  readonly examples: readonly (readonly [line: string, meaning: string])[];
}

type AnyOption = Setting | OptionTable[string];

const ABOUT = 'A Jabber (XMPP) server and OpenSRF router in one process.';

/** The options of `serve` that most people need. */
const USUAL = ['config', 'with-settings', 'host', 'port', 'domain', 'user', 'stubs', 'console', 'daemon', 'check-config'];

const EXIT_CODES = [
  [EXIT.ok, 'done, or stopped by a signal'],
  [EXIT.failed, 'failed'],
  [EXIT.usage, 'invalid option, parameter or file content'],
  [EXIT.network, 'cannot listen, or cannot reach a server or log in'],
  [EXIT.file, 'cannot read or write a file'],
  [EXIT.status, 'a service answered with an error'],
  [EXIT.timeout, 'no answer in time, or service still missing'],
  [EXIT.absent, 'no such service or router, or the message bounced'],
  [EXIT.running, 'already running'],
  [EXIT.notRestarted, 'not restarted: the server goes on'],
] as const;

const COMPLETION = ['completion', 'Print a completion script for bash or zsh (by $SHELL)'] as const;

const EPILOGUE = [
  'Each option of serve and doctor can be set as OPENSRF_CHOPCHOP_NAME in the environment. The command line overrides it, and it overrides --config.',
  'Commands that log in take the rest from OSRF_HOST, OSRF_PORT, …; exec sets these.',
  '"help OPTION" tells more of one option, "help limits" lists all limits.',
  '',
  'Exit codes:',
  ...EXIT_CODES.map(([code, meaning]) => `  ${code}  ${meaning}`),
  '',
].join('\n');

/** The output of `COMMAND --help`. @param options Its options, as yargs lays them out; it would wrap examples. */
export function commandHelp(command: HelpedCommand, options: string): string {
  const examples = command.examples.length === 0 ? [] : ['Examples:', ...examplesOf(command), ''];
  return [options.trimEnd(), '', ...examples, EPILOGUE].join('\n');
}

/** The output of `--help` without a command. */
export function shortHelp(commands: readonly HelpedCommand[], width: number): string {
  const options = USUAL.map((name) => optionNamed(name, commands) as Setting);
  const [serve] = commands as readonly [HelpedCommand];
  return [
    'opensrf-chopchop [COMMAND] [OPTIONS]',
    ABOUT,
    '\nCommands:',
    ...indented([...commands.map(({ name, positionals, describe }) => [`${name} ${positionals}`.trim(), describe] as const), COMPLETION], width),
    '\nOptions of serve that most people need:',
    ...indented(
      options.map(({ option, describe }) => [`--${option}`, describe]),
      width,
    ),
    '\nExamples:',
    ...examplesOf(serve),
    '\nMore: "serve --help" or "COMMAND --help" for all options, "help OPTION" for one, "help limits" for all limits.',
    '',
  ].join('\n');
}

/** The examples of a command, each on one line to be copied, below its meaning. */
function examplesOf({ examples }: HelpedCommand): string[] {
  return examples.flatMap(([line, meaning]) => [`  # ${meaning}`, `  ${line.replaceAll('$0', 'opensrf-chopchop')}`]);
}

/** The help of an option or `limits`; null: of a command, which yargs lays out. @throws CommandError for an unknown topic. */
export function helpOf(topic: string, commands: readonly HelpedCommand[], width: number): string | null {
  if (topic === 'limits') return limitsHelp(width);
  if (commands.some(({ name }) => name === topic)) return null;
  const name = topic.replace(/^--(?:no-)?/, '');
  const option = optionNamed(name, commands);
  if (option !== null) return `${optionLines(option, commands).join('\n')}\n`;
  const meant = nearest(name, [
    ...commands.map((command) => command.name),
    ...commands.flatMap(({ options }) => Object.values(options).map((one) => one.option)),
  ]);
  throw new CommandError(EXIT.usage, `help: there is no command or option ${topic}${meant === null ? '' : `; did you mean ${meant}?`}`);
}

/** A setting of the server, or else an option of another command. */
function optionNamed(name: string, commands: readonly HelpedCommand[]): AnyOption | null {
  const all = [...Object.values(SETTINGS), ...commands.flatMap(({ options }) => Object.values(options))];
  return all.find(({ option }) => option === name && name !== '') ?? null;
}

function optionLines(option: AnyOption, commands: readonly HelpedCommand[]): string[] {
  const users = commands.filter(({ options }) => Object.values(options).some((one) => one.option === option.option));
  const { type, shownDefault, describe } = option;
  const lines = [`--${option.option}`, `  ${describe}`, `  Value: ${type.choices.length > 0 ? type.choices.join(', ') : type.label}`];
  if (shownDefault !== '') lines.push(`  Default: ${shownDefault}`);
  if ('environment' in option) {
    lines.push(`  In the environment: ${option.environment}`);
    if (option.element !== '') lines.push(`  In <chopchop> of the file of --config: <${option.element}>`);
    lines.push(option.reload ? '  SIGHUP applies a new value' : '  A restart applies a new value');
  }
  return [...lines, `  Of: ${users.map(({ name }) => name).join(', ')}`];
}

function indented(rows: readonly (readonly [string, string])[], width: number): string[] {
  const first = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.flatMap(([name, text]) => {
    const [line = '', ...more] = wrapped(text, Math.max(30, width - first - 2));
    return [`  ${name.padEnd(first)}${line}`, ...more.map((one) => ' '.repeat(first + 2) + one)];
  });
}
