import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

// The console's store needs no page: it runs here with stubs of the few browser APIs that it uses.

interface Store {
  readonly leftOut: number;
  readonly madeGood: number;
  readonly requests: Map<number, { readonly id: number; readonly state: string }>;
}

test('the page catches up on lost events once the load is down', async (t) => {
  const answers: Record<string, unknown> = {
    '/api/v1/server': { pid: 1, startedAt: 1, idl: null },
    '/api/v1/health': { samples: [] },
    '/api/v1/picture': { routers: [], sessions: [], total: 0, services: [] },
    // Newest first, like the server's answer.
    '/api/v1/requests': { requests: [3, 2, 1].map((id) => ({ id, state: 'complete' })) },
  };
  const asked: string[] = [];
  let tell = (_: object) => {};
  const body = new ReadableStream({
    start: (controller) => {
      tell = (batch) =>
        controller.enqueue(new TextEncoder().encode(`event: trace\ndata: ${JSON.stringify({ steps: [], came: [], left: [], unseen: 0, ...batch })}\n\n`));
    },
  });
  const page = { document: Object.assign(new EventTarget(), { visibilityState: 'visible' }), sessionStorage: { getItem: () => 'token', setItem: () => {} } };
  Object.assign(globalThis, page);
  t.mock.method(globalThis, 'fetch', async (path: string) => {
    const [name = ''] = path.split('?');
    asked.push(name);
    return name === '/api/v1/events' ? new Response(body) : Response.json(answers[name]);
  });
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { store, start, on } = (await import(new URL('../../server/console/page/base/store.js', import.meta.url).href)) as {
    store: Store;
    start(): void;
    on(topic: string, listener: (news: unknown) => void): void;
  };
  const has = (isTrue: () => boolean) => new Promise<void>((resolve) => on('requests', () => isTrue() && resolve()));
  start();
  const open = has(() => store.requests.size === 2);
  tell({ requests: [1, 3].map((id) => ({ id, state: 'open' })), leftOut: 0 });
  await open;
  assert.ok(!asked.includes('/api/v1/requests'));
  const caughtUp = has(() => store.requests.size === 3);
  tell({ requests: [], leftOut: 2 });
  while (!(await Promise.race([caughtUp.then(() => true), turn(false)]))) t.mock.timers.tick(100);
  assert.deepEqual(
    [...store.requests.values()].map(({ id, state }) => [id, state]),
    [1, 2, 3].map((id) => [id, 'complete']),
  );
  assert.equal(asked.filter((name) => name === '/api/v1/requests').length, 1);
  assert.deepEqual([store.leftOut, store.madeGood], [2, 2], 'the page no longer says that it lacks events');
});
