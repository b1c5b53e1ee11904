import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesOf } from '../../server/cli/text/monitor-line.ts';
import type { TraceSummary } from '../../server/control/trace/trace-entry.ts';

const SUMMARY: TraceSummary = {
  id: 1,
  at: Date.UTC(2026, 10, 22, 13, 13, 50, 123),
  type: 'REQUEST',
  service: 'opensrf.math',
  method: 'add',
  state: 'complete',
  outcome: 'ok',
  reason: '',
  fault: '',
  firstAnswerMs: 3,
  statusCode: 205,
  status: 'Request Complete',
  durationMs: 12.34,
  client: 'opensrf@private.localhost/client',
  to: 'router@private.localhost/opensrf.math',
  listener: 'opensrf@private.localhost/opensrf.math_listener_at_localhost_4143',
  worker: 'opensrf@private.localhost/opensrf.math_drone_at_localhost_4144',
  xid: '17953498422077',
  thread: 't',
  threadTrace: '1',
  length: 0,
};

test('a request is one line, with full addresses if they fit, else with session names', () => {
  const [wide] = linesOf(SUMMARY, 200, false);
  assert.equal(wide, `13:13:50.123  opensrf.math add  ok  12.3 ms  ${SUMMARY.client} <- ${SUMMARY.worker}  17953498422077`);
  assert.deepEqual(linesOf(SUMMARY, 120, false), [
    '13:13:50.123  opensrf.math add  ok  12.3 ms  client <- opensrf.math_drone_at_localhost_4144  17953498422077',
  ]);
});

test('a request without an answer names the listener that it was handed to', () => {
  const lost = linesOf({ ...SUMMARY, worker: '', state: 'abandoned', outcome: 'lost', statusCode: 0, status: '' }, 120, false);
  assert.deepEqual(lost, ['13:13:50.123  opensrf.math add  lost  12.3 ms  client <- no answer from …math_listener_at_localhost_4143  17953498422077']);
  assert.match(linesOf({ ...SUMMARY, worker: '', listener: '' }, 200, false)[0] as string, /client <- no answer {2}/);
});

test('a failure has another line with its reason', () => {
  const failed = linesOf({ ...SUMMARY, state: 'refused', outcome: 'failed', statusCode: 500, reason: 'died at\n line 3' }, 120, false);
  assert.match(failed[0] as string, / {2}failed 500 {2}/);
  assert.equal(failed[1], '    died at line 3');
});

test('no line exceeds the width, with any names', () => {
  const long = 'x'.repeat(300);
  const names = { service: long, method: long, client: `a@b/${long}`, worker: `a@b/${long}`, xid: long, reason: long };
  for (const width of [80, 120]) {
    const lines = linesOf({ ...SUMMARY, ...names, state: 'refused', outcome: 'failed', statusCode: 500 }, width, false);
    assert.deepEqual(
      lines.map(({ length }) => length <= width),
      [true, true],
      lines.join('\n'),
    );
  }
});

test('a terminal gets colours: green for a whole answer, red for any failure', () => {
  assert.ok(linesOf(SUMMARY, 120, true)[0]?.includes('\u001b[32mok\u001b[39m'));
  assert.ok(linesOf({ ...SUMMARY, outcome: 'failed', statusCode: 500 }, 120, true)[0]?.includes('\u001b[31mfailed 500\u001b[39m'));
});
