import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OsrfClient } from '../server/osrf/client.ts';
import { OsrfService } from '../server/osrf/service.ts';
import { FakeClock } from './support/fakes.ts';
import { attribute, cRequest, requestBody, sessionBody } from './support/osrf.ts';
import { Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

const DOMAIN = 'localhost';
const LOGIN = { domain: DOMAIN, username: 'opensrf', password: 'password' } as const;
const CLASS = 'router@localhost/opensrf.math';

test('a session whose client falls silent is ended with status 408, and its worker takes the next request', async (t) => {
  const { server, address } = await startServer(t, { domains: [DOMAIN] });
  const clock = new FakeClock();
  const methods = { add: (a: number, b: number) => a + b };
  const description = { service: 'opensrf.math', methods, workers: 1, routers: [`router@${DOMAIN}/router`], keepalive: { ms: 5_000, clock } };
  await OsrfService.startWith(description, async (resource) => server.login({ ...LOGIN, resource }));

  const silent = await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'silent');
  silent.send(cRequest(CLASS, '', 'session', sessionBody('CONNECT')));
  const worker = attribute(await silent.message(), 'from');
  for (const number of [1, 2]) {
    // Each request begins the time anew.
    clock.advance(4_999);
    silent.send(cRequest(worker, '', 'session', requestBody('add', [number, 2], String(number))));
    assert.match(await silent.message(), new RegExp(`"content":${number + 2}`));
  }
  clock.advance(4_999);

  const other = await OsrfClient.connect({ ...LOGIN, ...address, resource: 'other' });
  const waiting = other.request('opensrf.math', 'add', 3, 4).answer;
  // In its turn behind the request: that is in the listener's backlog by then.
  await other.jabber.settled();
  clock.advance(1);
  const ended = await silent.message();
  assert.match(ended, /<thread>session<\/thread>.*"threadTrace":"0".*"osrfConnectStatus".*"Disconnected on timeout","statusCode":"408"/);
  assert.deepEqual((await waiting).results, [7]);
  assert.equal(clock.timers, 0);
});

test('a service with keepaliveMs frees the worker of a silent session', async (t) => {
  const { address } = await startServer(t, { domains: [DOMAIN] });
  const methods = { add: (a: number, b: number) => a + b };
  const service = await OsrfService.start({ ...LOGIN, ...address, service: 'opensrf.math', workers: 1, methods, keepaliveMs: 1 });
  await service.listener.settled();
  const [silent, other] = await Promise.all(['silent', 'other'].map((resource) => OsrfClient.connect({ ...LOGIN, ...address, resource })));
  const session = (silent as OsrfClient).session('opensrf.math');
  assert.deepEqual([await session.connect()], service.workerJids);
  assert.equal(await other?.request('opensrf.math', 'add', 3, 4), 7);
  assert.equal(service.jid, service.listener.jid);
  await service.stop();
});

test('a generator yields results; an exception becomes an error after them', async (t) => {
  const { address } = await startServer(t, { domains: [DOMAIN] });
  const methods = {
    *count(to: number) {
      for (let number = 1; number <= to; number++) yield number;
    },
    async *slowly() {
      yield await Promise.resolve('a');
      yield { b: null };
    },
    *half() {
      yield 1;
      throw new Error('no more');
    },
    nothing: () => undefined,
  };
  const service = await OsrfService.start({ ...LOGIN, ...address, service: 'opensrf.math', workers: 1, methods });
  await service.listener.settled();
  const client = await OsrfClient.connect({ ...LOGIN, ...address, resource: 'client' });
  const ask = async (method: string, ...params: unknown[]) => (await client.request('opensrf.math', method, ...params).answer).results;
  assert.deepEqual(await ask('count', 3), [1, 2, 3]);
  assert.equal((await ask('count', 1_000)).length, 1_000);
  assert.deepEqual(await ask('slowly'), ['a', { b: null }]);
  assert.deepEqual(await ask('nothing'), []);
  await assert.rejects(ask('half'), /^OsrfError: 500 .*Call to \[half\] failed.*\nno more\n$/);
});
