import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FloodGuard } from '../../server/logging/flood-guard.ts';
import { FakeClock } from '../support/fakes.ts';
import { recordingLog } from '../support/server.ts';

const LIMITS = { logLinesOfKind: 3, logLifeLines: 12, logWindowMs: 10_000 };
const LEFT_OUT = 'suppressed more lines of one kind';

function guardedLog() {
  const log = recordingLog();
  const clock = new FakeClock();
  return { log, clock, guard: new FloodGuard(log, clock, LIMITS, ['info', 'warn']) };
}

test('a limited number of lines of a kind is logged in a window, and the number of the others at its end', () => {
  const { log, clock, guard } = guardedLog();
  for (let n = 1; n <= 8; n++) guard.warn({ n }, 'refused');
  assert.deepEqual(
    log.lines.map(({ fields }) => fields),
    [{ n: 1 }, { n: 2 }, { n: 3 }],
  );
  clock.advance(9_999);
  assert.equal(log.lines.length, 3);
  clock.advance(1);
  assert.deepEqual(log.lines[3], { level: 'warn', fields: { kind: 'refused', suppressed: 5, seconds: 10 }, message: LEFT_OUT });
});

test('the next window begins with the next line, and is as wide', () => {
  const { log, clock, guard } = guardedLog();
  for (let n = 1; n <= 4; n++) guard.warn({}, 'refused');
  clock.advance(10_000);
  log.lines.length = 0;
  for (let n = 1; n <= 5; n++) guard.warn({}, 'refused');
  clock.advance(10_000);
  assert.deepEqual(
    log.lines.map(({ message, fields }) => fields['suppressed'] ?? message),
    ['refused', 'refused', 'refused', 2],
  );
  assert.equal(clock.timers, 0);
});

test('without suppressed lines there is no report', () => {
  const { log, clock, guard } = guardedLog();
  for (let n = 1; n <= 3; n++) guard.info({}, 'came');
  clock.advance(60_000);
  assert.equal(log.lines.length, 3);
});

test('each kind has its own share, and that of levels that are not guarded is larger', () => {
  const { log, guard } = guardedLog();
  for (let n = 1; n <= 20; n++) {
    guard.warn({}, 'refused');
    guard.info({}, 'ended');
    guard.debug({}, 'detail');
    guard.error({}, 'mistake');
  }
  const count = (message: string) => log.lines.filter((line) => line.message === message).length;
  assert.deepEqual([count('refused'), count('ended'), count('detail'), count('mistake')], [3, 3, 12, 12]);
});

test('a stopping server logs the number of suppressed lines at once, and once', () => {
  const { log, clock, guard } = guardedLog();
  for (let n = 1; n <= 5; n++) guard.warn({}, 'refused');
  guard.flush();
  assert.equal(log.lines[3]?.fields['suppressed'], 2);
  clock.advance(5_000);
  // A server that was started again: the first window's end must not end this one.
  for (let n = 1; n <= 4; n++) guard.warn({}, 'refused');
  clock.advance(5_000);
  assert.equal(log.lines.length, 7);
  clock.advance(5_000);
  assert.equal(log.lines.at(-1)?.fields['suppressed'], 1);
  assert.equal(log.lines.length, 8);
});
