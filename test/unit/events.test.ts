import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { eventRoutes } from '../../server/control/events.ts';
import type { HealthSample } from '../../server/control/health.ts';
import type { Trace, TraceWatcher } from '../../server/control/trace/trace.ts';
import type { Job } from '../../shared/job.ts';
import { realClock } from '../support/guards.ts';

const NOTHING = { requests: [], steps: [], came: ['a@b/c'], left: [] };

/** A listener whose socket takes data on demand only. */
class FakeResponse extends EventEmitter {
  writableLength = 0;
  readonly written: string[] = [];

  write(text: string): void {
    this.written.push(text);
  }
}

/** @param query Of the call; `past=…` searches for a while, until `found` is called. */
async function listen(query = '') {
  const watchers = new Set<TraceWatcher>();
  const healthWatchers = new Set<(sample: HealthSample) => void>();
  const trace = {
    unseen: 7,
    *search() {
      yield;
      return [{ summary: { id: 1, service: 'past' } }];
    },
    watch(watcher: TraceWatcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  } as unknown as Trace;
  const jobs: Job[] = [];
  const watchHealth = (watcher: (sample: HealthSample) => void) => {
    healthWatchers.add(watcher);
    return () => healthWatchers.delete(watcher);
  };
  const [route] = eventRoutes({ trace, jobs: { afterOthers: (action) => action(), run: (job) => jobs.push(job) }, clock: realClock(), watchHealth });
  const reply = await route?.handle({ path: [], query: new URLSearchParams(query), accept: '', body: undefined });
  assert.ok(reply?.kind === 'stream');
  const response = new FakeResponse();
  reply.start(response as unknown as ServerResponse);
  const happen = () => {
    for (const watcher of watchers) watcher.happened(NOTHING);
  };
  const found = async () => {
    for (const job of jobs) while (job.next().done !== true);
    await new Promise(setImmediate);
  };
  return { response, happen, found, watchers, healthWatchers };
}

test('a slow reader misses events, and later gets their number', async () => {
  const { response, happen } = await listen();
  happen();
  assert.equal(response.written.length, 2);
  response.writableLength = 2 * 1024 * 1024;
  for (let n = 0; n < 5; n++) happen();
  assert.equal(response.written.length, 2, 'nothing more is put before him');
  response.writableLength = 0;
  happen();
  assert.match(response.written[2] ?? '', /^event: trace\ndata: \{.*"unseen":7,"leftOut":5\}\n\n$/);
});

test('the history is searched in parts, and events during the search follow it', async () => {
  const { response, happen, found } = await listen('past=10');
  happen();
  assert.deepEqual(response.written, []);
  await found();
  happen();
  assert.deepEqual(
    response.written.map((text) => /"service":"past"|"came":\["a@b\/c"\]/.exec(text)?.[0]),
    ['"service":"past"', '"came":["a@b/c"]', '"came":["a@b/c"]'],
  );
});

test('a closed event stream gets no more events', async () => {
  const { response, watchers, healthWatchers } = await listen();
  assert.deepEqual([watchers.size, healthWatchers.size], [1, 1]);
  response.emit('close');
  assert.deepEqual([watchers.size, healthWatchers.size], [0, 0]);
});
