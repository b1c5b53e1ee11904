import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { startChopChop } from '../server/index.ts';
import { temporaryFolder } from './support/command.ts';
import { GatewaySocket, request } from './support/gateway-socket.ts';

test('a fixture with web has an address for browsers, which child processes find in their environment', async () => {
  await using jabber = await startChopChop({ web: true });
  assert.match(jabber.webUrl, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal(jabber.env()['OSRF_WEB_URL'], jabber.webUrl);
  await jabber.service('opensrf.math', { add: (a: number, b: number) => a + b });
  const answer = await fetch(`${jabber.webUrl}/osrf-gateway-v1?service=opensrf.math&method=add&param=2&param=2`);
  assert.equal(await answer.text(), '{"payload":[4],"status":200}');
  jabber.verify({ service: 'opensrf.math', method: 'add', params: [2, 2] }, 1);
  await using plain = await startChopChop();
  assert.equal(plain.webUrl, '');
  assert.equal(plain.env()['OSRF_WEB_URL'], undefined);
});

test('faults affect requests of browsers like any others', async (t) => {
  await using jabber = await startChopChop({ web: true });
  await jabber.service('opensrf.math', { add: (a: number, b: number) => a + b });
  const url = `${jabber.webUrl}/osrf-gateway-v1?service=opensrf.math&method=add&param=2&param=2`;
  jabber.fault({ service: 'opensrf.math', status: 503, text: 'no', times: 1 });
  assert.equal(await (await fetch(url)).text(), '{"payload":[],"debug": "osrfMethodException : no","status":503}');
  jabber.fault({ service: 'opensrf.math', bounce: true, times: 1 });
  assert.match(await (await fetch(url)).text(), /Transport Error/);
  jabber.fault({ service: 'opensrf.math', delayMs: 1, times: 1 });
  assert.equal(await (await fetch(url)).text(), '{"payload":[4],"status":200}');
  jabber.fault({ service: 'opensrf.math', cut: 'sender', times: 1 });
  const browser = await GatewaySocket.open(t, jabber.webUrl);
  browser.send({ service: 'opensrf.math', thread: 't', osrf_msg: [request('add', [1, 1])] });
  assert.equal(await browser.closed(), 1006);
});

test('a fault on web affects browsers only, and cut breaks their sockets', async (t) => {
  await using jabber = await startChopChop({ web: true });
  await jabber.service('opensrf.math', { add: (a: number, b: number) => a + b });
  jabber.fault({ service: 'opensrf.math', on: 'web', cut: 'sender', times: 2 });
  assert.equal(await jabber.request('opensrf.math', 'add', 1, 1), 2, 'other clients are spared');
  const browser = await GatewaySocket.open(t, jabber.webUrl);
  browser.send({ service: 'opensrf.math', thread: 't', osrf_msg: [request('add', [1, 1])] });
  assert.equal(await browser.closed(), 1006);
  await assert.rejects(fetch(`${jabber.webUrl}/osrf-gateway-v1?service=opensrf.math&method=add`), /fetch failed/);
  const again = await fetch(`${jabber.webUrl}/osrf-gateway-v1?service=opensrf.math&method=add&param=1&param=2`);
  assert.equal(await again.text(), '{"payload":[3],"status":200}');
});

test('a fault on web answers with an HTTP status in place of the service, as a proxy does', async (t) => {
  await using jabber = await startChopChop({ web: { ports: [0], services: ['*'] } });
  await jabber.service('opensrf.math', { add: (a: number, b: number) => a + b });
  const fault = jabber.fault({ service: 'opensrf.math', on: 'web', httpStatus: 502 });
  const message = `osrf-msg=${encodeURIComponent(JSON.stringify([request('add', [1, 1])]))}`;
  const ask = () =>
    Promise.all([
      fetch(`${jabber.webUrl}/osrf-gateway-v1?service=opensrf.math&method=add&param=1&param=1`),
      fetch(`${jabber.webUrl}/osrf-http-translator`, { method: 'POST', body: message, headers: { 'X-OpenSRF-service': 'opensrf.math' } }),
      fetch(`${jabber.webUrl}/services/opensrf.math/add`, { method: 'POST', body: '[1,1]', headers: { 'content-type': 'application/json' } }),
    ]);
  const statuses = async () => (await ask()).map(({ status }) => status);
  assert.deepEqual(await statuses(), [502, 502, 502]);
  for (const [httpStatus, code] of [
    [502, 1014],
    [500, 1011],
  ] as const) {
    await jabber.reset('faults');
    jabber.fault({ service: 'opensrf.math', on: 'web', httpStatus });
    const browser = await GatewaySocket.open(t, jabber.webUrl);
    browser.send({ service: 'opensrf.math', thread: 't', osrf_msg: [request('add', [1, 1])] });
    assert.equal(await browser.closed(), code);
  }
  assert.equal(fault.hits, 3);
  assert.ok(jabber.received().every(({ handOvers }) => handOvers === 0));
  assert.equal(await jabber.request('opensrf.math', 'add', 1, 1), 2, 'other clients are spared');
  await jabber.reset('faults');
  assert.deepEqual(await statuses(), [200, 200, 200]);
});

test('a fault on web delays the requests of browsers alone', async (t) => {
  await using jabber = await startChopChop({ web: true });
  await jabber.service('opensrf.math', { add: (a: number, b: number) => a + b });
  const fault = jabber.fault({ service: 'opensrf.math', on: 'web', params: [1, 1], delayMs: [100, 120] });
  const browser = await GatewaySocket.open(t, jabber.webUrl);
  browser.send({ service: 'opensrf.math', thread: 't', osrf_msg: [request('add', [1, 1])] });
  const answer = await browser.ask({ service: 'opensrf.math', thread: 't', osrf_msg: [request('add', [2, 1], 2)] });
  assert.equal(answer.osrf_msg[0].__p.payload.__p.content, 3);
  await jabber.request('opensrf.math', 'add', 1, 1);
  assert.equal((await browser.frame()).osrf_msg[0].__p.payload.__p.content, 2);
  assert.equal(fault.hits, 1);
});

test('requests of browsers are recorded and replayed', async (t) => {
  const file = join(temporaryFolder(t), 'session.ndjson');
  const ask = async ({ webUrl }: { webUrl: string }) => (await fetch(`${webUrl}/osrf-gateway-v1?service=opensrf.math&method=add&param=2&param=2`)).text();
  const recording = await startChopChop({ web: true, record: file });
  await recording.service('opensrf.math', { add: (a: number, b: number) => a + b });
  const answer = await ask(recording);
  await recording.stop();
  await using replaying = await startChopChop({ web: true, replay: file, replayMode: 'strict' });
  assert.equal(await ask(replaying), answer);
  const browser = await GatewaySocket.open(t, replaying.webUrl);
  const frame = await browser.ask({ service: 'opensrf.math', thread: 't', osrf_msg: [request('add', [2, 2])] });
  assert.equal(frame.osrf_msg[0].__p.payload.__p.content, 4);
});
