import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { ConfigInput } from '../server/config/config.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import { startServer, type TestServer } from './support/server.ts';

function start(t: TestContext, input: ConfigInput = {}): Promise<TestServer> {
  return startServer(t, { domains: ['localhost'], web: { ports: [0] }, ...input });
}

const addressOf = ({ server }: TestServer) => server.listening.web[0] as BoundAddress;
const urlOf = (site: TestServer, path = '/') => `http://127.0.0.1:${addressOf(site).port}${path}`;

/** Sends bytes. @returns the server's output until it closes. */
async function raw(site: TestServer, text: string): Promise<string> {
  const { host, port } = addressOf(site);
  const socket = connect(port, host).on('error', () => {});
  socket.write(text);
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk) => (answer += chunk));
  await once(socket, 'close');
  return answer;
}

test('a page at / explains the port, and unknown paths are 404', async (t) => {
  const site = await start(t);
  const page = await fetch(urlOf(site));
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.match(await page.text(), /osrf-websocket-translator/);
  assert.equal((await fetch(urlOf(site), { method: 'POST' })).status, 405);
  assert.equal((await fetch(urlOf(site, '/nothing'))).status, 404);
  assert.equal((await fetch(urlOf(site, '/xmpp-websocket'))).status, 426);
});

test('the web port has XMPP too, the port for WebSockets XMPP only', async (t) => {
  const site = await start(t, { websocket: { ports: [0] } });
  const { websocket, web } = site.server.listening;
  assert.equal(websocket.length, 2);
  assert.equal(websocket[1]?.port, web[0]?.port);
  const other = `http://127.0.0.1:${websocket[0]?.port}`;
  assert.equal((await fetch(`${other}/`)).status, 404);
  assert.equal((await fetch(`${other}/xmpp-websocket`)).status, 426);
  assert.equal((await fetch(urlOf(site, '/.well-known/host-meta.json'))).status, 200);
});

test('over TLS the same is served, and the certificate is the one of the server', async (t) => {
  const site = await start(t, { web: { tlsPorts: [0] }, tls: { certificate: 'self-signed' } });
  const { port } = site.server.listening.webTls[0] as BoundAddress;
  const agent = new Agent({ rejectUnauthorized: false });
  const request = httpsRequest({ host: '127.0.0.1', port, agent, path: '/' }).end();
  const [response] = await once(request, 'response');
  assert.equal(response.statusCode, 200);
  response.resume();
  await once(response, 'end');
  agent.destroy();
});

test('an idle connection is closed when its time is over, and makes room before that', async (t) => {
  const site = await start(t, { limits: { webIdleMs: 1 } });
  const answer = await raw(site, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 200 /);
  const crowded = await start(t, { limits: { pendingOfAddress: 1 } });
  const first = raw(crowded, '');
  const second = raw(crowded, '');
  await first;
  await crowded.server.stop();
  await second;
});

test('bytes that are not HTTP get one answer, and the connection ends', async (t) => {
  const site = await start(t);
  assert.match(await raw(site, 'who goes there?\r\n\r\n'), /^HTTP\/1\.1 400 /);
  assert.match(await raw(site, `GET / HTTP/1.1\r\nX: ${'x'.repeat(65_536)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
  assert.match(await raw(site, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'), /^HTTP\/1\.1 400 /);
  assert.equal((await fetch(urlOf(site))).status, 200);
});

test('an incomplete request line has the time limit of a login', async (t) => {
  const site = await start(t, { limits: { loginTimeoutMs: 1 } });
  assert.equal(await raw(site, 'GET / HT'), '');
});
