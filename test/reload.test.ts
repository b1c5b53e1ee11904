import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ConfigInput, createConfig } from '../server/config/config.ts';
import { reloadedConfig } from '../server/config/reload.ts';
import { OsrfClient } from '../server/osrf/client.ts';
import { serve, temporaryFolder } from './support/command.ts';
import { registration } from './support/osrf.ts';
import { Peer } from './support/peer.ts';

const DOMAIN = 'private.localhost';

test('a reload applies the reloadable settings and names the others', () => {
  const running = createConfig();
  const account = { username: 'a', domain: 'localhost', password: 'p' };
  const rows: readonly (readonly [input: ConfigInput, restart: readonly string[], taken: (config: typeof running) => unknown, what: unknown])[] = [
    [{}, [], ({ accounts }) => accounts.length, 6],
    [{ accounts: [account] }, [], ({ accounts }) => accounts, [account]],
    [{ logProtect: ['x'] }, [], ({ logProtect }) => logProtect, ['x']],
    [{ router: { trustedServers: new Map([['localhost', ['x']]]) } }, [], ({ router }) => [...router.trustedServers], [['localhost', ['x']]]],
    [{ router: { trustedClients: new Map([['localhost', ['x']]]) } }, [], ({ router }) => [...router.trustedClients], [['localhost', ['x']]]],
    [
      { components: { port: 5347, secrets: new Map([['gate.localhost', 's']]), conflict: 'replace' } },
      ['components.port', 'components.conflict'],
      ({ components }) => [components.port, [...components.secrets], components.conflict],
      [null, [['gate.localhost', 's']], 'keep'],
    ],
    [{ port: 1 }, ['ports'], ({ ports }) => ports, [5222]],
    [{ hosts: ['127.0.0.2'] }, ['hosts'], ({ hosts }) => hosts, ['127.0.0.1']],
    [{ router: { names: new Map([['localhost', 'x']]) } }, ['router.names'], ({ router }) => [...router.names], []],
    [{ settings: { file: 'x' } }, ['settings'], ({ settings }) => settings, null],
    [
      { limits: { depth: 9 }, router: { balance: 'least-outstanding', holdMs: 1 } },
      ['limits', 'router.balance', 'router.holdMs'],
      ({ limits }) => limits.depth,
      128,
    ],
  ];
  for (const [input, restart, taken, what] of rows) {
    const reloaded = reloadedConfig(running, createConfig(input));
    assert.deepEqual([reloaded.restart, taken(reloaded.config)], [restart, what]);
  }
});

const SETTINGS = (value: string) => `<opensrf><default><value>${value}</value></default></opensrf>`;

/** A server that runs by the two files of a folder, after they were written. */
async function running(t: TestContext, logLevel: number) {
  const folder = temporaryFolder(t);
  const files = { core: join(folder, 'opensrf_core.xml'), settings: join(folder, 'opensrf.xml') };
  const write = (chopchop: string, settings: string) => {
    const account = `<domain>${DOMAIN}</domain><port>5222</port><username>opensrf</username><passwd>p</passwd>`;
    writeFileSync(files.core, `<config>\n<opensrf>${account}</opensrf>\n<chopchop>${chopchop}</chopchop>\n</config>`);
    writeFileSync(files.settings, settings);
  };
  write(`<loglevel>${logLevel}</loglevel><hold>1</hold>`, SETTINGS('old'));
  const { child, ready, output } = await serve(t, folder, '--config', files.core, '--host', '127.0.0.1', '--with-settings', files.settings);
  const [address] = ready.c2s;
  let seen = 0;
  /** Sends SIGHUP. @returns the lines that follow, to the one that ends it. */
  const hangUp = async () => {
    child.kill('SIGHUP');
    for (;;) {
      const lines = output().slice(seen);
      if (/configuration (?:not )?reloaded.*\n/.test(lines)) {
        seen = output().length;
        return lines
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line));
      }
      await once(child.stdout as NodeJS.ReadableStream, 'data');
    }
  };
  const client = await OsrfClient.connect({ ...address, domain: DOMAIN, username: 'opensrf', password: 'p', routerName: 'router', resource: 'asks' });
  t.after(() => client.close());
  const setting = async () => {
    const session = client.session('opensrf.settings');
    const { results } = await session.request('opensrf.settings.default_config.get').answer;
    session.end();
    return (results[0] as { value: string }).value;
  };
  return { address, write, hangUp, setting };
}

test('SIGHUP reads opensrf.xml and <chopchop> again: settings and log level change, the log names settings that need a restart, registrations stay', async (t) => {
  const { address, write, hangUp, setting } = await running(t, 2);
  const listener = await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'listener', 'p');
  listener.send(registration('register', `router@${DOMAIN}/router`, '', 'opensrf.math'));
  assert.equal(await setting(), 'old');

  write('<loglevel>3</loglevel><hold>2</hold><log_format>pretty</log_format><log_protect>a</log_protect>', SETTINGS('new'));
  const lines = await hangUp();
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    ['changed settings need a restart and were not applied', 'configuration reloaded'],
    'and no line of the time before, when only warnings were logged',
  );
  assert.deepEqual(lines[0].settings, ['router.holdMs', 'log.format']);
  assert.equal(await setting(), 'new');
  listener.send(`<message to='router@${DOMAIN}/opensrf.math'><thread>t</thread><body>x</body></message>`);
  assert.match(await listener.message(), /<body>x<\/body>/);
});

for (const [what, chopchop, settings, says] of [
  ['a <chopchop> with a wrong value', '<balance>random</balance>', SETTINGS('new'), /opensrf_core\.xml:3: <balance>: "random" is not one of/],
  ['an opensrf.xml that is broken', '', '<opensrf>', /opensrf\.xml:1: <opensrf> is not closed/],
  ['a log that contradicts itself', '<syslog>mail</syslog>', SETTINGS('new'), /opensrf_core\.xml:3: <syslog>: "mail" is not one of/],
] as const) {
  test(`${what} changes nothing, and the log has the reason`, async (t) => {
    const { address, write, hangUp, setting } = await running(t, 3);
    write(`<loglevel>1</loglevel>${chopchop}`, settings);
    const last = (await hangUp()).at(-1);
    assert.equal(last.msg, 'configuration not reloaded: nothing was changed');
    assert.match(last.problems.join('\n'), says);
    assert.equal(await setting(), 'old');
    await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'newcomer', 'p');
    assert.ok(
      (await hangUp()).some(({ msg }) => msg === 'session bound'),
      'the log level is the old one too',
    );
  });
}
