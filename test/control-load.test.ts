import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadReport } from '../server/control/metrics/load.ts';
import type { RouterReport } from '../server/control/services.ts';
import type { SessionReport } from '../server/control/sessions.ts';
import type { Job } from '../shared/job.ts';
import { registrationStanza } from '../shared/osrf/stanzas.ts';
import { LOGIN, startControlledServer } from './support/control.ts';
import { Peer } from './support/peer.ts';

const SESSIONS = 4;
const SERVICES = 1_000;

test('lists of sessions and of listeners are made in slices of the event loop', async (t) => {
  const started = await startControlledServer(t);
  const { server } = started;
  for (let number = 0; number < SESSIONS; number++) {
    const listener = server.login({ ...LOGIN, resource: `listener${number}` });
    for (let service = 0; service < SERVICES; service++) {
      listener.send(registrationStanza('register', 'router@private.localhost/router', listener.jid, `opensrf.s${service}`));
    }
  }
  let bits = 0;
  const run = server.jobs.run.bind(server.jobs);
  server.jobs.run = (job: Job) => run(counted(job, () => bits++));
  const { total, sessions } = (await started.json('/api/v1/sessions?limit=2')) as unknown as { total: number; sessions: SessionReport[] };
  assert.deepEqual([total, sessions.map(({ role, services }) => [role, services.length])], [SESSIONS, Array(2).fill(['listener', SERVICES])]);
  assert.ok(bits > SESSIONS * SERVICES, `${bits} bits`);
  bits = 0;
  const { routers } = (await started.json('/api/v1/routers')) as unknown as { routers: RouterReport[] };
  const services = routers.flatMap((router) => router.services);
  assert.deepEqual([services.length, services[0]?.service, services[0]?.listeners.length], [SERVICES, 'opensrf.s0', SESSIONS]);
  assert.ok(bits > SESSIONS * SERVICES, `${bits} bits`);
});

function* counted(job: Job, bit: () => void): Job {
  for (;;) {
    bit();
    if (job.next().done === true) return;
    yield;
  }
}

test('a scrape writes each metric in a separate turn of the event loop', async (t) => {
  const { server, call } = await startControlledServer(t);
  let turns = 0;
  const { soon } = server.clock;
  server.clock.soon = (action) => {
    turns++;
    soon(action);
  };
  const text = await (await call('/metrics', { headers: { accept: 'application/openmetrics-text; version=1.0.0' } })).text();
  const metrics = text.match(/^# TYPE /gm)?.length ?? 0;
  assert.ok(turns >= metrics && metrics > 20, `${turns} turns for ${metrics} metrics`);
  assert.match(text, /\n# EOF\n$/);
});

test('the control interface shows turns, jobs, failures of observers and lost log lines', async (t) => {
  const { server, address, call, json } = await startControlledServer(t, { limits: { logLinesOfKind: 1, logWindowMs: 60_000 } });
  const end = server.watch({ bound: () => assert.fail('the tap'), read() {}, delivered() {}, ended() {} }, 'a tap');
  await (await Peer.connect(t, address)).login('opensrf', 'private.localhost', 'r');
  end();
  for (let failed = 0; failed < 2; failed++) await assert.rejects((await Peer.connect(t, address)).login('opensrf', 'private.localhost', 'r', 'wrong'));
  for (const path of ['/api/v1/server', '/api/v1/health']) {
    const { turns, longestTurnMs, waitingJobs, observerFailures, lostLogLines, suppressedLogLines, memory } = (await json(path))['load'] as LoadReport;
    assert.ok(turns > 0 && longestTurnMs > 0, path);
    assert.deepEqual([waitingJobs, observerFailures, lostLogLines], [0, { 'a tap': 1 }, 0]);
    assert.ok(suppressedLogLines > 0);
    const { limitBytes, keptBytes, pendingBytes, closed, full, largest } = memory;
    assert.ok(limitBytes > keptBytes && keptBytes > pendingBytes && pendingBytes >= 0, JSON.stringify(memory));
    assert.deepEqual([closed, full, largest[0]?.peer], [0, false, 'opensrf@private.localhost/r']);
  }
  const metrics = await (await call('/metrics')).text();
  assert.match(metrics, /^opensrf_chopchop_observer_failures_total\{observer="a tap"\} 1$/m);
  for (const name of [
    'turns_total',
    'longest_turn_seconds',
    'slices_total',
    'waiting_jobs',
    'lost_log_lines_total',
    'suppressed_log_lines_total',
    'memory_limit_bytes',
    'memory_kept_bytes',
    'memory_pending_bytes',
    'memory_largest_bytes',
    'memory_closed_peers_total',
  ]) {
    assert.match(metrics, new RegExp(`^opensrf_chopchop_${name} [\\d.e-]+$`, 'm'));
  }
});
