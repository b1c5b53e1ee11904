import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Balance, BalancedNode } from '../../router/balance/balance.ts';
import { BALANCES, createBalance } from '../../router/balance/balances.ts';

interface Node extends BalancedNode {
  readonly name: string;
  stalled: boolean;
  unanswered: number;
}

function nodes(names: string): Node[] {
  return Array.from(names, (name) => ({ name, stalled: false, unanswered: 0 }));
}

function pool(name: 'round-robin' | 'least-outstanding', members: readonly Node[]): Balance<Node> {
  const balance = createBalance<Node>(name);
  for (const node of members) balance.add(node);
  return balance;
}

/** The nodes for the next requests. */
function turns(balance: Balance<Node>, count: number): string {
  return Array.from({ length: count }, () => balance.next()?.name ?? '-').join('');
}

function setUnanswered(balance: Balance<Node>, node: Node, count: number): void {
  const before = node.unanswered;
  node.unanswered = count;
  balance.unansweredChanged(node, before);
}

test('round robin goes in order of registration, again and again', () => {
  assert.equal(turns(pool('round-robin', nodes('abc')), 7), 'abcabca');
});

test('a new node gets its turn after the others', () => {
  const [a, b, c] = nodes('abc') as [Node, Node, Node];
  const balance = pool('round-robin', [a, b]);
  assert.equal(turns(balance, 2), 'ab');
  balance.add(c);
  assert.equal(turns(balance, 4), 'cabc');
});

test('a node that leaves, at any position, causes no other to be skipped', () => {
  const rows: readonly (readonly [leaving: number, taken: number, expected: string])[] = [
    [0, 0, 'bcdbcd'],
    [0, 1, 'bcdbcd'],
    [0, 2, 'cdbcdb'],
    [1, 1, 'cdacda'],
    [1, 2, 'cdacda'],
    [3, 2, 'cabcab'],
    [3, 3, 'abcabc'],
    [3, 4, 'abcabc'],
    [2, 4, 'abdabd'],
  ];
  for (const [leaving, taken, expected] of rows) {
    const members = nodes('abcd');
    const balance = pool('round-robin', members);
    turns(balance, taken);
    balance.remove(members[leaving] as Node);
    assert.equal(turns(balance, 6), expected, `${leaving} left after ${taken}`);
  }
});

test('a stalled node is passed over until it reads again', () => {
  const members = nodes('abc') as [Node, Node, Node];
  const balance = pool('round-robin', members);
  members[1].stalled = true;
  assert.equal(turns(balance, 4), 'acac');
  members[1].stalled = false;
  assert.equal(turns(balance, 4), 'abca');
});

test('if all nodes are stalled they still take turns', () => {
  for (const name of BALANCES) {
    const members = nodes('abc');
    const balance = pool(name, members);
    for (const node of members) node.stalled = true;
    assert.equal(turns(balance, 6), 'abcabc', name);
  }
});

test('an empty pool has no node, even after all have left', () => {
  for (const name of BALANCES) {
    const members = nodes('ab');
    const balance = createBalance<Node>(name);
    assert.equal(balance.next(), null, name);
    for (const node of members) balance.add(node);
    turns(balance, 1);
    for (const node of members) balance.remove(node);
    assert.equal(balance.next(), null, name);
    balance.remove(members[0] as Node);
    assert.equal(balance.next(), null, name);
    balance.add(members[1] as Node);
    assert.equal(turns(balance, 2), 'bb', name);
  }
});

test('the node with the fewest unanswered requests is next', () => {
  const [a, b, c] = nodes('abc') as [Node, Node, Node];
  const balance = pool('least-outstanding', [a, b, c]);
  setUnanswered(balance, a, 1);
  setUnanswered(balance, b, 2);
  assert.equal(turns(balance, 2), 'cc');
  setUnanswered(balance, c, 3);
  assert.equal(turns(balance, 2), 'aa');
  setUnanswered(balance, b, 0);
  assert.equal(turns(balance, 2), 'bb');
});

test('among equals the one that has waited longest is next', () => {
  const [a, b, c] = nodes('abc') as [Node, Node, Node];
  const balance = pool('least-outstanding', [a, b, c]);
  assert.equal(turns(balance, 4), 'abca');
  setUnanswered(balance, b, 1);
  setUnanswered(balance, b, 0);
  assert.equal(turns(balance, 3), 'cab', 'b has just come back');
});

test('a stalled node is passed over for one with more to do', () => {
  const [a, b] = nodes('ab') as [Node, Node];
  const balance = pool('least-outstanding', [a, b]);
  setUnanswered(balance, b, 5);
  a.stalled = true;
  assert.equal(turns(balance, 2), 'bb');
  b.stalled = true;
  assert.equal(turns(balance, 2), 'aa', 'of stalled ones the least busy');
  a.stalled = false;
  assert.equal(turns(balance, 2), 'aa');
});

test('a late answer does not bring back a node that has left', () => {
  const [a, b] = nodes('ab') as [Node, Node];
  const balance = pool('least-outstanding', [a, b]);
  setUnanswered(balance, a, 1);
  balance.remove(a);
  setUnanswered(balance, a, 0);
  assert.equal(turns(balance, 2), 'bb');
  balance.add(a);
  assert.equal(turns(balance, 2), 'ba');
});
