import { readableDefault } from '../limit-values.ts';
import { LIMITS } from '../limits.ts';
import type { Option, Setting } from '../setting.ts';
import { SETTINGS } from '../settings.ts';
import { connectionOptions, DEFAULT_CONNECTION } from './connection.ts';

const HEAD = `# Configuration

Written by \`node scripts/configuration-reference.js\` from the program's own table of settings; do not edit it here.

Set an option on the command line (\`--hold 2\`), in the environment (\`OPENSRF_CHOPCHOP_HOLD=2\`) or, if the tables name an element, in the
\`<chopchop>\` section of the file of \`--config\` (\`<chopchop><hold>2</hold></chopchop>\`). The command line overrides the environment, that overrides
\`<chopchop>\`, and that the rest of the file. \`--check-config\` prints the outcome. \`SIGHUP\` reads everything again and applies the settings marked under
"Reload"; the others need a restart.

The same rules apply to all sources:

- Write true and false as \`true\`, \`yes\`, \`on\`, \`1\` and \`false\`, \`no\`, \`off\`, \`0\`, in upper or lower case. An option or element without a value, as
  \`--tls-required\` or \`<tls_required/>\`, is true; \`--no-tls-required\` is false.
- Write numbers in digits, as \`5\`, \`0.5\`.
- An empty variable of the environment counts as unset. An empty value elsewhere is an error, unless the value is optional.
- An option marked "repeatable", and its element, may occur several times. Lists of addresses, domains, origins and limits may also be one value with commas.
`;

const LIMITS_HEAD = `## Limits

Set one by \`--limit NAME=VALUE\` (repeatable), \`OPENSRF_CHOPCHOP_LIMIT=NAME=VALUE,NAME=VALUE\` or \`<chopchop><limit>NAME=VALUE</limit></chopchop>\`. A value is
a whole number in the limit's unit, or has a suffix: KiB, MiB, GiB; ms, s, min. \`--help limits\` prints this table.
`;

/** All of docs/configuration.md. */
export function configurationReference(): string {
  const settings = Object.values<Setting>(SETTINGS).filter(({ option, hidden }) => option !== '' && !hidden);
  const groups = [...new Set(settings.map(({ group }) => group))];
  const sections = groups.map((name) =>
    groupSection(
      name,
      settings.filter(({ group }) => group === name),
    ),
  );
  return [HEAD, ...sections, connectionSection(), limitsSection()].join('\n');
}

function groupSection(group: string, settings: readonly Setting[]): string {
  const rows = settings.map((setting) => [`\`--${setting.option}\``, elementOf(setting), defaultOf(setting), setting.reload ? 'yes' : '', meaningOf(setting)]);
  return `## ${group}\n\n${table(['Option', 'Element', 'Default', 'Reload', 'Meaning'], rows)}`;
}

function connectionSection(): string {
  const rows = Object.values<Option>(connectionOptions(DEFAULT_CONNECTION)).map((option) => [`\`--${option.option}\``, defaultOf(option), meaningOf(option)]);
  const head = '## Commands that log in\n\n`request`, `services`, `status`, `wait` and `drain` (which logs in as the router) find the server by:\n\n';
  return head + table(['Option', 'Default', 'Meaning'], rows);
}

function limitsSection(): string {
  const rows = Object.entries(LIMITS).map(([name, limit]) => [`\`${name}\``, limit.unit, readableDefault(limit), limit.effect]);
  return `${LIMITS_HEAD}\n${table(['Name', 'Unit', 'Default', 'Bound, and effect beyond it'], rows)}`;
}

function elementOf({ element }: Setting): string {
  return element === '' ? '' : `\`<${element}>\``;
}

function defaultOf({ shownDefault, type }: Option): string {
  return type.unit === '' || shownDefault === '' ? shownDefault : `${shownDefault} ${type.unit}`;
}

function meaningOf({ describe, type: { choices } }: Option): string {
  return choices.length === 0 ? describe : `${describe} (${choices.join(', ')})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}
