import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startControlledServer, startMath } from './support/control.ts';
import { GatewaySocket, request } from './support/gateway-socket.ts';

const MATH = 'opensrf.math';

test('console and trace show gateway sessions with the address of the browser, and no secret of a protected method', async (t) => {
  const site = await startControlledServer(t, {
    web: { ports: [0], trustProxy: ['loopback'] },
    domains: ['private.localhost'],
    logProtect: [`${MATH}.login`],
  });
  await startMath(t, site);
  const url = `http://127.0.0.1:${site.server.listening.web[0]?.port}`;
  const browser = await GatewaySocket.open(t, url, { headers: { 'x-forwarded-for': '192.0.2.7' } });
  await browser.ask({ service: MATH, thread: 't', log_xid: 'x1', osrf_msg: [request('add', [2, 2])] });
  const headers = { 'x-forwarded-for': '192.0.2.8', 'x-oils-authtoken': 'tok-1' };
  await (await fetch(`${url}/osrf-gateway-v1?service=${MATH}&method=${MATH}.login&param="me"&param="demo123"`, { headers })).text();

  const { sessions } = (await site.json('/api/v1/sessions')) as { sessions: { role: string; peer: string; transport: string }[] };
  const gateways = sessions.filter(({ role }) => role === 'gateway').map(({ peer, transport }) => `${transport} ${peer}`);
  assert.deepEqual(gateways.sort(), ['web 192.0.2.7', 'web 192.0.2.8']);

  const answer = await site.json('/api/v1/requests?details=yes');
  const { requests } = answer as { requests: { summary: { method: string; xid: string }; detail: { browser: string; ingress: string } }[] };
  const seen = requests.map(({ summary, detail }) => `${summary.method} ${detail.browser} ${detail.ingress}`);
  assert.deepEqual(seen.sort(), ['add 192.0.2.7 ws-translator-v2', `${MATH}.login 192.0.2.8 gateway-v1`]);
  assert.equal(requests.find(({ summary }) => summary.method === 'add')?.summary.xid, 'x1');
  for (const secret of ['demo123', 'tok-1']) {
    assert.doesNotMatch(JSON.stringify(answer), new RegExp(secret));
    assert.doesNotMatch(JSON.stringify(site.log.lines), new RegExp(secret));
  }
  const metrics = await (await site.call('/metrics')).text();
  assert.doesNotMatch(metrics, /demo123/);
  assert.match(metrics, /^opensrf_chopchop_gateway_sessions 2$/m);
});
