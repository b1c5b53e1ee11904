import assert from 'node:assert/strict';
import { test } from 'node:test';

interface Row {
  readonly request: { readonly id: number };
  readonly depth: number;
  readonly isProbable: boolean;
  readonly isCritical: boolean;
  readonly waitMs: number;
}

const { traceOf } = (await import('../../server/console/page/views/related.js' as string)) as { traceOf(request: object, all: Iterable<object>): Row[] };

/** A request that a client sent at a time, and a worker answered after a duration. */
function request(
  id: number,
  client: string,
  worker: string,
  at: number,
  durationMs: number | null,
  { xid = 'x', thread = `t${id}`, firstAnswerMs = durationMs } = {},
) {
  return { id, client, worker, at, durationMs, xid, thread, firstAnswerMs, listener: 'listener' };
}

const shown = (rows: readonly Row[]) => rows.map(({ request, depth }) => `${' '.repeat(depth)}${request.id}`);

test('a trace has the requests of the transaction below the one that waits for them, and marks the path that took the time', () => {
  const root = request(1, 'client', 'a', 0, 100);
  const all = [
    root,
    request(2, 'a', 'b', 10, 30),
    request(3, 'b', 'c', 15, 20),
    request(4, 'a', 'd', 12, 5),
    request(5, 'a', 'b', 50, 45),
    request(6, 'other', 'b', 60, 1, { xid: 'y' }),
  ];
  for (const one of [root, all[2] as object]) {
    const rows = traceOf(one, all);
    assert.deepEqual(shown(rows), ['1', ' 2', '  3', ' 4', ' 5']);
    assert.deepEqual(
      rows.filter(({ isCritical }) => isCritical).map(({ request }) => request.id),
      [1, 2, 3, 5],
    );
  }
});

test('a request without a transaction id probably belongs to the one that its worker was busy with, if that was the only one', () => {
  const root = request(1, 'client', 'a', 0, 100);
  const child = request(2, 'a', 'b', 10, 30, { xid: '' });
  const rows = traceOf(root, [root, child]);
  assert.deepEqual(shown(rows), ['1', ' 2']);
  assert.deepEqual(
    rows.map(({ isProbable }) => isProbable),
    [false, true],
  );
  assert.deepEqual(shown(traceOf(child, [root, child])), ['1', ' 2']);
  const second = request(3, 'client', 'a', 5, 50, { xid: 'y' });
  assert.deepEqual(shown(traceOf(root, [root, second, child])), ['1'], 'two were open: no guess');
  const late = request(4, 'a', 'b', 200, 1, { xid: '' });
  assert.deepEqual(shown(traceOf(root, [root, late])), ['1']);
});

test('a request waited at least until its worker had ended another one', () => {
  const before = request(1, 'other', 'a', 0, 40, { xid: 'y' });
  const waited = request(2, 'client', 'a', 10, 50);
  const [row] = traceOf(waited, [before, waited]);
  assert.equal(row?.waitMs, 30);
  const [first] = traceOf(before, [before, waited]);
  assert.equal(first?.waitMs, 0);
  const open = request(3, 'client', '', 10, null);
  assert.equal(traceOf(open, [before, open])[0]?.waitMs, 0);
});
