import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Debtor, MemoryBudget, type PeerAccount, type Rank } from '../../server/kernel/memory-budget.ts';

const LIMIT = 1_000;

interface Peer extends Debtor {
  readonly account: PeerAccount;
}

function setUp() {
  const closed: string[] = [];
  const soon: (() => void)[] = [];
  const budget = new MemoryBudget(LIMIT, { soon: (action) => void soon.push(action) }, ({ peer }, bytes) => void closed.push(`${peer} ${bytes}`));
  /** A debtor that frees its memory on demand. */
  const open = (peer: string, rank: Rank, bytes: number, group = peer): Peer => {
    const debtor: Debtor = { peer, rank, giveUp: () => {} };
    const account = budget.open(debtor, group);
    account.charge(bytes);
    return Object.assign(debtor, { account });
  };
  /** Lets turns of the event loop pass. */
  const turns = (): void => {
    for (let turn = 0; turn < 100 && soon.length > 0; turn++) for (const action of soon.splice(0)) action();
  };
  return { budget, closed, open, turns };
}

test('within the limit no debtor is closed', () => {
  const { budget, closed, open, turns } = setUp();
  open('a', 'client', 600);
  open('b', 'listener', 400);
  turns();
  assert.deepEqual([closed, budget.bytes, budget.full], [[], 1_000, false]);
});

test('beyond the limit the largest client is closed, then the next, and a listener only where no client owes a hundredth', () => {
  const { budget, closed, open, turns } = setUp();
  open('small', 'client', 9);
  open('listener', 'listener', 800);
  open('a', 'client', 100);
  open('b', 'client', 120);
  turns();
  assert.deepEqual(closed, ['b 120']);
  open('second', 'listener', 150);
  turns();
  assert.deepEqual(closed, ['b 120', 'a 100']);
  open('third', 'listener', 100);
  turns();
  assert.deepEqual(closed, ['b 120', 'a 100', 'listener 800']);
  assert.equal(budget.givenUp, 3);
});

test('connections before login are closed before any session, however little they owe', () => {
  const { closed, open, turns } = setUp();
  open('stranger', 'pending', 5);
  open('client', 'client', 996);
  turns();
  assert.deepEqual(closed, ['stranger 5']);
});

test('connections before login owe at most a sixteenth together; beyond that the oldest of the address with the largest debt is closed', () => {
  const { budget, closed, open, turns } = setUp();
  open('honest', 'pending', 10, '10.0.0.1');
  for (const name of ['a', 'b', 'c']) open(name, 'pending', 20, '10.0.0.2');
  turns();
  assert.deepEqual([closed, budget.bytes], [['a 20'], 70]);
});

test('a login moves the debt of a connection out of the share of unauthenticated ones', () => {
  const { budget, closed, open, turns } = setUp();
  const { account } = open('a', 'pending', 60);
  account.loggedIn({ peer: 'a', rank: 'client', giveUp: () => {} });
  open('b', 'pending', 60);
  turns();
  assert.deepEqual([closed, budget.pendingBytes], [[], 60]);
});

test('the memory of a closing debtor does not count until it is freed', () => {
  const { budget, closed, open, turns } = setUp();
  const a = open('a', 'client', 700);
  open('b', 'client', 600);
  turns();
  assert.deepEqual(closed, ['a 700']);
  open('c', 'client', 300);
  turns();
  assert.deepEqual(closed, ['a 700'], 'b and c fit');
  a.account.close();
  a.account.charge(-700);
  assert.equal(budget.bytes, 900);
  open('d', 'client', 101);
  turns();
  assert.deepEqual(closed, ['a 700', 'b 600'], 'nothing of it is left over');
});

test('if no debtor owes a hundredth, the budget is full until a twentieth is free', () => {
  const { budget, closed, open, turns } = setUp();
  const peers = Array.from({ length: 112 }, (_, index) => open(`p${index}`, 'client', 9));
  turns();
  assert.deepEqual([closed, budget.full], [[], true]);
  for (const { account } of peers.slice(0, 6)) account.charge(-9);
  assert.deepEqual([budget.bytes, budget.full], [954, true]);
  (peers[6] as Peer).account.charge(-9);
  assert.equal(budget.full, false);
});

test('the largest debtors are listed for the operator', () => {
  const { budget, open } = setUp();
  for (const [name, bytes] of [
    ['a', 5],
    ['b', 50],
    ['c', 20],
  ] as const)
    open(name, 'client', bytes);
  assert.deepEqual(
    budget.largest(2).map(({ debtor, bytes }) => [debtor.peer, bytes]),
    [
      ['b', 50],
      ['c', 20],
    ],
  );
});
