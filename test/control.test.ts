import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { createConfig } from '../server/config/config.ts';
import { CONSOLE_FILES } from '../server/console/assets.ts';
import type { CallReport } from '../server/control/call.ts';
import { startControl } from '../server/control/control.ts';
import { ControlListenError } from '../server/control/control-server.ts';
import type { HealthSample } from '../server/control/health.ts';
import type { MethodReport } from '../server/control/metrics/latencies.ts';
import type { LimitReport } from '../server/control/near-limits.ts';
import type { SessionReport } from '../server/control/sessions.ts';
import { OsrfClient } from '../server/osrf/client.ts';
import { OsrfService } from '../server/osrf/service.ts';
import { temporaryFolder } from './support/command.ts';
import { LOGIN, posted, startControlledServer, startMath, TOKEN, watchEvents } from './support/control.ts';
import { Peer } from './support/peer.ts';
import { recordingLog, startServer } from './support/server.ts';

/** A call as fetch cannot make it: with the headers given, Host included. */
function rawCall(url: string, path: string, headers: Record<string, string>, method = 'GET'): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const call = request({ hostname, port, path, headers, method, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode as number);
    });
    call.on('error', reject).end();
  });
}

test('without the token only health, readiness and the files of the console are served', async (t) => {
  const { url } = await startControlledServer(t);
  for (const path of [
    '/api/v1/server',
    '/api/v1/sessions',
    '/api/v1/routers',
    '/api/v1/picture',
    '/api/v1/requests',
    '/api/v1/events',
    '/api/v1/health',
    '/metrics',
    '/nothing',
  ]) {
    assert.equal((await fetch(url + path)).status, 401, path);
    assert.equal((await fetch(url + path, { headers: { Authorization: 'Bearer wrong' } })).status, 401, path);
    assert.equal((await fetch(`${url}${path}?token=${TOKEN}`)).status, 401, `${path}: a token in an address would be in logs`);
  }
  for (const path of ['/healthz', '/readyz', '/', ...CONSOLE_FILES.map((name) => `/console/${name}`)])
    assert.equal((await fetch(url + path)).status, 200, path);
});

test('a page of another origin, or one that has its own name resolve to 127.0.0.1, gets nothing, token or not', async (t) => {
  const { url } = await startControlledServer(t);
  const { port } = new URL(url);
  const authorization = `Bearer ${TOKEN}`;
  const status = (headers: Record<string, string>, path = '/api/v1/server') => rawCall(url, path, { authorization, ...headers });
  assert.equal(await status({ host: `127.0.0.1:${port}` }), 200);
  assert.equal(await status({ host: `localhost:${port}`, origin: `http://localhost:${port}` }), 200);
  for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1:1', `127.0.0.1.evil.example:${port}`, `localhost@evil.example:${port}`]) {
    assert.equal(await status({ host }), 403, host);
    assert.equal(await status({ host }, '/healthz'), 403, host);
  }
  for (const origin of ['http://evil.example', 'null', `https://127.0.0.1:${port}`, 'http://127.0.0.1:1']) {
    assert.equal(await status({ host: `127.0.0.1:${port}`, origin }), 403, origin);
  }
  assert.equal(await rawCall(url, '/api/v1/server', { authorization, origin: `http://127.0.0.1:${port}` }, 'OPTIONS'), 405);
  assert.equal((await fetch(`${url}/healthz`)).headers.get('access-control-allow-origin'), null);
});

test('no path leads to a file that is not the console’s', async (t) => {
  const { url } = await startControlledServer(t);
  const { port } = new URL(url);
  for (const path of [
    '/console/../control.js',
    '/console/%2e%2e/control.js',
    '/console/..%2fcontrol.js',
    '/console/%2e%2e%2f%2e%2e%2fpackage.json',
    '//etc/passwd',
    '/console/',
    '/%',
  ]) {
    const status = await rawCall(url, path, { host: `127.0.0.1:${port}`, authorization: `Bearer ${TOKEN}` });
    assert.ok(status === 404 || status === 400, `${path}: ${status}`);
  }
});

test('every answer forbids scripts of others, frames and guesses of its type', async (t) => {
  const { url } = await startControlledServer(t);
  for (const path of ['/', '/healthz', '/api/v1/server']) {
    const { headers } = await fetch(url + path);
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'; script-src 'self';.*frame-ancestors 'none'/);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('cache-control'), 'no-store');
  }
});

test('the script inside the page may run, by its digest, and no other', async (t) => {
  const { url } = await startControlledServer(t);
  const page = await fetch(url);
  const [, script = '', ...others] = [...(await page.text()).matchAll(/<script>([\s\S]*?)<\/script>/g)].flat();
  assert.deepEqual(others, []);
  const digest = createHash('sha256').update(script).digest('base64');
  assert.ok(page.headers.get('content-security-policy')?.endsWith(`; script-src-elem 'self' 'sha256-${digest}'`));
  assert.doesNotMatch((await fetch(`${url}/console/main.js`)).headers.get('content-security-policy') ?? '', /sha256/);
});

test('HEAD is answered without a body', async (t) => {
  const { call } = await startControlledServer(t);
  for (const path of ['/healthz', '/api/v1/server', '/api/v1/events']) {
    const response = await call(path, { method: 'HEAD' });
    assert.deepEqual([response.status, await response.text()], [200, ''], path);
  }
});

/** Announces 100 MB, and waits for an answer after sending this many bytes. */
function statusOfBegun(url: string, bytes: number): Promise<number> {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', 'content-length': 100_000_000 };
  return new Promise((resolve, reject) => {
    const begun = request(`${url}/api/v1/call`, { method: 'POST', headers }, (response) => {
      resolve(response.statusCode as number);
      begun.destroy();
    });
    begun.on('error', reject).write('x'.repeat(bytes));
  });
}

test('a body that is too large, not JSON, or not declared as JSON is refused', async (t) => {
  const { url, call } = await startControlledServer(t);
  const status = async (options: RequestInit) => (await call('/api/v1/call', { method: 'POST', ...options })).status;
  assert.equal(await statusOfBegun(url, 4 * 1024 * 1024 + 1), 413);
  assert.equal(await status({ body: '{' }), 400);
  assert.equal(await status({ body: '{}', headers: { 'Content-Type': 'text/plain' } }), 415);
  assert.equal(await status({ body: '{}' }), 400);
});

test('bytes that are not HTTP are refused, and a silent client is closed without harm to others', async (t) => {
  const { url } = await startControlledServer(t);
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write('<stream:stream>\r\n\r\n');
  const answer = await new Promise((resolve) => socket.setEncoding('utf8').once('data', resolve));
  assert.match(String(answer), /^HTTP\/1.1 400/);
  socket.destroy();
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
});

test('any number of unauthenticated connections leaves room for authenticated ones', async (t) => {
  const { url, call } = await startControlledServer(t);
  const events = await call('/api/v1/events');
  const unauthenticated = Array.from({ length: 400 }, () => connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {}));
  t.after(() => unauthenticated.forEach((socket) => void socket.destroy()));
  await Promise.all(unauthenticated.map((socket) => once(socket, 'connect')));
  assert.equal((await call('/api/v1/server')).status, 200);
  await Promise.all(
    unauthenticated.slice(0, 270).map((socket) => new Promise((resolve) => (socket.destroyed ? resolve(null) : socket.resume().on('close', resolve)))),
  );
  const reader = events.body?.getReader();
  assert.equal((await reader?.read())?.done, false);
  await reader?.cancel();
});

test('a short delay of the event loop is measured while a page shows health', async (t) => {
  const started = await startControlledServer(t);
  const events = await watchEvents(t, started);
  const nextDelay = async () => (await events.next<HealthSample>('health', () => true)).loopDelayMs;
  for (let time = 0; time < 3; time++) {
    await started.json('/api/v1/health?range=none');
    for (const begin = performance.now(); performance.now() - begin < 45; );
    // A sample may be due in the delay itself.
    assert.ok((await nextDelay()) >= 10 || (await nextDelay()) >= 10);
  }
});

test('readiness: the server is up, and the services asked for take requests', async (t) => {
  const started = await startControlledServer(t);
  const ready = async (query: string) => {
    const response = await fetch(`${started.url}/readyz${query}`);
    return [response.status, await response.json()];
  };
  assert.deepEqual(await ready(''), [200, { ready: true, missing: [] }]);
  assert.deepEqual(await ready('?service=opensrf.math'), [503, { ready: false, missing: ['opensrf.math'] }]);
  await startMath(t, started);
  assert.deepEqual(await ready('?service=opensrf.math'), [200, { ready: true, missing: [] }]);
  assert.deepEqual(await ready('?service=opensrf.math,opensrf.a&service=opensrf.b'), [503, { ready: false, missing: ['opensrf.a', 'opensrf.b'] }]);
  started.server.routers.get('private.localhost')?.drain('opensrf.math', '', true);
  assert.deepEqual(await ready('?service=opensrf.math'), [503, { ready: false, missing: ['opensrf.math'] }]);
});

test('sessions are listed with their parts and counts, and one can be closed', async (t) => {
  const started = await startControlledServer(t);
  const service = await startMath(t, started, 1);
  const alice = await (await Peer.connect(t, started.address)).login('opensrf', 'private.localhost', 'alice');
  const { total, sessions } = (await started.json('/api/v1/sessions')) as unknown as { total: number; sessions: SessionReport[] };
  assert.equal(total, 3);
  const [worker, listener, client] = sessions as [SessionReport, SessionReport, SessionReport];
  assert.deepEqual([worker.role, worker.services, worker.jid], ['worker', ['opensrf.math'], service.workers[0]?.jabber.jid]);
  assert.deepEqual([listener.role, listener.services, listener.stanzasRead], ['listener', ['opensrf.math'], 2]);
  assert.deepEqual([client.role, client.account, client.outboxBytes, client.stalled], ['client', 'opensrf@private.localhost', 0, false]);
  assert.match(client.peer, /^127\.0\.0\.1:\d+$/);
  const path = `/api/v1/sessions/${encodeURIComponent('opensrf@private.localhost/alice')}`;
  assert.deepEqual(await started.json(path, { method: 'DELETE' }), { closed: 'opensrf@private.localhost/alice' });
  assert.match(await alice.closed(), /<policy-violation.*an operator closed this session/);
  assert.equal(started.server.counts.closes.get('closed-by-operator'), 1);
  assert.equal((await started.call(path, { method: 'DELETE' })).status, 404);
  assert.equal((await started.call('/api/v1/sessions?limit=none')).status, 400);
});

test('the picture has routers, sessions and outcomes by service in one answer', async (t) => {
  const started = await startControlledServer(t);
  const service = await startMath(t, started);
  await started.json('/api/v1/call', posted({ service: 'opensrf.math', method: 'add', params: [1, 2] }));
  const { routers, sessions, total, services, ...others } = (await started.json('/api/v1/picture')) as {
    routers: { router: string }[];
    sessions: { jid: string }[];
    total: number;
    services: { service: string; ok: number }[];
  };
  assert.deepEqual(others, {});
  assert.ok(routers.some(({ router }) => router === 'router@private.localhost/router'));
  assert.equal(total, sessions.length);
  assert.ok(sessions.some(({ jid }) => jid === service.listener.jid));
  assert.deepEqual(
    services.map((one) => [one.service, one.ok]),
    [['opensrf.math', 1]],
  );
});

test('routers report their services and listeners, which can be drained and resumed', async (t) => {
  const started = await startControlledServer(t);
  const service = await startMath(t, started);
  const listeners = async () => {
    const { routers } = (await started.json('/api/v1/routers')) as {
      routers: { services: { service: string; listeners: { jid: string; draining: boolean }[] }[] }[];
    };
    return routers[0]?.services.map(({ service: name, listeners: [listener] }) => [name, listener?.jid, listener?.draining]);
  };
  const { jid } = service.listener;
  assert.deepEqual(await listeners(), [['opensrf.math', jid, false]]);
  assert.deepEqual(await started.json('/api/v1/services/opensrf.math/drain', posted({ listener: jid })), {
    service: 'opensrf.math',
    listeners: 1,
    draining: true,
  });
  assert.deepEqual(await listeners(), [['opensrf.math', jid, true]]);
  await started.json('/api/v1/services/opensrf.math/resume', posted({ domain: 'private.localhost' }));
  assert.deepEqual(await listeners(), [['opensrf.math', jid, false]]);
  for (const [path, body] of [
    ['/api/v1/services/opensrf.none/drain', {}],
    ['/api/v1/services/opensrf.math/drain', { listener: 'nobody' }],
    ['/api/v1/services/opensrf.math/drain', { domain: 'elsewhere' }],
  ] as const) {
    assert.equal((await started.call(path, posted(body))).status, 404, path);
  }
  assert.equal((await started.call('/api/v1/services/opensrf.math/drain', posted({ listener: 5 }))).status, 400);
});

test('a call that cannot be sent is refused, and is not an internal error', async (t) => {
  const { call, log } = await startControlledServer(t);
  const refusal = async (body: string) => {
    const response = await call('/api/v1/call', { method: 'POST', body });
    return [response.status, ((await response.json()) as { error: string }).error];
  };
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  assert.deepEqual(await refusal(`{"service":"opensrf.math","method":"add","params":${deep}}`), [400, 'the body is nested deeper than 512 levels']);
  for (const service of ['a\\u0000b', 'a'.repeat(2_000)]) {
    assert.deepEqual(await refusal(`{"service":"${service}","method":"add"}`), [400, 'service must be a valid service name']);
  }
  assert.deepEqual(
    log.lines.filter(({ level }) => level === 'error'),
    [],
  );
});

test('a call runs like a client’s, and returns the outcome', async (t) => {
  const started = await startControlledServer(t);
  const service = await startMath(t, started, 1);
  const call = (order: object) => started.json('/api/v1/call', posted({ service: 'opensrf.math', ...order }));
  const { results, error, from, client } = await call({ method: 'add', params: [2, 3] });
  assert.deepEqual([results, error, from], [[5], null, service.workers[0]?.jabber.jid]);
  assert.match(String(client), /^opensrf@private\.localhost\/chopchop_console_/);
  assert.match(JSON.stringify((await call({ method: 'fail' }))['error']), /500.*the shelf is empty/);
  assert.match(JSON.stringify((await call({ service: 'opensrf.none', method: 'add' }))['error']), /404.*not registered/);
  assert.match(String((await call({ method: '' }))['error']), /method is missing/);
  assert.match(String((await call({ method: 'add', params: 5 }))['error']), /params must be an array/);
  assert.match(String((await call({ method: 'add', domain: 'elsewhere' }))['error']), /domain must be one of/);
  assert.match(String((await call({ method: 'add', timeoutMs: -1 }))['error']), /timeoutMs must be a positive number/);
  assert.equal(started.server.sessions.size, 2, 'its session is over');
});

test('a call with too many results ends with the first ones', async (t) => {
  const started = await startControlledServer(t, { limits: { callResultBytes: 10_000 } });
  const methods = {
    *many() {
      for (let number = 0; number < 100; number++) yield `${number}`.padStart(998, 'x');
    },
    large: () => 'x'.repeat(200_000),
  };
  const service = await OsrfService.start({ ...LOGIN, ...started.address, service: 'opensrf.many', workers: 1, methods });
  t.after(() => service.stop());
  await service.listener.settled();
  for (const [method, count] of [
    ['many', 10],
    ['large', 0],
  ] as const) {
    const { results, error } = (await started.json('/api/v1/call', posted({ service: 'opensrf.many', method }))) as unknown as CallReport;
    assert.equal(results.length, count, method);
    assert.match(error?.text ?? '', /more than 10000 characters of results; the rest was omitted/);
  }
});

test('health reports latencies by method, and the peers nearest to a limit', async (t) => {
  const started = await startControlledServer(t);
  await startMath(t, started, 1);
  const client = await OsrfClient.connect({ ...LOGIN, ...started.address, resource: 'alice' });
  t.after(() => client.close());
  await client.request('opensrf.math', 'echo', 'x'.repeat(30_000));
  const { methods, limits } = (await started.json('/api/v1/health')) as unknown as { methods: MethodReport[]; limits: LimitReport[] };
  assert.deepEqual(
    methods.map(({ service, method, requests, failed }) => [service, method, requests, failed]),
    [['opensrf.math', 'echo', 1, 0]],
  );
  const stanza = limits.find(({ limit }) => limit === 'stanzaBytes');
  assert.ok(stanza !== undefined && (stanza.peak ?? 0) > 30_000 && stanza.value === 8 * 1024 * 1024);
  assert.equal(limits.find(({ limit }) => limit === 'unansweredRequests')?.now, 0);
});

test('metrics are OpenMetrics: sessions, stanzas, routed messages by listener, bounces, refusals, closes, latencies', async (t) => {
  const started = await startControlledServer(t);
  const service = await startMath(t, started, 1);
  const scrape = async () => {
    const response = await started.call('/metrics', { headers: { Accept: 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5,*/*;q=0.1' } });
    assert.match(response.headers.get('content-type') ?? '', /^application\/openmetrics-text/);
    return await response.text();
  };
  await scrape();
  const call = (order: object) => started.json('/api/v1/call', posted({ service: 'opensrf.math', ...order }));
  await call({ method: 'add', params: [2, 3] });
  await call({ method: 'fail' });
  await call({ service: 'opensrf.none', method: 'add' });
  const text = await scrape();
  const listener = service.listener.jid;
  for (const line of [
    'opensrf_chopchop_sessions{domain="private.localhost"} 2',
    `opensrf_chopchop_routed_messages_total{domain="private.localhost",service="opensrf.math",listener="${listener}"} 2`,
    `opensrf_chopchop_unanswered_requests{domain="private.localhost",service="opensrf.math",listener="${listener}"} 0`,
    'opensrf_chopchop_refused_requests_total{domain="private.localhost",code="404"} 1',
    'opensrf_chopchop_closed_connections_total{reason="client-closed"} 3',
    'opensrf_chopchop_logins_total 5',
    'opensrf_chopchop_request_duration_seconds_count{service="opensrf.math",outcome="ok"} 1',
    'opensrf_chopchop_request_duration_seconds_count{service="opensrf.math",outcome="failed"} 1',
    'opensrf_chopchop_request_duration_seconds_count{service="",outcome="refused"} 1',
    'opensrf_chopchop_trace_unseen_stanzas_total 0',
  ]) {
    assert.ok(text.includes(`${line}\n`), `${line} in:\n${text}`);
  }
  assert.match(text, /^opensrf_chopchop_stanzas_total\{direction="in"\} \d+$/m);
  assert.match(text, /^opensrf_chopchop_bytes_total\{direction="out"\} \d+$/m);
  assert.match(text, /^nodejs_eventloop_lag_seconds /m);
  assert.ok(text.endsWith('# EOF\n'));
});

test('a unix socket is for its user only and removed at the end; a stale one is replaced, a live one is not', async (t) => {
  const { server, log } = await startServer(t);
  const socket = join(temporaryFolder(t), 'control.sock');
  const leaveBehind = `require('node:net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', leaveBehind]);
  assert.ok(statSync(socket).isSocket());
  const place = { port: null, anyPort: false, socket };
  const control = await startControl(server, place, TOKEN, log);
  t.after(() => control.stop());
  assert.deepEqual([control.url, control.socket, statSync(socket).mode & 0o777], [null, socket, 0o600]);
  const status = await new Promise((resolve) => {
    request({ socketPath: socket, path: '/api/v1/server', headers: { host: 'localhost', authorization: `Bearer ${TOKEN}` } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).end();
  });
  assert.equal(status, 200);
  await assert.rejects(
    startControl(server, place, TOKEN, log),
    (error) => error instanceof ControlListenError && /it is in use by another program; choose another with --control-socket/.test(error.message),
  );
  await control.stop();
  assert.equal(existsSync(socket), false);
});

test('a port in use is an error if it was named', async (t) => {
  const first = await startControlledServer(t);
  const port = Number(new URL(first.url).port);
  const { server } = await startServer(t);
  await assert.rejects(
    startControl(server, { port, anyPort: false, socket: null }, TOKEN, recordingLog()),
    /port \d+ is in use by .*; choose another with --console PORT/,
  );
  const control = await startControl(server, { port, anyPort: true, socket: null }, TOKEN, recordingLog());
  t.after(() => control.stop());
  assert.notEqual(control.url, first.url);
});

test('the log has the actions of the control interface, without the token', async (t) => {
  const started = await startControlledServer(t);
  await Peer.connect(t, started.address).then((peer) => peer.login('opensrf', 'private.localhost', 'alice'));
  await started.call(`/api/v1/sessions/${encodeURIComponent('opensrf@private.localhost/alice')}`, { method: 'DELETE' });
  const line = started.log.lines.find(({ message }) => message.includes('by the control interface'));
  assert.deepEqual(line?.fields, { part: 'control', jid: 'opensrf@private.localhost/alice' });
  assert.ok(!JSON.stringify(started.log.lines).includes(TOKEN));
});

test('the control interface leaves nothing behind, with any configuration', async () => {
  const log = recordingLog();
  const { ChopChop } = await import('../server/compose/chopchop.ts');
  const server = new ChopChop(createConfig({ port: 0 }), log);
  await server.start();
  const control = await startControl(server, { port: 0, anyPort: false, socket: null }, TOKEN, log);
  const events = await fetch(`${control.url}/api/v1/events`, { headers: { Authorization: `Bearer ${TOKEN}` } });
  await control.stop();
  await assert.rejects(events.text());
  await assert.rejects(fetch(`${control.url}/healthz`));
  await server.stop();
});
