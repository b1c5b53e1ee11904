import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BalancedNode } from '../../router/balance/balance.ts';
import { createBalance } from '../../router/balance/balances.ts';
import { cases } from '../support/tier.ts';

const NODES = 5;

const step = fc.oneof(fc.record({ kind: fc.constantFrom('add', 'remove', 'stall', 'recover', 'answered', 'handed'), node: fc.nat(NODES - 1) }), {
  weight: 2,
  arbitrary: fc.record({ kind: fc.constant('next'), node: fc.constant(0) }),
});

interface Node extends BalancedNode {
  readonly name: string;
  stalled: boolean;
  outstanding: number;
}

/** A naive pool: a list of its nodes, each with the time since which it waits. */
interface Member {
  readonly node: Node;
  since: number;
}

/** The next one behind the last in order of entry. */
function roundRobin(members: readonly Member[], last: number): Member | undefined {
  const turn = [...members.filter(({ since }) => since > last), ...members.filter(({ since }) => since <= last)];
  return turn.find(({ node }) => !node.stalled) ?? turn[0];
}

/** Stalled ones last, then by unanswered requests, then by waiting time. */
function leastOutstanding(members: readonly Member[]): Member | undefined {
  const stalled = ({ node }: Member): number => Number(node.stalled);
  return [...members].sort((a, b) => stalled(a) - stalled(b) || a.node.outstanding - b.node.outstanding || a.since - b.since)[0];
}

for (const name of ['round-robin', 'least-outstanding'] as const) {
  test(`${name} chooses like its naive model`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const balance = createBalance<Node>(name, false);
        const nodes = Array.from({ length: NODES }, (_, index): Node => ({ name: String(index), stalled: false, outstanding: 0, local: true }));
        let members: Member[] = [];
        let last = 0;
        let now = 0;
        const count = (node: Node, change: number): void => {
          if (node.outstanding + change < 0) return;
          const before = node.outstanding;
          node.outstanding += change;
          balance.outstandingChanged(node, before);
          const member = members.find((one) => one.node === node);
          if (member !== undefined && name === 'least-outstanding') member.since = now;
        };
        const next = (): void => {
          const expected = name === 'round-robin' ? roundRobin(members, last) : leastOutstanding(members);
          assert.equal(balance.next()?.name ?? 'none', expected?.node.name ?? 'none');
          if (expected === undefined) return;
          last = expected.since;
          if (name === 'least-outstanding') expected.since = now;
        };
        const actions: Record<string, (node: Node) => void> = {
          add: (node) => {
            if (members.some((one) => one.node === node)) return;
            members.push({ node, since: now });
            balance.add(node);
          },
          remove: (node) => {
            members = members.filter((one) => one.node !== node);
            balance.remove(node);
          },
          stall: (node) => {
            node.stalled = true;
          },
          recover: (node) => {
            node.stalled = false;
          },
          handed: (node) => count(node, 1),
          answered: (node) => count(node, -1),
          next,
        };
        for (const { kind, node } of steps) {
          now++;
          actions[kind]?.(nodes[node] as Node);
        }
      }),
      { numRuns: cases(1_000) },
    );
  });
}
