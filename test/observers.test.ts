import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChopChop } from '../server/compose/chopchop.ts';
import { createConfig } from '../server/config/config.ts';
import type { Exchange } from '../server/conversations/exchange.ts';
import { ExchangeObservers } from '../server/conversations/exchange-observers.ts';
import { ExchangeTap } from '../server/conversations/exchange-tap.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import { OsrfClient } from '../server/osrf/client.ts';
import { OsrfService } from '../server/osrf/service.ts';
import type { Tap } from '../server/sessions/taps.ts';
import { startControlledServer } from './support/control.ts';
import { guardsWith } from './support/guards.ts';
import { Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

const DOMAIN = 'private.localhost';
const LOGIN = { domain: DOMAIN, username: 'opensrf', password: 'password' } as const;
const ALICE = `opensrf@${DOMAIN}/alice`;

const fail = (): never => {
  throw new Error('an observer fails');
};
const FAILING_TAP: Tap = { bound: fail, read: fail, delivered: fail, ended: fail };

const login = async (t: Parameters<typeof Peer.connect>[0], address: BoundAddress, resource = 'alice') =>
  (await Peer.connect(t, address)).login('opensrf', DOMAIN, resource);

async function echo(peer: Peer, id: string): Promise<void> {
  peer.send(`<message to='${ALICE}' id='${id}'/>`);
  assert.match(await peer.message(), new RegExp(`id='${id}'`));
}

test('a tap that throws disturbs neither sessions nor other taps; the server logs and counts its failures and removes it', async (t) => {
  const { server, address, log } = await startServer(t);
  server.watch(FAILING_TAP, 'failing tap');
  const seen: string[] = [];
  server.watch({ bound: () => {}, read: (_session, { id }) => void seen.push(id), delivered: () => {}, ended: () => {} });
  const alice = await login(t, address);
  for (let number = 0; number < 20; number++) await echo(alice, `m${number}`);
  assert.equal(seen.length, 20);
  const { observerFailures } = server.config.limits;
  assert.equal(server.guards.failures.get('failing tap'), observerFailures, 'none after the server removed it');
  assert.deepEqual(
    log.lines.filter(({ level }) => level === 'error').map(({ message }) => message),
    ['failing tap failed', 'failing tap failed repeatedly and was removed'],
  );
  server.watch(FAILING_TAP, 'failing tap');
  await echo(alice, 'again');
  assert.equal(server.guards.failures.get('failing tap'), observerFailures, 'it cannot come back');
});

test('a stanza continues if the interceptor fails', async (t) => {
  const { server, address } = await startServer(t);
  server.intercept({ take: fail });
  const alice = await login(t, address);
  for (let number = 0; number < 20; number++) await echo(alice, `m${number}`);
  assert.equal(server.guards.failures.get('interceptor'), server.config.limits.observerFailures);
});

test('an observer of a session’s deliveries that throws closes no stream, and stays', async (t) => {
  const { server, address } = await startServer(t);
  const alice = await login(t, address);
  let called = 0;
  for (const session of server.sessions) {
    session.observe({
      delivered: () => {
        called++;
        fail();
      },
    });
  }
  for (let number = 0; number < 20; number++) await echo(alice, `m${number}`);
  assert.equal(called, 20);
});

test('the end of a session runs to completion even if observers, watchers and the log fail', async (t) => {
  const server = new ChopChop(createConfig({ port: 0 }), { debug: fail, info: fail, warn: fail, error: fail });
  const [address] = (await server.start()) as [BoundAddress];
  t.after(() => server.stop());
  server.watch(FAILING_TAP);
  server.watchServices(fail);
  const methods = { add: (a: number, b: number) => a + b };
  const service = await OsrfService.start({ ...LOGIN, ...address, service: 'opensrf.math', workers: 1, methods });
  await service.listener.settled();
  const router = server.routers.get(DOMAIN);
  assert.equal(router?.classes.size, 1);
  const before = server.sessions.size;
  service.listener.kill();
  const alice = await login(t, address);
  while (server.sessions.size > before) await echo(alice, 'wait');
  assert.equal(router?.classes.size, 0);
  alice.send('</stream:stream>');
  await alice.closed();
  await login(t, address);
});

test('an observer of exchanges that throws disturbs neither the tap nor the other observers', async (t) => {
  const { server, address } = await startServer(t);
  const ended: Exchange[] = [];
  const guards = guardsWith();
  const observers = new ExchangeObservers(guards);
  observers.add({ asked: fail, handed: fail, answered: fail, ended: fail, unasked: fail }, 'failing');
  observers.add({ asked() {}, handed() {}, answered() {}, unasked() {}, ended: (exchange) => void ended.push(exchange) }, 'good');
  const tap = new ExchangeTap({ routers: new Set([`router@${DOMAIN}`]), observer: observers });
  server.watch(tap);
  const client = await OsrfClient.connect({ ...LOGIN, ...address, resource: 'client' });
  t.after(() => client.close());
  for (let number = 1; number <= 5; number++) await assert.rejects(async () => await client.request('opensrf.absent', 'add'), /404/);
  assert.equal(ended.length, 5);
  assert.equal(tap.openCount, 0);
  assert.equal(guards.failures.get('failing'), 10);
});

test('metrics omit a part that cannot be read, and count its failure', async (t) => {
  const { server, call } = await startControlledServer(t);
  Object.defineProperty(server.counts.bounces, Symbol.iterator, { value: fail });
  const text = await (await call('/metrics')).text();
  assert.match(text, /^opensrf_chopchop_logins_total \d+$/m);
  assert.match(await (await call('/metrics')).text(), /^opensrf_chopchop_observer_failures_total\{observer="metrics"\} \d+$/m);
});
