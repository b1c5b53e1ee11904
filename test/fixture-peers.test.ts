import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChopChopFixture as Implementation } from '../server/fixture/fixture.ts';
import { type ChopChopFixture, ConfigError, type FixtureOptions, type FixturePeer, OsrfError, startChopChop } from '../server/index.ts';

/** Two servers that are peers, with short pauses after a failure. */
const QUICK = { peers: ['other.test'], limits: { peerRetryMs: 20 }, router: { lossGraceMs: 0 } } as const;

function peerOf(jabber: ChopChopFixture): FixturePeer {
  return jabber.peers[0] as FixturePeer;
}

/** Asks until it is answered: stanzas bounce in the pause after a failure. */
async function answered(ask: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      assert.ok(error instanceof OsrfError);
    }
  }
}

/** Asks until it is refused with a status: a stream breaks a moment later. */
async function refusedWith(statusCode: number, ask: () => Promise<unknown>): Promise<void> {
  for (;;) {
    const error = await ask().catch((refusal: unknown) => refusal);
    if (error instanceof OsrfError && error.statusCode === statusCode) return;
  }
}

test('a service of a peer registers here, and a client here gets its answer', async () => {
  await using jabber = await startChopChop(QUICK);
  const peer = peerOf(jabber);
  assert.deepEqual([peer.domain, peer.domains, peer.port > 0], ['other.test', ['other.test'], true]);
  await peer.service('opensrf.math', { add: (a: number, b: number) => a + b }, { domains: ['other.test', 'localhost'] });
  await jabber.waitForService('opensrf.math');
  assert.equal(await jabber.request('opensrf.math', 'add', 2, 2), 4);
  const client = await peer.connect();
  assert.equal(await client.request('opensrf.math', 'add', 1, 2), 3);
});

test('a client of a peer calls a service here by its address, and a stub here registers there', async () => {
  await using jabber = await startChopChop(QUICK);
  const peer = peerOf(jabber);
  await jabber.service('opensrf.math', { add: (a: number, b: number) => a + b }, { domains: ['localhost', 'other.test'] });
  const client = await peer.connect();
  assert.equal(await client.sessionAt('router@localhost/opensrf.math').request('add', 2, 2), 4);
  await peer.waitForService('opensrf.math', { domain: 'other.test' });
  assert.equal(await client.request('opensrf.math', 'add', 20, 2), 22);
});

test('two bricks with two domains each use one stream in each direction', async () => {
  await using jabber = await startChopChop({ domains: ['private.b', 'public.b'], peers: [['private.a', 'public.a']] });
  const [peer] = jabber.peers;
  await peer?.service('opensrf.math', { add: (a: number, b: number) => a + b }, { domains: ['private.b'] });
  await jabber.waitForService('opensrf.math', { domain: 'private.b' });
  const client = await jabber.connect({ domain: 'public.b', routerName: 'router' });
  assert.equal(await client.sessionAt('router@private.b/opensrf.math').request('add', 2, 2), 4);
  assert.equal((jabber as unknown as Implementation).server.connectionCount, 2);
});

test('a peer that crashes takes its listeners with it: the request under way is answered with 503', async () => {
  await using jabber = await startChopChop(QUICK);
  const peer = peerOf(jabber);
  let asked = () => {};
  const underWay = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const wait = () => {
    asked();
    return new Promise(() => {});
  };
  await peer.service('slow', { wait }, { domains: ['localhost'] });
  await jabber.waitForService('slow');
  const refused = assert.rejects(jabber.request('slow', 'wait'), (error) => error instanceof OsrfError && error.statusCode === 503);
  await underWay;
  await peer.crash();
  await refused;
  assert.deepEqual(jabber.services(), []);
});

test('a cut peer cannot be reached until the cut is mended', async () => {
  await using jabber = await startChopChop(QUICK);
  const peer = peerOf(jabber);
  await peer.service('opensrf.math', { add: (a: number, b: number) => a + b });
  const client = await jabber.connect();
  const ask = () => client.sessionAt('router@other.test/opensrf.math').request('add', 2, 2);
  assert.equal(await ask(), 4);
  const mend = peer.cut();
  await refusedWith(504, ask);
  await refusedWith(504, ask);
  mend();
  assert.equal(await answered(ask), 4);
});

test('a frozen peer answers when it is thawed', async () => {
  await using jabber = await startChopChop(QUICK);
  const peer = peerOf(jabber);
  await peer.service('opensrf.math', { add: (a: number, b: number) => a + b });
  const client = await jabber.connect();
  const ask = () => client.sessionAt('router@other.test/opensrf.math').request('add', 2, 2);
  assert.equal(await ask(), 4);
  const since = performance.now();
  peer.freeze(100);
  assert.equal(await ask(), 4);
  assert.ok(performance.now() - since >= 99);
});

test('a peer with a wrong key is refused until that is mended', async () => {
  await using jabber = await startChopChop(QUICK);
  const peer = peerOf(jabber);
  await jabber.service('opensrf.math', { add: (a: number, b: number) => a + b });
  const client = await peer.connect();
  const ask = () => client.sessionAt('router@localhost/opensrf.math').request('add', 2, 2);
  assert.equal(await ask(), 4);
  const mend = peer.wrongKey();
  await refusedWith(500, ask);
  mend();
  assert.equal(await answered(ask), 4);
});

const WRONG: readonly (readonly [options: unknown, problem: RegExp])[] = [
  [{ peers: 'other.test' }, /^peers: needs a list of domains/],
  [{ peers: ['no domain'] }, /^peers: .*no domain/],
  [{ peers: ['localhost'] }, /^peers: localhost is a domain of two servers$/],
  [{ peers: ['a.test', ['b.test', 'a.test']] }, /^peers: a\.test is a domain of two servers$/],
  [{ peers: ['a.test'], s2s: { port: 0, peers: ['b.test,tls=off'] } }, /^peers: cannot be given together with s2s$/],
  [{ peers: ['a.test'], cluster: { members: 2 } }, /^peers: cannot be given together with cluster$/],
];

for (const [options, problem] of WRONG) {
  test(`startChopChop refuses ${JSON.stringify(options)}`, async () => {
    const start = startChopChop(options as FixtureOptions).then((jabber) => jabber.stop());
    await assert.rejects(start, (error) => error instanceof ConfigError && problem.test(error.message));
  });
}
