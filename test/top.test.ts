import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ServiceRow, type SessionRow, type Snapshot, serviceRows, sessionRows } from '../server/cli/text/top-rows.ts';
import { headsOf, servicesTable } from '../server/cli/text/top-table.ts';
import { Command } from './support/background-command.ts';
import { temporaryFolder } from './support/command.ts';
import { posted, startControlledServer, startMath, TOKEN } from './support/control.ts';

const VIEW = { table: 'services', sort: '', filter: '', width: 120, rows: 100 } as const;

function snapshot(at: number, requests: number, failed: number): Snapshot {
  const listener = { jid: 'o@d/l', member: '', since: 0, requests, answered: requests, unanswered: 2, stalled: false, draining: true, suspicion: '' } as const;
  const counts = { ok: requests - failed, failed, refused: 0, lost: 0, unseen: 0, requests, p50Ms: 1, p95Ms: 2.25, p99Ms: 3, maxMs: 4 };
  const services = [
    { service: 'opensrf.math', since: 0, listeners: [listener, { ...listener, draining: false }] },
    { service: 'opensrf.zero', since: 0, listeners: [] },
  ];
  return {
    at,
    routers: [{ router: 'r', domain: 'd', suspended: false, refusals: {}, services }],
    sessions: [],
    services: [{ service: 'opensrf.math', method: '', ...counts }],
  };
}

test('rates are of the time between two looks; the first has none', () => {
  const [first] = serviceRows(snapshot(0, 10, 0), null);
  assert.deepEqual([first?.requestsPerSecond, first?.errorsPerSecond], [null, null]);
  const [math, zero] = serviceRows(snapshot(2_000, 30, 3), snapshot(0, 10, 0)) as [ServiceRow, ServiceRow];
  assert.deepEqual([math.requestsPerSecond, math.errorsPerSecond, math.listeners, math.unanswered, math.p95Ms, math.state], [20, 1.5, 2, 4, 2.25, 'draining']);
  assert.deepEqual([zero.requestsPerSecond, zero.state], [0, 'ok']);
});

test('the table is sorted by a column, numbers from the largest, and filtered', () => {
  const rows = serviceRows(snapshot(2_000, 30, 3), snapshot(0, 10, 0));
  const names = (view: object) => servicesTable(rows, { ...VIEW, ...view }).map((line) => line.split(' ')[0]);
  assert.deepEqual(names({ sort: 'OPEN' }), ['SERVICE', 'opensrf.math', 'opensrf.zero']);
  assert.deepEqual(names({ filter: 'zero' }), ['SERVICE', 'opensrf.zero']);
  assert.deepEqual(names({ rows: 1 }), ['SERVICE', 'opensrf.math']);
  assert.ok(headsOf('sessions').includes('OUTBOX'));
});

test('a session of another member has the name of that member instead of an address', () => {
  const session = { jid: 'o@d/w', role: 'worker', stanzasRead: 0, stanzasDelivered: 0, outboxBytes: 0, unanswered: 0, stalled: false, waiting: false };
  const sessions = [
    { ...session, peer: '', member: 'b' },
    { ...session, peer: '127.0.0.1:1', member: 'a' },
  ] as unknown as Snapshot['sessions'];
  const rows = sessionRows({ at: 0, routers: [], sessions, services: [] }, null);
  assert.deepEqual(
    rows.map(({ peer }) => peer),
    ['member b', '127.0.0.1:1'],
  );
});

test('top --once prints services of a running server, as text or as JSON', async (t) => {
  const started = await startControlledServer(t);
  await startMath(t, started, 2);
  await started.json('/api/v1/call', posted({ service: 'opensrf.math', method: 'fail' }));
  const controlFile = join(temporaryFolder(t), 'control.json');
  writeFileSync(controlFile, JSON.stringify({ pid: process.pid, version: '', url: started.url, socket: null, token: TOKEN, c2s: [] }));
  const text = await new Command(t, 'top', '--once', '--control-file', controlFile).outcome();
  assert.match(text.stdout, /^SERVICE +DOMAIN +LISTENERS +WORKERS +REQ\/S[^\n]+\nopensrf\.math +private\.localhost +1 +2 +0 +0 +0 +\d/);
  const { stdout } = await new Command(t, 'top', '--once', '--json', '--control-file', controlFile).outcome();
  const { services, sessions } = JSON.parse(stdout) as { services: ServiceRow[]; sessions: SessionRow[] };
  assert.deepEqual([services[0]?.service, services[0]?.workers, sessions.length], ['opensrf.math', 2, 3]);
  assert.deepEqual(sessionRows({ at: 0, routers: [], sessions: [], services: [] }, null), []);
});
