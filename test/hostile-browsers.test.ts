import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { ChopChopFixture } from '../server/fixture/fixture.ts';
import { GatewaySocket, request } from './support/gateway-socket.ts';
import { recordingLog } from './support/server.ts';
import { MATH, rawHttp, startWeb, webUrl } from './support/web-fixture.ts';

const ADD = `/osrf-gateway-v1?service=${MATH}&method=add&param=1&param=2`;
const stillServes = async (jabber: ChopChopFixture) => assert.equal(await (await fetch(webUrl(jabber, ADD))).text(), '{"payload":[3],"status":200}');
const post = (body: string, headers = '') => `POST /osrf-gateway-v1 HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n${body}`;

test('a browser that sends 10,000 requests and reads nothing gets all answers in the end, and other browsers are unaffected', async (t) => {
  const jabber = await startWeb(t);
  const browser = await GatewaySocket.open(t, webUrl(jabber));
  browser.webSocket.pause();
  for (let number = 0; number < 10_000; number++) browser.send({ service: MATH, thread: 't', osrf_msg: [request('add', [number, 1], number)] });
  const other = await GatewaySocket.open(t, webUrl(jabber));
  const answer = await other.ask({ service: MATH, thread: 'o', osrf_msg: [request('add', [1, 1])] });
  assert.equal(answer.osrf_msg[0].__p.payload.__p.content, 2);
  browser.webSocket.resume();
  const seen = new Set<string>();
  while (seen.size < 10_000) for (const { __p } of (await browser.frame()).osrf_msg) seen.add(__p.threadTrace);
});

test('unanswered requests of one browser are limited, and a further one comes back', async (t) => {
  const jabber = await startWeb(t, { limits: { webSocketRequests: 3 } });
  await jabber.service('opensrf.slow', { wait: () => new Promise<never>(() => {}) });
  const browser = await GatewaySocket.open(t, webUrl(jabber));
  for (let number = 0; number < 3; number++) browser.send({ service: 'opensrf.slow', thread: 't', osrf_msg: [request('wait', [], number)] });
  const refused = await browser.ask({ service: 'opensrf.slow', thread: 't', osrf_msg: [request('wait', [], 3)] });
  assert.equal(refused.transport_error, true);
  assert.equal(refused.osrf_msg[0].__p.threadTrace, '3');
});

test('a body that never ends gets 408, one that is too long 413, and the connection ends', async (t) => {
  const jabber = await startWeb(t, { limits: { webRequestMs: 1, webRequestBytes: 1_000 } });
  assert.match(await rawHttp(jabber, post('5\r\nabcde\r\n', 'Transfer-Encoding: chunked\r\n')), /^HTTP\/1\.1 408 /);
  const patient = await startWeb(t, { limits: { webRequestBytes: 1_000 } });
  assert.match(await rawHttp(patient, post('x'.repeat(1_001), 'Content-Length: 1001\r\n')), /^HTTP\/1\.1 413 /);
  assert.match(await rawHttp(patient, post(`7d1\r\n${'x'.repeat(2_001)}\r\n`, 'Transfer-Encoding: chunked\r\n')), /^HTTP\/1\.1 413 /);
  await stillServes(patient);
});

test('a body that is broken off is forgotten, and its memory is given back', async (t) => {
  const jabber = await startWeb(t);
  const socket = connect(jabber.listening.web[0]?.port ?? 0, '127.0.0.1');
  socket.write(post('x'.repeat(10), 'Content-Length: 1000\r\n'));
  await once(socket, 'connect');
  socket.destroy();
  await stillServes(jabber);
});

test('a method of a megabyte is an unknown method, and its log line is cut', async (t) => {
  const log = recordingLog();
  const jabber = await startWeb(t, { log });
  const method = 'm'.repeat(1_000_000);
  const body = `service=${MATH}&method=${method}`;
  const answer = await (await fetch(webUrl(jabber, '/osrf-gateway-v1'), { method: 'POST', body })).text();
  assert.match(answer, /"status":404}$/);
  const browser = await GatewaySocket.open(t, webUrl(jabber));
  const {
    osrf_msg: [message],
  } = await browser.ask({ service: MATH, thread: 't', osrf_msg: [request(method, [])] });
  assert.equal(message.__p.payload.__p.statusCode, '404');
  for (const { message: line } of log.lines) assert.ok(line.length < 2_000, line.slice(0, 100));
});

test('silent sockets make room for active ones', async (t) => {
  const jabber = await startWeb(t, { limits: { pendingOfAddress: 50 } });
  const silent = Array.from({ length: 300 }, () => connect(jabber.listening.web[0]?.port ?? 0, '127.0.0.1').on('error', () => {}));
  t.after(() => silent.forEach((socket) => void socket.destroy()));
  await Promise.all(silent.map((socket) => once(socket, 'connect')));
  await stillServes(jabber);
  const browsers = await Promise.all(Array.from({ length: 100 }, () => GatewaySocket.open(t, webUrl(jabber))));
  const last = browsers.at(-1) as GatewaySocket;
  assert.equal((await last.ask({ service: MATH, thread: 't', osrf_msg: [request('add', [1, 1])] })).osrf_msg.length, 2);
});

test('the number of WebSockets is limited', async (t) => {
  const jabber = await startWeb(t, { limits: { webSockets: 1 } });
  const first = await GatewaySocket.open(t, webUrl(jabber));
  await assert.rejects(GatewaySocket.open(t, webUrl(jabber)), /503/);
  first.webSocket.close();
  await once(first.webSocket, 'close');
  for (;;)
    if (
      await GatewaySocket.open(t, webUrl(jabber)).then(
        () => true,
        () => false,
      )
    )
      return;
});

test('a client that reads no answer over HTTP loses its connection, and its memory comes back', async (t) => {
  const jabber = await startWeb(t, { limits: { webIdleMs: 1 } });
  const large = 'x'.repeat(8_000_000);
  const socket = connect(jabber.listening.web[0]?.port ?? 0, '127.0.0.1').on('error', () => {});
  const body = `service=${MATH}&method=echo&param="${large}"`;
  socket.pause();
  socket.write(post(body, `Content-Length: ${body.length}\r\n`));
  // A socket that is not read notices the end when it writes.
  while (!socket.destroyed) {
    socket.write('x');
    await new Promise(setImmediate);
  }
  await stillServes(jabber);
});

for (const [what, frames] of [
  ['a frame of 2^62 bytes', [0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
  ['a frame that is not masked', [0x81, 1, 0x20]],
  ['a control frame in fragments', [0x09, 0x80, 0, 0, 0, 0]],
  ['text that is no UTF-8', [0x81, 0x81, 0, 0, 0, 0, 0xff]],
] as const) {
  test(`${what} closes the WebSocket, and other browsers are unaffected`, async (t) => {
    const jabber = await startWeb(t);
    const browser = await GatewaySocket.open(t, webUrl(jabber));
    browser.webSocket.on('error', () => {});
    (browser.webSocket as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(Buffer.from(frames));
    assert.ok([1002, 1006, 1007, 1009].includes(await browser.closed()));
    await stillServes(jabber);
  });
}

test('after many hostile browsers no memory is charged', async (t) => {
  const jabber = await startWeb(t);
  const { memory } = (jabber.server as unknown as { parts: { memory: { bytes: number } } }).parts;
  await stillServes(jabber);
  const browsers = await Promise.all(Array.from({ length: 50 }, () => GatewaySocket.open(t, webUrl(jabber))));
  for (const browser of browsers) {
    browser.send({ service: MATH, thread: 't', osrf_msg: [request('add', [1, 1])] });
    browser.webSocket.send('x'.repeat(100_000), { fin: false });
  }
  await Promise.all(browsers.map((browser) => browser.frame()));
  // Each has its socket, and most of a frame that is not whole.
  while (memory.bytes < 50 * 50_000) await new Promise(setImmediate);
  for (const { webSocket } of browsers) webSocket.terminate();
  await jabber.server.stop();
  assert.equal(memory.bytes, 0);
});
