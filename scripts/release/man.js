// The man page, made from the output of --help, which yargs makes from the commands' definitions.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, version } from './root.js';

function help(...args) {
  const { stdout, status, stderr } = spawnSync(process.execPath, [join(root, 'dist/server/main.js'), ...args, '--help'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`--help: ${stderr}`);
  return stdout;
}

/** Cuts a help text into its sections, each with items of two columns that were wrapped. */
function parse(text) {
  const sections = [];
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) addLine(sections, line);
  return sections;
}

function addLine(sections, line) {
  const items = sections.at(-1)?.items ?? [];
  const [, heading] = /^(\S[^:]*):$/.exec(line) ?? [];
  const [, item, rest = ''] = /^ {2}(\S.*?)(?: {2,}(\S.*))?$/.exec(line) ?? [];
  if (heading !== undefined) sections.push({ heading, items: [] });
  else if (item !== undefined) items.push([item, rest]);
  else if (line.startsWith('  ') && items.length > 0) items.at(-1)[1] += ` ${line.trim()}`;
  else sections.push({ heading: '', items: [['', line.trim()]] });
}

/** Characters with a meaning for troff. */
function plain(text) {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/ {2,}/g, ' ')
    .replace(/^([.'])/, '\\&$1');
}

function section({ heading, items }, macro) {
  const title = heading === '' ? [] : [`.${macro} ${plain(heading)}`];
  return [...title, ...items.flatMap(([item, text]) => (item === '' ? ['.PP', plain(text)] : ['.TP', `.B ${plain(item)}`, plain(text.trim())]))];
}

/** When this version was made, by the changelog. */
function date() {
  const [, made = ''] = new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\] - (\\S+)$`, 'm').exec(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')) ?? [];
  return made;
}

/** opensrf-chopchop(1), in roff. */
export function manPage() {
  const [usage, about, commands, ...options] = parse(help());
  const names = commands.items.map(([item]) => item.split(' ')[1]).filter((name) => !['serve', 'completion'].includes(name));
  return [
    `.TH OPENSRF\\-CHOPCHOP 1 "${date()}" "opensrf\\-chopchop ${version}" "User Commands"`,
    '.SH NAME',
    'opensrf\\-chopchop \\- a Jabber (XMPP) server and OpenSRF router in one process',
    '.SH SYNOPSIS',
    plain(usage.items[0][1]),
    '.SH DESCRIPTION',
    plain(about.items[0][1]),
    ...section({ ...commands, heading: 'COMMANDS' }, 'SH'),
    '.SH SERVE',
    ...options.flatMap((one) => section(one, 'SS')),
    ...names.flatMap((name) => [`.SH ${plain(name.toUpperCase())}`, ...parse(help(name)).flatMap((one) => section(one, 'SS'))]),
    '',
  ]
    .filter((line, index, lines) => line !== '.PP' || !/^\.S[HS] /.test(lines[index - 1]))
    .join('\n');
}
