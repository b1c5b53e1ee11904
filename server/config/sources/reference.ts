import { readableDefault } from '../limit-values.ts';
import { LIMITS } from '../limits.ts';
import { PROCESS_OPTIONS } from '../options/process-options.ts';
import { SITE_OPTIONS } from '../options/serve-options.ts';
import { chopchopElementOf } from './chopchop-section.ts';
import { connectionOptions, DEFAULT_CONNECTION } from './connection.ts';

/** What the reference needs of an option for yargs. */
interface Option {
  readonly describe?: string;
  readonly group?: string;
  readonly hidden?: boolean;
  readonly choices?: readonly string[];
  readonly default?: unknown;
  readonly defaultDescription?: string;
}

const HEAD = `# Configuration

Written by \`node scripts/configuration-reference.js\` from what the program itself goes by; do not edit it here.

An option may stand on the command line (\`--hold 2\`), in the environment (\`OPENSRF_CHOPCHOP_HOLD=2\`) and, where the tables name an element, in the
\`<chopchop>\` section of the file of \`--config\` (\`<chopchop><hold>2</hold></chopchop>\`). The command line beats the environment, that beats
\`<chopchop>\`, and that the rest of the file. What is marked "repeatable" may be given several times, and so may its element. \`--check-config\` prints what
comes of all that.
`;

const LIMITS_HEAD = `## Limits

Each is set by \`--limit NAME=VALUE\` (repeatable), \`OPENSRF_CHOPCHOP_LIMIT=NAME=VALUE,NAME=VALUE\` or \`<chopchop><limit>NAME=VALUE</limit></chopchop>\`. A value is
a whole number in the limit's unit, or has one behind it: KiB, MiB, GiB; ms, s, min. \`--help limits\` prints this table.
`;

/** All of docs/configuration.md. */
export function configurationReference(): string {
  const options = Object.entries<Option>({ ...SITE_OPTIONS, ...PROCESS_OPTIONS }).filter(([, { hidden }]) => hidden !== true);
  const groups = [...new Set(options.map(([, { group = 'Other:' }]) => group))];
  const sections = groups.map((name) =>
    serveSection(
      name.replace(/:$/, ''),
      options.filter(([, { group = 'Other:' }]) => group === name),
    ),
  );
  return [HEAD, ...sections, connectionSection(), limitsSection()].join('\n');
}

function serveSection(group: string, options: readonly (readonly [string, Option])[]): string {
  const rows = options.map(([name, option]) => [`\`--${name}\``, elementOf(name), defaultOf(option), meaningOf(option)]);
  return `## ${group}\n\n${table(['Option', 'Element', 'Default', 'Meaning'], rows)}`;
}

function connectionSection(): string {
  const rows = Object.entries<Option>(connectionOptions(DEFAULT_CONNECTION)).map(([name, option]) => [`\`--${name}\``, defaultOf(option), meaningOf(option)]);
  const head = '## Commands that log in\n\n`request`, `services`, `status`, `wait` and `drain` (which logs in as the router) find the server by:\n\n';
  return head + table(['Option', 'Default', 'Meaning'], rows);
}

function limitsSection(): string {
  const rows = Object.entries(LIMITS).map(([name, limit]) => [`\`${name}\``, limit.unit, readableDefault(limit), limit.effect]);
  return `${LIMITS_HEAD}\n${table(['Name', 'Unit', 'Default', 'What is bounded, and what happens beyond'], rows)}`;
}

function elementOf(option: string): string {
  const element = chopchopElementOf(option);
  return element === undefined ? '' : `\`<${element}>\``;
}

function defaultOf(option: Option): string {
  if (option.defaultDescription !== undefined) return option.defaultDescription;
  return option.default === undefined ? '' : String(option.default);
}

function meaningOf({ describe = '', choices }: Option): string {
  return choices === undefined ? describe : `${describe} (${choices.join(', ')})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}
