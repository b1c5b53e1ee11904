import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseCommand } from '../../server/cli/command-line.ts';
import { createConfig } from '../../server/config/config.ts';
import { valueAt } from '../../server/config/input.ts';
import { ConfigError, formatPlace, type Problem, Problems } from '../../server/config/problem.ts';
import type { Setting } from '../../server/config/setting.ts';
import { CONFIG_PATHS, SETTINGS, type SettingPath } from '../../server/config/settings.ts';
import { readChopchopSection } from '../../server/config/sources/chopchop-section.ts';
import { givenInEnvironment } from '../../server/config/sources/environment.ts';
import { type GivenByKey, givenOnCommandLine } from '../../server/config/sources/given.ts';
import { PlacedSettings } from '../../server/config/sources/placed-settings.ts';
import { readFixtureOptions } from '../../server/fixture/options.ts';
import { CommandError } from '../../server/kernel/exit-codes.ts';

// Every option × command line, environment, <chopchop>, library × true, false, 1, yes, empty, wrong.

/** The expected outcome of a text: a value, `taken` for a value that is not compared, or `refused`. */
type Outcome = { readonly value: unknown } | 'taken' | 'refused' | 'unset';

interface Kind {
  readonly options: readonly string[];
  readonly texts: Readonly<Record<string, Outcome>>;
  /** The outcome of an option or element without a value. */
  readonly bare: Outcome;
}

const is = (value: unknown): Outcome => ({ value });
const ALL: Readonly<Record<string, Outcome>> = { true: 'taken', false: 'taken', 1: 'taken', yes: 'taken' };
const NONE: Readonly<Record<string, Outcome>> = { true: 'refused', false: 'refused', 1: 'refused', yes: 'refused' };

const KINDS: readonly Kind[] = [
  {
    options: ['tls-self-signed', 'tls-required', 'insecure', 'check-config', 'daemon', 'new-token', 'cluster-required'],
    texts: {
      true: is(true),
      TRUE: is(true),
      yes: is(true),
      On: is(true),
      1: is(true),
      false: is(false),
      No: is(false),
      off: is(false),
      0: is(false),
      maybe: 'refused',
      2: 'refused',
    },
    bare: is(true),
  },
  {
    options: ['port', 'tls-port', 'websocket-port', 'websocket-tls-port', 'web-port', 'web-tls-port'],
    texts: {
      ...NONE,
      1: is([1]),
      ' 5222 ': is([5222]),
      70000: 'refused',
      '-1': 'refused',
      '5.5': 'refused',
      '0x10': 'refused',
      '1e3': 'refused',
      '5222x': 'refused',
    },
    bare: 'refused',
  },
  { options: ['component-port', 's2s-port'], texts: { ...NONE, 1: is(1), 0: is(0), 65536: 'refused', NaN: 'refused' }, bare: 'refused' },
  {
    options: ['s2s-peer'],
    texts: {
      'a.lab': is([{ domain: 'a.lab', host: '', port: 5269, auth: 'dialback', tls: 'required', router: false, ca: '' }]),
      'A.lab=10.0.0.7,auth=dialback,router=yes': is([
        { domain: 'a.lab', host: '10.0.0.7', port: 5269, auth: 'dialback', tls: 'optional', router: true, ca: '' },
      ]),
      'a.lab=[fd00::1]:5270,tls=off': is([{ domain: 'a.lab', host: 'fd00::1', port: 5270, auth: 'dialback', tls: 'off', router: false, ca: '' }]),
      'a.lab=192.0.2.1,auth=dialback': is([{ domain: 'a.lab', host: '192.0.2.1', port: 5269, auth: 'dialback', tls: 'required', router: false, ca: '' }]),
      'a.lab,auth=external,ca=/ca.pem b.lab=Host:1': is([
        { domain: 'a.lab', host: '', port: 5269, auth: 'external', tls: 'required', router: false, ca: '/ca.pem' },
        { domain: 'b.lab', host: 'host', port: 1, auth: 'dialback', tls: 'required', router: false, ca: '' },
      ]),
      'a@b': 'refused',
      'a.lab=': 'refused',
      'a.lab=x:0': 'refused',
      'a.lab,tls=maybe': 'refused',
      'a.lab,router': 'refused',
      'a.lab,secret=1': 'refused',
      'a.lab,ca=': 'refused',
    },
    bare: 'refused',
  },
  { options: ['fault-seed'], texts: { ...NONE, 1: is(1), '1.5': 'refused', Infinity: 'refused' }, bare: 'refused' },
  { options: ['unix-mode'], texts: { ...NONE, 1: is(1), '0660': is(0o660), 888: 'refused', 1000: 'refused' }, bare: 'refused' },
  {
    options: [
      'plaintext-login',
      'component-conflict',
      'balance',
      'cluster-balance',
      'on-listener-loss',
      'absent-service',
      'external-router',
      'log-format',
      'replay-mode',
    ],
    texts: { ...NONE, random: 'refused' },
    bare: 'refused',
  },
  { options: ['log-level'], texts: { ...NONE, 1: is('error'), 3: is('info'), 6: 'refused', debug: is('debug'), chatty: 'refused' }, bare: 'refused' },
  {
    options: ['host', 'domain', 'settings-domain', 'peer-router', 'web-host', 'web-services'],
    texts: { ...ALL, 'a,b': is(['a', 'b']), 'a,,b': 'refused' },
    bare: 'refused',
  },
  {
    options: ['web-trust-proxy'],
    texts: { ...NONE, 'loopback,192.0.2.0/24': is(['loopback', '192.0.2.0/24']), '2001:db8::/129': 'refused', '192.0.2.1/0': 'refused' },
    bare: 'refused',
  },
  { options: ['web-user'], texts: { ...NONE, 'a@B.C': is('a@b.c'), a: 'refused', '@b': 'refused', 'a@': 'refused' }, bare: 'refused' },
  { options: ['cluster', 'member'], texts: { ...ALL, 'a-B_9': is('a-B_9'), 'a.b': 'refused', 'a b': 'refused', ['x'.repeat(33)]: 'refused' }, bare: 'refused' },
  {
    options: ['nats'],
    texts: {
      ...NONE,
      'nats://localhost, tls://[::1]:4333/': 'taken',
      'tls://a:1 tls://b': is(['tls://a:1', 'tls://b']),
      'tls://a,': 'refused',
      'tls://a:0': 'refused',
      'https://a': 'refused',
      'tls://a/b': 'refused',
      'tls://u:p@a': 'refused',
    },
    bare: 'refused',
  },
  { options: ['unix', 'log-protect'], texts: { ...ALL, 'a,b': is(['a,b']) }, bare: 'refused' },
  {
    options: ['websocket-origin', 'web-origin'],
    texts: { ...NONE, '*': is(['*']), 'https://a.example, https://b.example': is(['https://a.example', 'https://b.example']) },
    bare: 'refused',
  },
  {
    options: [
      'config',
      'tls-cert',
      'tls-key',
      'log-file',
      'syslog-socket',
      'control-socket',
      'control-file',
      'control-token-file',
      'idl',
      'nats-credentials',
      'nats-ca',
      'stubs',
      'record',
      'replay',
    ],
    texts: ALL,
    bare: 'refused',
  },
  { options: ['ready-file', 'config-dir', 'pid-file', 'process-title', 'component-secret', 's2s-secret'], texts: ALL, bare: 'refused' },
  { options: ['log-tag'], texts: { ...ALL, 'a b': 'refused' }, bare: 'refused' },
  { options: ['with-settings'], texts: { true: is(''), yes: is(''), 1: is(''), false: is(null), no: is(null), './true': is('./true') }, bare: is('') },
  {
    options: ['syslog'],
    texts: { true: is('local0'), 1: is('local0'), yes: is('local0'), false: is(null), local3: is('local3'), mail: 'refused' },
    bare: is('local0'),
  },
  {
    options: ['console'],
    texts: {
      true: is('usual'),
      yes: is('usual'),
      on: is('usual'),
      1: is(1),
      0: is(0),
      false: is('off'),
      no: is('off'),
      Off: is('off'),
      many: 'refused',
      70000: 'refused',
    },
    bare: is('usual'),
  },
];

/** Settings for which a program passes another kind of value; a text is refused. */
const COMPOSITE: readonly Kind[] = [
  { options: ['user'], texts: { ...NONE, 'a:b': is([{ username: 'a', password: 'b', domain: '' }]), ':b': 'refused', 'a:': 'refused' }, bare: 'refused' },
  { options: ['component'], texts: { ...NONE, 'a.b:c': is(new Map([['a.b', 'c']])), 'a.b:': 'refused' }, bare: 'refused' },
  { options: ['limit'], texts: { ...NONE, 'depth=9': is({ depth: 9 }), 'depth=1e2': 'refused', 'depth=': 'refused' }, bare: 'refused' },
  { options: ['trusted-server', 'trusted-client'], texts: { ...ALL, 'a=b': is(new Map([['a', ['b']]])), 'a=b=c': 'refused', '=': 'refused' }, bare: 'refused' },
  { options: ['fault'], texts: ALL, bare: 'refused' },
];

/** Seconds where they are written, milliseconds in a program. */
const TIMES: Kind = {
  options: ['hold', 'loss-grace', 'stuck-listener'],
  texts: { ...NONE, 1: is(1_000), '.5': is(500), '-1': 'refused', 86401: 'refused', '1s': 'refused', '1,5': 'refused' },
  bare: 'refused',
};

const WRITTEN = [...KINDS, ...COMPOSITE, TIMES];
const BY_OPTION = new Map(Object.entries<Setting>(SETTINGS).map(([path, setting]) => [setting.option, { path: path as SettingPath, setting }]));

function rowOf(option: string) {
  const row = BY_OPTION.get(option);
  assert.ok(row !== undefined, option);
  return row;
}

test('each option has its row here', () => {
  const here = WRITTEN.flatMap(({ options }) => options);
  assert.deepEqual([...here].sort(), [...BY_OPTION.keys()].filter((option) => option !== '').sort());
});

/** The outcome of one setting from one source. */
function outcomeOf(path: SettingPath, given: GivenByKey): { outcome: Outcome; problems: readonly Problem[] } {
  const problems = new Problems();
  const settings = new PlacedSettings([given], [path], problems);
  try {
    problems.throwAll();
  } catch (error) {
    return { outcome: 'refused', problems: (error as ConfigError).problems };
  }
  return { outcome: settings.isGiven(path) ? is(settings.values[path]) : 'unset', problems: [] };
}

function check(expected: Outcome, outcome: Outcome, what: string): void {
  if (expected === 'taken') assert.ok(typeof outcome === 'object', `${what} is taken`);
  else assert.deepEqual(outcome, expected, what);
}

async function onCommandLine(...argv: string[]) {
  const chosen = await chooseCommand(['serve', ...argv]);
  return givenOnCommandLine(SETTINGS, chosen?.args ?? {});
}

/** The same for an argument, with the names of its errors. */
async function outcomeOfCommandLine(path: SettingPath, argument: string): Promise<{ outcome: Outcome; places: string[] }> {
  try {
    const { outcome, problems } = outcomeOf(path, await onCommandLine(argument));
    return { outcome, places: problems.map(({ place }) => formatPlace(place)) };
  } catch (error) {
    assert.ok(error instanceof CommandError && error.exitCode === 2, argument);
    return { outcome: 'refused', places: [error.message.split(':')[0] as string] };
  }
}

for (const { options, texts, bare } of WRITTEN) {
  for (const option of options) {
    const { path, setting } = rowOf(option);

    test(`--${option}: each value is read, or refused by the option's name`, async () => {
      for (const [text, expected] of Object.entries(texts)) {
        const name = `--${option}=${text}`;
        const { outcome, places } = await outcomeOfCommandLine(path, name);
        check(expected, outcome, name);
        assert.ok(
          places.every((place) => place === `--${option}`),
          places.join(),
        );
      }
      check(bare, outcomeOf(path, await onCommandLine(`--${option}`)).outcome, `--${option}`);
      const empty = setting.type.label === 'boolean' ? 'refused' : bare;
      check(empty, (await outcomeOfCommandLine(path, `--${option}=`)).outcome, `--${option}=`);
    });

    test(`${setting.environment}: the same, and an empty variable counts as unset`, () => {
      for (const [text, expected] of Object.entries({ ...texts, '': 'unset' as const, ' ': 'unset' as const })) {
        const name = `${setting.environment}=${text}`;
        const { outcome, problems } = outcomeOf(path, givenInEnvironment(SETTINGS, { [setting.environment]: text }));
        check(expected, outcome, name);
        for (const { place } of problems) assert.deepEqual(place, { source: 'environment', name: setting.environment, file: '', line: 0 });
      }
    });

    if (setting.element === '') continue;
    test(`<${setting.element}>: the same, with its line`, () => {
      for (const [text, expected] of Object.entries({ ...texts, '': bare })) {
        const element = { name: setting.element, line: 7, attributes: [], children: [], text: text.trim(), oddity: '' };
        const { given, warnings } = readChopchopSection({ name: 'chopchop', line: 1, attributes: [], children: [element], text: '', oddity: '' }, 'core.xml');
        const { outcome, problems } = outcomeOf(path, given);
        check(expected, outcome, `<${setting.element}>${text}</${setting.element}>`);
        assert.deepEqual(warnings, []);
        for (const { place } of problems) assert.equal(formatPlace(place), `core.xml:7: <${setting.element}>`);
      }
    });
  }
}

/** The input of a program, at the path of a setting. */
function inputWith(path: string, value: unknown): object {
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as object;
}

/** The rest of the input that a setting needs to be checked. */
function withCompany(path: string, value: unknown): object {
  const input = inputWith(path, value) as Record<string, object>;
  if (path.startsWith('tls.')) return { tls: { certificate: 'self-signed', ...input['tls'] } };
  if (path.startsWith('websocket.')) return { ...input, tls: { certificate: 'self-signed' } };
  if (path.startsWith('cluster.')) return { cluster: { name: 'c', member: 'm', nats: ['tls://a'], ...input['cluster'] } };
  if (path.startsWith('settings.')) return { settings: { file: 'x', ...input['settings'] } };
  if (path.startsWith('s2s.')) return { tls: { certificate: 'self-signed' }, s2s: { port: 0, peers: ['a.lab'], ...input['s2s'] } };
  return input;
}

/** The errors of the setting itself, without those about its relation to others. */
function refusedByLibrary(path: string, value: unknown): boolean {
  try {
    const input = withCompany(path, value);
    if (CONFIG_PATHS.includes(path as never) || path === 'insecure') createConfig(input);
    else readFixtureOptions(input);
    return false;
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    const names = error.problems.map(({ place }) => formatPlace(place));
    return names.includes(path) && error.problems.some(({ text }) => /needs |is not (?!a served|an absolute)|at least/.test(text));
  }
}

const IN_LIBRARY = [...CONFIG_PATHS, 'insecure', 'stubs', 'record', 'replay', 'replayMode', 'seed'].filter(
  (path) => SETTINGS[path as SettingPath].option !== '',
);

for (const { options, texts } of KINDS) {
  for (const option of options) {
    const { path } = rowOf(option);
    if (!IN_LIBRARY.includes(path) || option === 'with-settings') continue;
    test(`${path}: a program may hand in the same texts`, () => {
      for (const [text, expected] of Object.entries(texts)) assert.equal(refusedByLibrary(path, text), expected === 'refused', `${path}: '${text}'`);
      // The default of a program: no secret, no file.
      const empty = ['component-secret', 's2s-secret', 'nats-credentials', 'nats-ca'].includes(option) ? [] : ['', ' '];
      for (const wrong of [...empty, {}, Number.NaN]) assert.equal(refusedByLibrary(path, wrong), true, `${path}: ${String(wrong)}`);
    });
  }
}

for (const option of TIMES.options) {
  test(`${rowOf(option).path}: a program hands in milliseconds, as a number or in digits`, () => {
    const { path } = rowOf(option);
    for (const value of [1_500, '1500', '0.5']) assert.equal(refusedByLibrary(path, value), false, String(value));
    for (const value of ['', 'true', '1s', true, -1, 86_400_001, Number.NaN, '86400001']) assert.equal(refusedByLibrary(path, value), true, String(value));
    assert.equal(valueAt(createConfig(inputWith(path, '1500')), path), 1_500);
  });
}

for (const option of COMPOSITE.flatMap(({ options }) => options).filter((one) => one !== 'fault')) {
  test(`${rowOf(option).path}: a program hands in an object, and a text is refused by name`, () => {
    for (const value of ['true', 'false', '1', 'yes', '', 'wrong', true, 1]) assert.equal(refusedByLibrary(rowOf(option).path, value), true, String(value));
  });
}

test('a program may hand in true and false as 1 and 0', () => {
  const tls = { certificate: 'self-signed' } as const;
  assert.equal(createConfig({ tls: { ...tls, required: 1 as never } }).tls?.required, true);
  assert.equal(createConfig({ tls: { ...tls, required: 'No' as never } }).tls?.required, false);
  assert.equal(createConfig({ hosts: ['0.0.0.0'], insecure: 'yes' as never }).hosts[0], '0.0.0.0');
});
