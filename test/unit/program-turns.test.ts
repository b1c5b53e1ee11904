import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgramTurns } from '../../server/kernel/program-turns.ts';

/** ProgramTurns whose event loop and clock a test moves. */
function setUp() {
  let now = 1;
  let next: (() => void)[] = [];
  const turns = new ProgramTurns({ now: () => now }, (action) => next.push(action));
  const done: string[] = [];
  /** A piece of work that takes this long. */
  const work = async (name: string, ms: number) => {
    await turns.next();
    now += ms;
    done.push(name);
  };
  const turn = async () => {
    const actions = next;
    next = [];
    for (const action of actions) action();
    // Released work runs in microtasks.
    for (let hops = 0; hops < 50; hops++) await null;
    return done.splice(0).join(' ');
  };
  return { turns, work, turn, pending: () => next.length };
}

test('short pieces of work run in the turn in which they arrive', async () => {
  const { work, turn } = setUp();
  for (const name of ['a', 'b', 'c']) void work(name, 0.5);
  assert.equal(await turn(), 'a b c');
});

test('long pieces of work run one in a turn, in order', async () => {
  const { turns, work, turn } = setUp();
  for (const name of ['a', 'b', 'c']) void work(name, 10);
  await null;
  assert.equal(turns.over, true);
  assert.deepEqual([await turn(), await turn(), await turn()], ['a b', 'c', '']);
});

test('in one turn there are as many pieces as fit into its time, and at least one', async () => {
  const { work, turn } = setUp();
  await work('first', 5);
  for (let number = 1; number <= 10; number++) void work(String(number), 0.9);
  void work('long', 5);
  void work('last', 0);
  assert.deepEqual(
    [await turn(), await turn(), await turn(), await turn(), await turn(), await turn()],
    ['first 1 2 3', '4 5 6', '7 8 9', '10 long', 'last', ''],
  );
});

test('a later program waits for the earlier ones', async () => {
  const { work, turn } = setUp();
  await work('a', 5);
  void work('b', 5);
  void work('c', 5);
  assert.equal(await turn(), 'a b');
  void work('d', 0);
  assert.equal(await turn(), 'c');
  assert.equal(await turn(), 'd');
});

test('without work nothing is scheduled on the event loop', async () => {
  const { work, turn, pending } = setUp();
  await work('a', 5);
  await turn();
  await turn();
  assert.equal(pending(), 0);
});
