import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewaySocket, request, sessionMessage } from './support/gateway-socket.ts';
import {
  APACHE,
  CADDY,
  HAPROXY,
  hasApache,
  hasCaddy,
  hasHaproxy,
  hasNginx,
  NGINX,
  startApache,
  startCaddy,
  startHaproxy,
  startNginx,
} from './support/proxies.ts';
import { recordingLog } from './support/server.ts';
import { MATH, startWeb } from './support/web-fixture.ts';

for (const [name, there, path, start] of [
  ['Apache', hasApache, APACHE, startApache],
  ['nginx', hasNginx, NGINX, startNginx],
  ['haproxy', hasHaproxy, HAPROXY, startHaproxy],
  ['Caddy', hasCaddy, CADDY, startCaddy],
] as const) {
  test(`behind ${name} all doors work, and the log has the address of the browser`, { skip: !there && `${path} is not there` }, async (t) => {
    const log = recordingLog();
    const jabber = await startWeb(t, { log, web: { ports: [0], trustProxy: ['loopback'], services: ['*'] } });
    const { url } = await start(t, jabber.listening.web[0]?.port ?? 0);
    const headers = { 'x-forwarded-for': '192.0.2.7' };

    const browser = await GatewaySocket.open(t, url, { headers, origin: url });
    const frame = await browser.ask({ service: MATH, thread: 't', osrf_msg: [request('add', [2, 2])] });
    assert.equal(frame.osrf_msg[0].__p.payload.__p.content, 4);
    browser.send({ service: MATH, thread: 'c', osrf_msg: [sessionMessage('CONNECT')] });
    assert.equal((await browser.frame()).osrf_msg[0].__p.payload.__p.statusCode, '200');

    assert.equal(await (await fetch(`${url}/osrf-gateway-v1?service=${MATH}&method=add&param=2&param=3`, { headers })).text(), '{"payload":[5],"status":200}');
    const body = `osrf-msg=${encodeURIComponent(JSON.stringify([request('add', [2, 4])]))}`;
    const translated = await fetch(`${url}/osrf-http-translator`, { method: 'POST', body, headers: { ...headers, 'X-OpenSRF-service': MATH } });
    assert.match(await translated.text(), /"content":6/);
    const called = await fetch(`${url}/services/${MATH}/add`, { method: 'POST', body: '[2,5]', headers: { ...headers, 'content-type': 'application/json' } });
    assert.equal(await called.text(), '7\n');

    const lines = log.lines.filter(({ fields }) => fields['part'] === 'activity').map(({ message }) => message.split(' ', 1)[0]);
    assert.deepEqual([...new Set(lines)], ['[192.0.2.7]']);
    // A page of the site, which knows the proxy by its public name.
    await GatewaySocket.open(t, url, { headers: { host: 'library.example' }, origin: 'https://library.example' });
    await assert.rejects(GatewaySocket.open(t, url, { headers, origin: 'https://evil.example' }), /403/);
  });
}
