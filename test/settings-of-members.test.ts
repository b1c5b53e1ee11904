import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { OsrfService } from '../server/osrf/service.ts';
import { BuiltInSettings, SETTINGS_SERVICE } from '../server/settings/built-in.ts';
import { OtherBuiltIns } from '../server/settings/other-built-ins.ts';
import { startServer } from './support/server.ts';

const LOGIN = { domain: 'localhost', username: 'opensrf', password: 'password' } as const;

const xml = (name: string) => `<opensrf><!-- ${Math.random()} --><default><name>${name}</name></default></opensrf>`;

/** A server whose built-in services stand for those of as many members. */
async function setUp(t: TestContext) {
  const { server, address, log } = await startServer(t);
  const folder = mkdtempSync(join(tmpdir(), 'members-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const services = new Map<string, BuiltInSettings>();
  const nodes = () => server.routers.get('localhost')?.classes.get(SETTINGS_SERVICE)?.nodes ?? new Map<string, unknown>();
  server.watchServices((domain, service) => {
    if (service === SETTINGS_SERVICE) for (const one of services.values()) one.listenersChanged(domain, nodes().keys());
  });
  /** Starts the service of a member, which knows the earlier ones, as they know it before it registers. */
  const start = async (member: string, content: string) => {
    const file = join(folder, `${member}.xml`);
    writeFileSync(file, xml(content));
    const before = [...services];
    const { limits } = server.config;
    const login = (credentials: Parameters<typeof server.login>[0]) => {
      const jabber = server.login(credentials);
      if (credentials.resource.includes('_listener_')) for (const [, one] of before) one.memberHas(member, jabber.jid, service.digest);
      return jabber;
    };
    const service: BuiltInSettings = new BuiltInSettings(
      { file, account: LOGIN, routers: ['router@localhost/router'], member },
      { login, limits, turns: server.turns, clock: server.clock, log },
    );
    services.set(member, service);
    for (const [name, { listener, digest }] of before) service.memberHas(name, listener, digest);
    await service.start(service.read());
    return { service, file };
  };
  const registered = (...all: { service: BuiltInSettings }[]) => all.map(({ service }) => nodes().has(service.listener));
  const turn = () => new Promise<void>((resolve) => void server.clock.after(1, resolve));
  return { server, address, log, start, registered, turn };
}

test('built-in services of several members with equal files take turns, and all unregister for another listener', async (t) => {
  const { address, start, registered, turn } = await setUp(t);
  const a = await start('a', 'equal');
  const b = await start('b', 'equal');
  await turn();
  assert.deepEqual(registered(a, b), [true, true]);
  const other = await OsrfService.start({ ...LOGIN, ...address, service: SETTINGS_SERVICE, workers: 1, methods: {} });
  await other.listener.settled();
  assert.deepEqual(registered(a, b), [false, false]);
  await other.stop();
  assert.deepEqual(registered(a, b), [true, true]);
});

test('if their files differ, only those with the file of the member with the lowest name stay, until that has left or another file is read', async (t) => {
  const { server, start, registered, turn, log } = await setUp(t);
  const b = await start('b', 'one');
  const c = await start('c', 'two');
  await turn();
  assert.deepEqual(registered(b, c), [true, false]);
  assert.deepEqual(
    log.lines.filter(({ level }) => level === 'warn').map(({ fields, message }) => [fields, message]),
    [[{ member: 'b' }, 'the opensrf.xml of another member differs; the built-in opensrf.settings unregistered']],
  );
  writeFileSync(c.file, xml('one'));
  c.service.readAgain()();
  assert.deepEqual(registered(b, c), [true, true]);
  writeFileSync(c.file, xml('two'));
  c.service.readAgain()();
  assert.deepEqual(registered(b, c), [true, false]);
  c.service.memberLost('b');
  await turn();
  assert.deepEqual(registered(c), [false], 'the lost listener is another one until it leaves');
  for (const session of server.sessions) if (session.jid === b.service.listener) session.close('client-closed', null);
  await turn();
  assert.deepEqual(registered(c), [true]);
});

test('the lowest name counts, whoever came first, and each is asked about its own listener only', () => {
  const others = new OtherBuiltIns();
  assert.deepEqual([others.rival('b', '1'), others.rival('', '1'), others.has('x')], ['', '', false]);
  others.set('c', 'listener of c', '2');
  assert.equal(others.rival('b', '1'), '');
  others.set('a', 'listener of a', '2');
  assert.deepEqual([others.rival('b', '1'), others.rival('b', '2')], ['a', '']);
  others.set('a', 'later listener of a', '1');
  assert.deepEqual([others.rival('b', '1'), others.has('listener of a'), others.has('later listener of a')], ['', false, true]);
  others.delete('a');
  assert.equal(others.rival('d', '1'), 'c');
});
