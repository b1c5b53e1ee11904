import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChopChop } from '../../server/compose/chopchop.ts';
import type { OsrfClient } from '../../server/osrf/client.ts';
import { Events } from '../support/patience.ts';
import { CLUSTER, MOST_MS, PEER, PeeredCluster } from '../support/peered-cluster.ts';

const add = (one: number, two: number) => one + two;

/** The sum that a service of the cluster's router, or of the peer's, answers. */
async function sum(client: OsrfClient, router: string, service: string, one = 2, two = 2): Promise<unknown> {
  return await client.sessionAt(`router@${router}/${service}`).request('add', one, two);
}

test('clients at all members ask a service of the peer, and its clients ask services of all members, wherever the streams of the peer come in', async (t) => {
  for (const entrance of [0, 2]) {
    const cluster = await PeeredCluster.start(t, ['a', 'b', 'c'], entrance);
    const { members, peer } = cluster;
    await cluster.service(peer.server, CLUSTER, 'foreign', { add });
    for (const member of members) await cluster.listeners(member, 'foreign', 1);
    await cluster.service(members[1] as ChopChop, CLUSTER, 'own', { add });
    await cluster.service(members[1] as ChopChop, PEER, 'abroad', { add });
    for (const member of members) {
      await cluster.listeners(member, 'own', 1);
      const client = await cluster.client(member);
      for (let number = 0; number < 5; number++) assert.equal(await sum(client, CLUSTER, 'foreign', number), number + 2);
    }
    const theirs = await cluster.client(peer.server);
    for (const service of ['own', 'foreign']) assert.equal(await sum(theirs, CLUSTER, service), 4);
    assert.equal(await sum(theirs, PEER, 'abroad'), 4);
    assert.deepEqual(cluster.owners, ['a']);
  }
});

test('a direct conversation crosses to the member with the session of the peer, and back', async (t) => {
  const cluster = await PeeredCluster.start(t, ['a', 'b'], 1);
  const [, second] = cluster.members;
  await cluster.service(second as ChopChop, PEER, 'abroad', { echo: (text: string) => text });
  const client = await cluster.client(cluster.peer.server);
  const session = client.session('abroad');
  await session.connect();
  for (const text of ['short', 'x'.repeat(300_000), 'ä€𝄞']) assert.equal(await session.request('echo', text), text);
  await session.disconnect();
});

/** Asks without a pause, and notes how each request ends and how long that takes. */
class Asking {
  readonly outcomes: string[] = [];
  longestMs = 0;
  private readonly events = new Events();
  private state: 'going' | 'ending' = 'going';
  private readonly done: Promise<void>;

  constructor(client: OsrfClient, router: string, service: string) {
    this.done = this.run(client, router, service);
  }

  /** Resolves with the next answer. */
  async answered(): Promise<void> {
    const count = this.outcomes.length;
    await this.events.until(
      () => this.outcomes.slice(count + 1).includes('answered'),
      () => false,
      () => `no request was answered: ${this.outcomes.slice(-3).join(', ')}`,
    );
  }

  async end(): Promise<void> {
    this.state = 'ending';
    await this.done;
  }

  private async run(client: OsrfClient, router: string, service: string): Promise<void> {
    while (this.state === 'going') {
      const begin = performance.now();
      const outcome = await sum(client, router, service).then(
        () => 'answered',
        (error: Error) => error.message,
      );
      this.outcomes.push(outcome);
      this.events.happened();
      this.longestMs = Math.max(this.longestMs, performance.now() - begin);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** How the member with the session of the peer goes away. */
const ENDS = {
  crashes: (cluster: PeeredCluster) => cluster.crash(0),
  'leaves in order': ({ members }: PeeredCluster) => members[0]?.stop(),
  'loses the network to the others': (cluster: PeeredCluster) => cluster.isolate(true),
} as const;

for (const [how, end] of Object.entries(ENDS)) {
  test(`when the member with the session of the peer ${how}, the next one takes over with the listeners: each request is answered or refused in time`, async (t) => {
    const cluster = await PeeredCluster.start(t, ['a', 'b', 'c'], 1);
    const [, second, third] = cluster.members as [ChopChop, ChopChop, ChopChop];
    await cluster.service(cluster.peer.server, CLUSTER, 'foreign', { add });
    await cluster.service(third, CLUSTER, 'own', { add });
    for (const member of [second, third]) for (const service of ['foreign', 'own']) await cluster.listeners(member, service, 1);
    assert.deepEqual(cluster.owners, ['a']);
    const all = [new Asking(await cluster.client(second), CLUSTER, 'foreign'), new Asking(await cluster.client(third), CLUSTER, 'foreign')];
    t.after(() => Promise.all(all.map((asking) => asking.end())));
    await end(cluster);
    await cluster.takenOver(second, 'foreign');
    for (const asking of all) await asking.answered();
    for (const member of [second, third]) {
      assert.equal(await sum(await cluster.client(member), CLUSTER, 'foreign'), 4);
    }
    const theirs = await cluster.client(cluster.peer.server);
    for (const service of ['own', 'foreign']) assert.equal(await sum(theirs, CLUSTER, service), 4);
    for (const asking of all) {
      await asking.end();
      for (const outcome of asking.outcomes) assert.match(outcome, /^answered$|50[03]|404|remote-server-timeout/);
      assert.ok(asking.longestMs < MOST_MS, `${asking.longestMs} ms`);
    }
  });
}

test('after a split, the member with the lower name has the session of the peer again, with the listeners of both sides', async (t) => {
  const cluster = await PeeredCluster.start(t, ['a', 'b'], 1);
  const [first, second] = cluster.members as [ChopChop, ChopChop];
  await cluster.service(cluster.peer.server, CLUSTER, 'before', { add });
  await cluster.listeners(second, 'before', 1);
  cluster.isolate(true);
  await cluster.takenOver(second, 'before');
  await cluster.service(cluster.peer.server, CLUSTER, 'during', { add }, second);
  assert.deepEqual(cluster.owners, ['a', 'b']);
  cluster.isolate(false);
  await cluster.listeners(first, 'during', 1);
  await cluster.listeners(second, 'during', 1);
  for (const member of [first, second]) {
    const client = await cluster.client(member);
    for (const service of ['before', 'during']) assert.equal(await sum(client, CLUSTER, service), 4);
  }
  assert.deepEqual(cluster.owners, ['a']);
});

test('a member that learns of the new session of the peer before it has given up the old one knows its listeners afterwards', async (t) => {
  const cluster = await PeeredCluster.start(t, ['a', 'b', 'c'], 1);
  const [, second, third] = cluster.members as [ChopChop, ChopChop, ChopChop];
  await cluster.service(cluster.peer.server, CLUSTER, 'foreign', { add });
  for (const member of [second, third]) await cluster.listeners(member, 'foreign', 1);
  cluster.hub.cut('a', 'b');
  await cluster.takenOver(second, 'foreign');
  const client = await cluster.client(third);
  assert.equal(await sum(client, CLUSTER, 'foreign'), 4);
  cluster.hub.cut('a', 'c');
  const asking = new Asking(client, CLUSTER, 'foreign');
  t.after(() => asking.end());
  await cluster.without(third, 'a');
  await asking.answered();
  await cluster.listeners(third, 'foreign', 1);
});

test('a member that joins leaves the session of the peer where it is', async (t) => {
  const cluster = await PeeredCluster.start(t, ['b']);
  await cluster.service(cluster.peer.server, CLUSTER, 'foreign', { add });
  const joined = await cluster.join('a');
  await cluster.listeners(joined, 'foreign', 1);
  assert.equal(await sum(await cluster.client(joined), CLUSTER, 'foreign'), 4);
  assert.deepEqual(cluster.owners, ['b']);
});

test('a peer that is lost takes its listeners out at all members', async (t) => {
  const cluster = await PeeredCluster.start(t, ['a', 'b'], 1);
  const { members, peer, relay } = cluster;
  await cluster.service(peer.server, CLUSTER, 'foreign', { add });
  await cluster.listeners(members[1] as ChopChop, 'foreign', 1);
  await peer.server.stop();
  relay.cut();
  const client = await cluster.client(members[1] as ChopChop);
  await assert.rejects(sum(client, CLUSTER, 'foreign'), /50[03]|404/);
  for (const member of members) await cluster.listeners(member, 'foreign', 0);
});

test('members with other peers, or another secret of dialback, do not come together', async (t) => {
  for (const s2s of [{ port: 0, peers: [`${PEER}=127.0.0.1:1,auth=dialback,router=yes`], secret: 'another' }, {}]) {
    const cluster = await PeeredCluster.start(t, ['a']);
    await cluster.join('b', { s2s });
    const refused = cluster.logs.flatMap(({ lines }) => lines).filter(({ message }) => message === 'member refused: its peers differ from ours');
    assert.ok(refused.length > 0);
  }
});
