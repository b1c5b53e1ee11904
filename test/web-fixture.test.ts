import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startChopChop } from '../server/index.ts';
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

test('faults strike requests of browsers as they strike others', async (t) => {
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
  assert.equal(await browser.closed(), 1001);
});
