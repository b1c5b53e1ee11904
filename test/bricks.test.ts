import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ChopChopFixture, OsrfError, startChopChop } from '../server/index.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import { relayTo } from './support/peer-server.ts';
import { endWith } from './support/processes.ts';

const CHILD = fileURLToPath(new URL('./support/brick-child.js', import.meta.url));
const REQUESTS = 300;

/** The brick B in this process, and A in others, one after the other. */
class Bricks {
  readonly b: ChopChopFixture;
  private readonly t: TestContext;
  private readonly toB: number;
  private readonly at: { a: BoundAddress };

  private constructor(t: TestContext, b: ChopChopFixture, toB: number, at: { a: BoundAddress }) {
    this.t = t;
    this.b = b;
    this.toB = toB;
    this.at = at;
  }

  static async start(t: TestContext): Promise<Bricks> {
    const at = { a: { host: '127.0.0.1', port: 1 } };
    const toA = await relayTo(t, () => at.a);
    const toB = await relayTo(t, () => b.listening.s2s[0] as BoundAddress);
    const peers = ['private.a', 'public.a'].map((domain) => `${domain}=127.0.0.1:${toA.port},auth=dialback,router=yes`);
    const trusted = new Map([['private.b', ['private.b', 'public.b', 'private.a']]]);
    const b: ChopChopFixture = await startChopChop({
      domains: ['private.b', 'public.b'],
      s2s: { port: 0, peers },
      router: { trustedServers: trusted, trustedClients: trusted, lossGraceMs: 100, holdMs: 0 },
      limits: { peerRetryMs: 20 },
    });
    t.after(() => b.stop());
    return new Bricks(t, b, toB.port, at);
  }

  /** Starts A, whose service registers with B's router. */
  async startA(): Promise<ChildProcess> {
    const child = endWith(this.t, fork(CHILD, [String(this.toB)]));
    const [port] = (await once(child, 'message')) as [number];
    this.at.a = { host: '127.0.0.1', port };
    child.send('register');
    await this.b.waitForService('bricks.work', { domain: 'private.b' });
    return child;
  }
}

test('a brick is killed: every request to its services is answered or refused, and it comes back', async (t) => {
  const bricks = await Bricks.start(t);
  const child = await bricks.startA();
  const client = await bricks.b.connect({ domain: 'public.b' });
  const ask = (number: number) => client.sessionAt('router@private.b/bricks.work').request('work', number);
  let answered = 0;
  const outcomes = await Promise.all(
    Array.from({ length: REQUESTS }, async (_, number) => {
      try {
        assert.equal(await ask(number), 2 * number);
        if (++answered === REQUESTS / 3) child.kill('SIGKILL');
        return 'answered';
      } catch (error) {
        assert.ok(error instanceof OsrfError, String(error));
        return error.statusCode;
      }
    }),
  );
  const refused = outcomes.filter((outcome) => outcome !== 'answered');
  assert.ok(answered >= REQUESTS / 3 && refused.length >= REQUESTS / 3, `${answered} answered`);
  assert.deepEqual([...new Set(refused)], [503]);
  await assert.rejects(ask(1), (error) => error instanceof OsrfError && error.statusCode === 404);
  await bricks.startA();
  assert.equal(await ask(21), 42);
});

test('a thousand requests that wait for the first stream to another brick arrive in order', async () => {
  await using jabber = await startChopChop({ domains: ['private.b'], peers: ['private.a'], limits: { serviceBacklogBytes: 64 * 1024 * 1024 } });
  const [peer] = jabber.peers;
  const arrived: number[] = [];
  // One worker, because several do not keep the order.
  await peer?.service('bricks.order', { note: (number: number) => void arrived.push(number) }, { maxWorkers: 1 });
  const client = await jabber.connect();
  const requests = Array.from({ length: 1_000 }, (_, number) => client.sessionAt('router@private.a/bricks.order').request('note', number));
  await Promise.all(requests);
  assert.deepEqual(
    arrived,
    Array.from({ length: 1_000 }, (_, number) => number),
  );
});
