import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { MemoryHub } from '../../server/cluster/engines/memory-hub.ts';
import type { ChopChopFixture as Implementation } from '../../server/fixture/fixture.ts';
import { type ChopChopFixture, type FixtureMember, type FixtureOptions, startChopChop } from '../../server/index.ts';
import { cRequest, requestBody } from '../support/osrf.ts';
import { Peer } from '../support/peer.ts';
import { RawProgram } from '../support/raw-service.ts';

const DOMAIN = 'localhost';

type Three = [FixtureMember, FixtureMember, FixtureMember];

async function startThree(t: TestContext, options: FixtureOptions = {}): Promise<{ jabber: ChopChopFixture; members: Three }> {
  const jabber = await startChopChop({ cluster: { members: 3 }, ...options });
  t.after(() => jabber.stop());
  return { jabber, members: [...jabber.members] as Three };
}

function serverOf(member: FixtureMember): Implementation['server'] {
  return (member as unknown as { readonly fixture: Implementation }).fixture.server;
}

/** The threads of the requests, or refusals, that have come. */
function threadsIn({ transcript }: Peer): Set<string> {
  return new Set(transcript.match(/thread-\d+-/g) ?? []);
}

/** Resolves when a member knows a listener of opensrf.math. */
async function known(member: FixtureMember, listener: string): Promise<void> {
  const server = serverOf(member);
  const isKnown = () => server.routers.get(DOMAIN)?.classes.get('opensrf.math')?.nodes.has(listener) === true;
  while (!isKnown()) await new Promise((resolve) => server.clock.after(5, () => resolve(undefined)));
}

const login = (t: TestContext, member: FixtureMember, resource: string, username?: string) => RawProgram.login(t, member as never, resource, username, DOMAIN);
const message = (to: string, from: string, body: string, thread = 't') =>
  `<message to="${to}" from="${from}"><thread>${thread}</thread><body>${body}</body></message>`;

test('a message reaches an address that has just logged in at another member, from a member that does not know it yet', async (t) => {
  const { members } = await startThree(t);
  const sender = await login(t, members[0], 'sender');
  const { hub } = members[0] as unknown as { readonly hub: MemoryHub };
  for (const from of [members[1], members[2]]) hub.way(from.name, members[0].name).delayMs = 50;
  for (let index = 0; index < 10; index++) {
    const receiver = await login(t, members[1 + (index % 2)] as FixtureMember, `fresh-${index}`);
    sender.peer.send(message(receiver.jid, sender.jid, `hello ${index}`));
    await receiver.peer.expect(`hello ${index}</body>`);
  }
  assert.doesNotMatch(sender.peer.transcript, /type='error'/);
  assert.ok((serverOf(members[0]).clusterReport?.asks ?? 0) > 0);
});

test('messages keep their order while the members are asked for their recipient', async (t) => {
  const { members } = await startThree(t);
  const sender = await login(t, members[0], 'sender');
  const { hub } = members[0] as unknown as { readonly hub: MemoryHub };
  // The news of the recipient comes first, the answers later: messages are sent before, between, and after.
  for (const from of [members[1], members[2]]) hub.way(from.name, members[0].name).delayMs = 100;
  const receiver = await login(t, members[1], 'fresh');
  const wait = (ms: number) => new Promise<void>((resolve) => serverOf(members[0]).clock.after(ms, resolve));
  await wait(50);
  const COUNT = 100;
  for (let index = 0; index < COUNT; index++) {
    sender.peer.send(message(receiver.jid, sender.jid, `${index}.`));
    await wait(2);
  }
  for (let index = 0; index < COUNT; index++) assert.match(await receiver.peer.message(), new RegExp(`<body>${index}\\.</body>`));
});

test('a message to an address that no member has bounces', async (t) => {
  const { members } = await startThree(t);
  const sender = await login(t, members[0], 'sender');
  sender.peer.send(message(`opensrf@${DOMAIN}/absent`, sender.jid, 'hello'));
  await sender.peer.expect(/type='error'[\s\S]*service-unavailable[\s\S]*<\/message>/);
});

test('messages from one member to another keep their order, whatever their length', async (t) => {
  const { members } = await startThree(t);
  const sender = await login(t, members[0], 'sender');
  const receiver = await login(t, members[1], 'receiver');
  const lengths = [1, 200_000, 10, 40_000, 1, 32_768, 1_000_000, 2];
  for (const [index, length] of lengths.entries()) sender.peer.send(message(receiver.jid, sender.jid, `${index}:${'ä'.repeat(length)}`));
  for (const [index, length] of lengths.entries()) await receiver.peer.expect(`<body>${index}:${'ä'.repeat(length)}</body>`);
});

test('a listener that ends before it has read its requests gives them back to the member of the client', async (t) => {
  const { members } = await startThree(t, { router: { lossGraceMs: 100 } });
  const listener = await RawProgram.listen(t, members[1] as never, 'opensrf.math', DOMAIN);
  const other = await RawProgram.listen(t, members[2] as never, 'opensrf.math', DOMAIN);
  const client = await login(t, members[0], 'client');
  for (const one of [listener, other]) await known(members[0], one.jid);
  listener.peer.stream.pause();
  const threads = Array.from({ length: 120 }, (_, index) => `thread-${index}-`);
  // More than the socket takes.
  for (const thread of threads) client.peer.send(cRequest(`router@${DOMAIN}/opensrf.math`, client.jid, thread, requestBody('add', ['x'.repeat(100_000)])));
  while (threadsIn(other.peer).size < 60) await other.peer.message();
  listener.peer.stream.destroy();
  // What was written may have been executed, and is refused; the rest goes to the other listener.
  while (new Set([...threadsIn(other.peer), ...threadsIn(client.peer)]).size < threads.length)
    await Promise.race([other.peer.message(), client.peer.message()]);
  assert.ok(threadsIn(other.peer).size > 60);
  assert.equal(threadsIn(other.peer).size + threadsIn(client.peer).size, threads.length);
});

test('a second router at another member replaces the internal ones of all members, until it leaves', async (t) => {
  const { members } = await startThree(t);
  const router = await login(t, members[1], 'router', 'router');
  const client = await login(t, members[0], 'client');
  client.peer.send(cRequest(`router@${DOMAIN}/router`, client.jid, 'info', requestBody('opensrf.router.info.class.list')));
  const asked = await router.peer.message();
  assert.match(asked, /opensrf.router.info.class.list/);
  // A listener of a third member registers with it.
  const listener = await login(t, members[2], 'opensrf.math_listener');
  listener.peer.send(
    `<message to="router@${DOMAIN}/router" from="${listener.jid}"><opensrf router_class="opensrf.math" router_command="register"/><body>registering</body></message>`,
  );
  assert.match(await router.peer.message(), /router_command="register"/);
  router.peer.stream.end();
  await members[0].waitForService('opensrf.math');
  client.peer.send(cRequest(`router@${DOMAIN}/opensrf.math`, client.jid, 'math', requestBody('add', [1, 2])));
  assert.match((await listener.asked()).thread, /math/);
});

test('a component of one member is reached from another', async (t) => {
  const { jabber, members } = await startThree(t, { components: { port: 0, secrets: new Map([['sms.example', 'secret']]) } });
  const component = await (await Peer.connect(t, jabber.listening.components[0] as never)).handshake('sms.example', 'secret');
  const client = await login(t, members[1], 'client');
  client.peer.send(message('number@sms.example', client.jid, 'hello'));
  await component.expect('hello</body>');
  component.send(message(client.jid, 'number@sms.example', 'sent'));
  assert.match(await client.peer.expect(/[\s\S]*sent<\/body>/), /from='number@sms\.example'/);
});

test('a message to an account goes to its most available session, at any member', async (t) => {
  const { members } = await startThree(t);
  const [near, far] = [await login(t, members[0], 'near'), await login(t, members[1], 'far')];
  near.peer.send('<presence><priority>1</priority></presence>');
  await near.peer.expect('<priority>1</priority></presence>');
  // Comes after the news of its presence.
  near.peer.send(message(far.jid, near.jid, 'next'));
  await far.peer.expect('next</body>');
  far.peer.send('<presence><priority>5</priority></presence>');
  await far.peer.expect('<priority>5</priority></presence>');
  await far.peer.expect('<priority>1</priority></presence>');
  // RFC 6121 §4.2.2: the other sessions of the account get it.
  await near.peer.expect('<priority>5</priority></presence>');
  const sender = await login(t, members[2], 'sender');
  sender.peer.send(message(`opensrf@${DOMAIN}`, sender.jid, 'to the best'));
  await far.peer.expect('to the best</body>');
  far.peer.stream.end();
  await near.peer.expect("type='unavailable'");
  sender.peer.send(message(`opensrf@${DOMAIN}`, sender.jid, 'to the other'));
  await near.peer.expect('to the other</body>');
});

test('draining at one member drains everywhere, and a held request goes to a listener of another member', async (t) => {
  const { jabber, members } = await startThree(t, { router: { holdMs: 60_000 } });
  const client = await login(t, members[0], 'client');
  client.peer.send(cRequest(`router@${DOMAIN}/opensrf.math`, client.jid, 'held', requestBody('add', [1, 2])));
  const listener = await RawProgram.listen(t, members[1] as never, 'opensrf.math', DOMAIN);
  assert.equal((await listener.asked()).thread, 'held');
  const { server } = jabber as unknown as Implementation;
  await members[0].waitForService('opensrf.math');
  const router = server.routers.get(DOMAIN);
  assert.equal(router?.drain('opensrf.math', '', true), 1);
  const other = await login(t, members[2], 'other');
  other.peer.send(cRequest(`router@${DOMAIN}/opensrf.math`, other.jid, 'drained', requestBody('add', [1, 2])));
  // Held at its member until the service is resumed here.
  other.peer.send(cRequest(`router@${DOMAIN}/router`, other.jid, 'info', requestBody('opensrf.router.info.class.list')));
  await other.peer.expect(/Request Complete/);
  assert.doesNotMatch(listener.peer.transcript, /drained/);
  assert.equal(router?.drain('opensrf.math', '', false), 1);
  assert.equal((await listener.asked()).thread, 'drained');
});
