import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { GatewaySocket, request, sessionMessage } from './support/gateway-socket.ts';
import { RawProgram, result } from './support/raw-service.ts';
import { recordingLog } from './support/server.ts';
import { MATH, startWeb, webUrl } from './support/web-fixture.ts';

test('a request is answered in a frame with its keys in order, and strings for numbers', async (t) => {
  const jabber = await startWeb(t);
  const browser = await GatewaySocket.open(t, webUrl(jabber));
  browser.send({ service: MATH, thread: 'ws-1', log_xid: 'xid-1', osrf_msg: [request('add', [2, 2])] });
  const head = '"threadTrace":"1","locale":"en-US","api_level":1';
  assert.equal(
    await browser.text(),
    `{"thread":"ws-1","log_xid":"xid-1","osrf_msg":[{"__c":"osrfMessage","__p":{${head},"type":"RESULT","payload":{"__c":"osrfResult","__p":{"status":"OK","statusCode":"200","content":4}}}},` +
      `{"__c":"osrfMessage","__p":{${head},"type":"STATUS","payload":{"__c":"osrfConnectStatus","__p":{"status":"Request Complete","statusCode":"205"}}}}]}`,
  );
});

test('a service gets a request as the relay of OpenSRF writes it, and the browser is its client', async (t) => {
  const jabber = await startWeb(t);
  let body = '';
  t.after(
    jabber.server.watch({
      bound() {},
      ended() {},
      read(session, stanza) {
        if (session.link.kind === 'web') body = stanza.inner;
      },
      delivered() {},
    }),
  );
  const browser = await GatewaySocket.open(t, webUrl(jabber));
  await browser.ask({ service: MATH, thread: 'ws-1', log_xid: 'x', osrf_msg: [request('add', [2, 'ü'])], more: 1 });
  assert.match(
    body,
    /<thread>ws-1<\/thread><body>\[{"__c":"osrfMessage","__p":{"threadTrace":"1","locale":"en-US","tz":"America\/New_York","ingress":"ws-translator-v2","api_level":1,"type":"REQUEST","payload":{"__c":"osrfMethod","__p":{"method":"add","params":\[2,"\\u00fc"\]}}}}\]<\/body>/,
  );
  const [session] = [...jabber.server.sessions].filter(({ link }) => link.kind === 'web');
  assert.equal(session?.link.peer, '127.0.0.1');
  assert.match(session?.jid ?? '', /^opensrf@localhost\/web_/);
});

test('frames of a connected session go to its worker without a service until it ends', async (t) => {
  const jabber = await startWeb(t);
  const browser = await GatewaySocket.open(t, webUrl(jabber));
  const connected = await browser.ask({ service: MATH, thread: 't', osrf_msg: [sessionMessage('CONNECT')] });
  assert.equal(connected.osrf_msg[0].__p.payload.__p.statusCode, '200');
  assert.match(connected.log_xid, /^\d+$/);
  const answer = await browser.ask({ thread: 't', osrf_msg: [request('add', [1, 2])] });
  assert.equal(answer.osrf_msg[0].__p.payload.__p.content, 3);
  browser.send({ thread: 't', osrf_msg: [sessionMessage('DISCONNECT')] });
  const refused = await browser.ask({ thread: 't', osrf_msg: [request('add', [1, 2], 7)] });
  assert.equal(refused.transport_error, true);
  assert.equal(refused.osrf_msg[0].__p.threadTrace, '7');
});

test('no more sessions are remembered than the limit, and a browser without a thread is answered', async (t) => {
  const jabber = await startWeb(t, { limits: { webSocketThreads: 1 } });
  const browser = await GatewaySocket.open(t, webUrl(jabber));
  for (const thread of ['a', 'b']) await browser.ask({ service: MATH, thread, osrf_msg: [sessionMessage('CONNECT')] });
  assert.equal((await browser.ask({ thread: 'a', osrf_msg: [request('add', [1, 2])] })).transport_error, undefined);
  assert.equal((await browser.ask({ thread: 'b', osrf_msg: [request('add', [1, 2])] })).transport_error, true);
  const answer = await browser.ask({ service: MATH, osrf_msg: [request('add', [1, 2])] });
  assert.equal(answer.thread, '');
  assert.equal(answer.osrf_msg[0].__p.payload.__p.content, 3);
});

test('a long answer comes whole, and the next one after it', async (t) => {
  const jabber = await startWeb(t);
  const listener = await RawProgram.listen(t, { host: jabber.host, port: jabber.port }, 'opensrf.long', 'localhost');
  const browser = await GatewaySocket.open(t, webUrl(jabber));
  const content = '€"\\<&x'.repeat(60_000);
  for (const thread of ['long', 'short']) browser.send({ service: 'opensrf.long', thread, osrf_msg: [request('get', [])] });
  const asked = [await listener.asked(), await listener.asked()] as const;
  listener.answer(asked[0], result('Perl', '1', content));
  listener.answer(asked[1], result('C', '1', 'short'));
  const frames = [await browser.frame(), await browser.frame()];
  assert.deepEqual(
    frames.map(({ thread, osrf_msg: [message] }) => [thread, message.__p.payload.__p.content === (thread === 'long' ? content : 'short')]),
    [
      ['long', true],
      ['short', true],
    ],
  );
});

test('an absent service gives a browser its own message back', async (t) => {
  const jabber = await startWeb(t);
  const browser = await GatewaySocket.open(t, webUrl(jabber));
  browser.send({ service: 'opensrf.nosuch', thread: 'ws-5', log_xid: 'x', osrf_msg: [request('add', [2, 2])] });
  assert.equal(
    await browser.text(),
    '{"thread":"ws-5","log_xid":"x","osrf_msg":[{"__c":"osrfMessage","__p":{"threadTrace":"1","locale":"en-US","tz":"America/New_York","ingress":"ws-translator-v2","api_level":1,"type":"REQUEST","payload":{"__c":"osrfMethod","__p":{"method":"add","params":[2,2]}}}}],"transport_error":true}',
  );
});

test('an unknown method is an ordinary frame with status 404', async (t) => {
  const jabber = await startWeb(t);
  const browser = await GatewaySocket.open(t, webUrl(jabber));
  const {
    osrf_msg: [message],
    transport_error: error,
  } = await browser.ask({ service: MATH, thread: 't', osrf_msg: [request('nosuch', [])] });
  assert.equal(error, undefined);
  assert.equal(message.__p.payload.__c, 'osrfMethodException');
  assert.equal(message.__p.payload.__p.statusCode, '404');
});

for (const [what, frame, messages] of [
  ['no JSON', 'hello', 0],
  ['another value than an object', '[1]', 0],
  ['no osrf_msg', { service: MATH, thread: 't' }, 0],
  ['an osrf_msg that is not an array', { service: MATH, thread: 't', osrf_msg: 'x' }, 0],
  ['an empty osrf_msg', { service: MATH, thread: 't', osrf_msg: [] }, 0],
  ['more than 256 messages', { service: MATH, thread: 't', osrf_msg: Array(257).fill(request('add', [])) }, 0],
  ['an osrf_msg of other things', { service: MATH, thread: 't', osrf_msg: [{ __c: 'x', __p: {} }, 5] }, 0],
  ['a STATUS, which only a service sends', { service: MATH, thread: 't', osrf_msg: [{ __c: 'osrfMessage', __p: { type: 'STATUS' } }] }, 0],
  ['neither a service nor a session', { thread: 't', osrf_msg: [request('add', [])] }, 1],
  ['a thread of 65 bytes', { service: MATH, thread: 't'.repeat(65), osrf_msg: [request('add', [])] }, 1],
  ['a thread with a line feed', { service: MATH, thread: 'a\nb', osrf_msg: [request('add', [])] }, 1],
  ['a thread that is half a character', { service: MATH, thread: '\ud800', osrf_msg: [request('add', [])] }, 1],
  ['a log_xid of 65 bytes', { service: MATH, thread: 't', log_xid: 'x'.repeat(65), osrf_msg: [request('add', [])] }, 1],
  ['a service whose name is no part of an address', { service: 'a\u0000b', thread: 't', osrf_msg: [request('add', [])] }, 1],
  ['JSON that is nested too deeply', `{"service":"${MATH}","thread":"t","osrf_msg":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 0],
] as const) {
  test(`a frame with ${what} comes back as a transport error, and the socket stays open`, async (t) => {
    const log = recordingLog();
    const jabber = await startWeb(t, { log });
    const browser = await GatewaySocket.open(t, webUrl(jabber));
    const refused = await browser.ask(frame);
    assert.equal(refused.transport_error, true);
    assert.equal(refused.osrf_msg.length, messages);
    assert.ok(log.lines.some(({ level, message, fields }) => level === 'warn' && message === 'returned messages to a browser' && fields['reason'] !== ''));
    const answer = await browser.ask({ service: MATH, thread: 'next', osrf_msg: [request('add', [2, 2])] });
    assert.equal(answer.osrf_msg[0].__p.payload.__p.content, 4);
  });
}

test('an empty frame is ignored, a binary one closes with 1003, and one of more than 10 MiB with 1009', async (t) => {
  const jabber = await startWeb(t);
  const browser = await GatewaySocket.open(t, webUrl(jabber));
  browser.send('');
  browser.send(' ');
  assert.equal((await browser.ask({ service: MATH, thread: 't', osrf_msg: [request('add', [2, 2])] })).osrf_msg.length, 2);
  browser.webSocket.send(Buffer.from('{}'));
  assert.equal(await browser.closed(), 1003);
  const other = await GatewaySocket.open(t, webUrl(jabber));
  other.webSocket.on('error', () => {});
  other.send('x'.repeat(10 * 1024 * 1024 + 1));
  assert.equal(await other.closed(), 1009);
});

test('a browser that does not answer pings is disconnected, and one that does stays', async (t) => {
  const jabber = await startWeb(t, { limits: { keepAliveMs: 40 } });
  const deaf = await GatewaySocket.open(t, webUrl(jabber), { autoPong: false });
  const good = await GatewaySocket.open(t, webUrl(jabber));
  await deaf.closed();
  assert.equal(good.webSocket.readyState, good.webSocket.OPEN);
});

test('a browser that leaves ends its session', async (t) => {
  const jabber = await startWeb(t);
  const browser = await GatewaySocket.open(t, webUrl(jabber));
  await browser.ask({ service: MATH, thread: 't', osrf_msg: [request('add', [2, 2])] });
  const ended = new Promise<string>((resolve) => {
    t.after(jabber.server.watch({ bound() {}, read() {}, delivered() {}, ended: (_session, reason) => resolve(reason) }));
  });
  browser.webSocket.close();
  assert.equal(await ended, 'client-closed');
});

test('a browser that does not read is closed as a slow reader', async (t) => {
  const jabber = await startWeb(t, { limits: { outboxBytes: 100_000, stalledAfterMs: 1 } });
  const browser = await GatewaySocket.open(t, webUrl(jabber));
  const ended = new Promise<string>((resolve) => {
    t.after(jabber.server.watch({ bound() {}, read() {}, delivered() {}, ended: (session, reason) => session.link.kind === 'web' && resolve(reason) }));
  });
  browser.webSocket.pause();
  const large = 'x'.repeat(1_000_000);
  for (let count = 0; count < 20; count++) browser.send({ service: MATH, thread: `t${count}`, osrf_msg: [request('echo', [large])] });
  assert.equal(await ended, 'slow-reader');
});

test('a foreign page may not connect, a listed one may', async (t) => {
  const jabber = await startWeb(t, { web: { ports: [0], origins: ['https://library.example'] } });
  const refused = GatewaySocket.open(t, webUrl(jabber), { origin: 'https://evil.example' });
  await assert.rejects(refused, /403/);
  await GatewaySocket.open(t, webUrl(jabber), { origin: 'https://library.example' });
});

test('a stopping server waits for answers before it closes with 1001', async (t) => {
  const jabber = await startWeb(t);
  let answer: (value: string) => void = () => {};
  await jabber.service('opensrf.slow', { wait: () => new Promise<string>((resolve) => (answer = resolve)) });
  const browser = await GatewaySocket.open(t, webUrl(jabber));
  browser.send({ service: 'opensrf.slow', thread: 't', osrf_msg: [request('wait', [])] });
  await jabber.waitForRequest({ method: 'wait' });
  const stopped = jabber.server.stop();
  browser.send({ service: MATH, thread: 'late', osrf_msg: [request('add', [1, 1])] });
  assert.equal((await browser.frame()).transport_error, true);
  answer('done');
  assert.equal((await browser.frame()).osrf_msg[0].__p.payload.__p.content, 'done');
  const [code] = await once(browser.webSocket, 'close');
  assert.equal(code, 1001);
  await stopped;
});

test('parameters that log_protect names are in no line', async (t) => {
  const log = recordingLog();
  const jabber = await startWeb(t, { log, logProtect: ['ech'] });
  const browser = await GatewaySocket.open(t, webUrl(jabber));
  await browser.ask({ service: MATH, thread: 't', log_xid: 'x1', osrf_msg: [request('echo', ['secret'])] });
  await browser.ask({ service: MATH, thread: 't', log_xid: 'x2', osrf_msg: [request('add', [2, 2])] });
  const lines = log.lines.filter(({ fields }) => fields['part'] === 'activity').map(({ fields, message }) => `${fields['xid']} ${message}`);
  assert.deepEqual(lines, [`x1 [127.0.0.1] [] ${MATH} echo **PARAMS REDACTED**`, `x2 [127.0.0.1] [] ${MATH} add 2, 2`]);
  assert.doesNotMatch(JSON.stringify(log.lines), /secret/);
});

test('over TLS a browser reaches services too', async (t) => {
  const jabber = await startWeb(t, { web: { tlsPorts: [0] }, tls: { certificate: 'self-signed' } });
  const [address] = jabber.listening.webTls;
  const browser = await GatewaySocket.open(t, `https://localhost:${address?.port}`, { origin: `https://localhost:${address?.port}` });
  const answer = await browser.ask({ service: MATH, thread: 't', osrf_msg: [request('add', [2, 2])] });
  assert.equal(answer.osrf_msg[0].__p.payload.__p.content, 4);
});
