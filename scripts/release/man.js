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

/** The help of a command, in parts. */
function commandPage(name) {
  const text = help(name);
  const [options, rest] = [text.split(/\n(?:Examples:|Each option of serve)/)[0], text];
  const examples = Array.from(rest.matchAll(/^ {2}# (.*)\n {2}(.*)$/gm), ([, meaning, line]) => [line, meaning]);
  const codes = Array.from(rest.matchAll(/^ {2}(\d) {2}(.*)$/gm), ([, code, meaning]) => [code, meaning]);
  return { options: parse(options), examples, codes };
}

const ENVIRONMENT = section(
  {
    heading: 'ENVIRONMENT',
    items: [
      ['OPENSRF_CHOPCHOP_NAME', 'The option --NAME of serve and doctor; the command line overrides it.'],
      ['OSRF_HOST, OSRF_PORT, OSRF_DOMAIN, OSRF_USERNAME, OSRF_PASSWORD, OSRF_CONFIG', 'Where commands that log in find the server; exec sets them.'],
      ['XDG_RUNTIME_DIR', 'The folder below which control files are.'],
      ['XDG_CACHE_HOME, NODE_DISABLE_COMPILE_CACHE', 'Where compiled code is kept; 1: keep none.'],
      ['SHELL', 'The shell that completion prints a script for.'],
    ],
  },
  'SH',
);

const FILES = section(
  {
    heading: 'FILES',
    items: [
      ['/openils/conf/opensrf_core.xml', 'The site of --config. Settings of this server alone are in its element <chopchop>.'],
      [
        '$XDG_RUNTIME_DIR/opensrf-chopchop/PID.json',
        'The control file of a running server: address and token of its control interface, for this user only. Without XDG_RUNTIME_DIR in /tmp/opensrf-chopchop-UID.',
      ],
      ['~/.cache/opensrf-chopchop/', 'Compiled code of the installed package.'],
    ],
  },
  'SH',
);

/** When this version was made, by the changelog. */
function date() {
  const [, made = ''] = new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\] - (\\S+)$`, 'm').exec(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')) ?? [];
  return made;
}

/** opensrf-chopchop(1), in roff. */
export function manPage() {
  const [usage, about, commands] = parse(help());
  const names = commands.items.map(([item]) => item.split(' ')[0]).filter((name) => !['serve', 'completion', 'help'].includes(name));
  const [serve, ...others] = ['serve', ...names].map((name) => ({ name, ...commandPage(name) }));
  return [
    `.TH OPENSRF\\-CHOPCHOP 1 "${date()}" "opensrf\\-chopchop ${version}" "User Commands"`,
    '.SH NAME',
    'opensrf\\-chopchop \\- a Jabber (XMPP) server and OpenSRF router in one process',
    '.SH SYNOPSIS',
    plain(usage.items[0][1]),
    '.SH DESCRIPTION',
    plain(about.items[0][1]),
    ...section({ ...commands, heading: 'COMMANDS' }, 'SH'),
    ...[serve, ...others].flatMap(({ name, options }) => [`.SH ${plain(name.toUpperCase())}`, ...options.flatMap((one) => section(one, 'SS'))]),
    '.SH EXAMPLES',
    ...[serve, ...others].flatMap(({ examples }) => examples).flatMap(([line, meaning]) => ['.PP', plain(meaning), '.PP', '.RS', '.B', plain(line), '.RE']),
    '.SH EXIT STATUS',
    ...serve.codes.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, plain(meaning)]),
    ...ENVIRONMENT,
    ...FILES,
    '',
  ]
    .filter((line, index, lines) => line !== '.PP' || !/^\.S[HS] /.test(lines[index - 1]))
    .join('\n');
}
