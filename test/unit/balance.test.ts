import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Balance, BalancedNode } from '../../router/balance/balance.ts';
import { BALANCES, createBalance } from '../../router/balance/balances.ts';

interface Node extends BalancedNode {
  readonly name: string;
  stalled: boolean;
  outstanding: number;
  local: boolean;
}

function nodes(names: string): Node[] {
  return Array.from(names, (name) => ({ name, stalled: false, outstanding: 0, local: true }));
}

function pool(name: 'round-robin' | 'least-outstanding', members: readonly Node[]): Balance<Node> {
  const balance = createBalance<Node>(name, false);
  for (const node of members) balance.add(node);
  return balance;
}

/** The nodes for the next requests. */
function turns(balance: Balance<Node>, count: number): string {
  return Array.from({ length: count }, () => balance.next()?.name ?? '-').join('');
}

function setUnanswered(balance: Balance<Node>, node: Node, count: number): void {
  const before = node.outstanding;
  node.outstanding = count;
  balance.outstandingChanged(node, before);
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
    const balance = createBalance<Node>(name, false);
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

test('with local first, own nodes take turns while one is neither stalled nor gone, and then all', () => {
  for (const name of BALANCES) {
    const [a, b, c, d] = nodes('abcd') as [Node, Node, Node, Node];
    for (const node of [b, d]) node.local = false;
    const balance = createBalance<Node>(name, true);
    for (const node of [a, b, c, d]) balance.add(node);
    assert.equal(turns(balance, 4), 'acac', name);
    a.stalled = true;
    assert.equal(turns(balance, 2), 'cc', name);
    c.stalled = true;
    assert.equal([...turns(balance, 4)].sort().join(''), 'bbdd', name);
    a.stalled = false;
    assert.equal(turns(balance, 2), 'aa', name);
    balance.remove(a);
    balance.remove(c);
    assert.equal([...turns(balance, 4)].sort().join(''), 'bbdd', name);
    c.stalled = false;
    balance.add(c);
    assert.equal(turns(balance, 2), 'cc', name);
  }
});

test('with local first, the own node with the fewest unanswered requests is next, and the order can be handed over', () => {
  const [a, b, c] = nodes('abc') as [Node, Node, Node];
  b.local = false;
  const balance = createBalance<Node>('least-outstanding', true);
  for (const node of [a, b, c]) balance.add(node);
  setUnanswered(balance, a, 2);
  setUnanswered(balance, c, 1);
  assert.equal(turns(balance, 1), 'c');
  setUnanswered(balance, c, 3);
  assert.equal(turns(balance, 1), 'a');
  for (const name of BALANCES) {
    const [e, f, g] = nodes('efg') as [Node, Node, Node];
    f.local = false;
    const [one, other] = [createBalance<Node>(name, true), createBalance<Node>(name, true)];
    for (const node of [e, f, g]) one.add(node);
    assert.equal(turns(one, 1), 'e', name);
    for (const node of one.inOrder()) other.add(node);
    assert.deepEqual([turns(other, 3), turns(one, 3)], ['geg', 'geg'], name);
  }
});
