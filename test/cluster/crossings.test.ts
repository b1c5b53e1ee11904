import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ChopChopFixture, type FixtureMember, type FixtureOptions, startChopChop } from '../../server/index.ts';
import { cRequest, requestBody, resultBody } from '../support/osrf.ts';
import { Peer } from '../support/peer.ts';
import { RawProgram } from '../support/raw-service.ts';

const DOMAIN = 'localhost';

type Three = [FixtureMember, FixtureMember, FixtureMember];

async function startThree(t: TestContext, options: FixtureOptions = {}): Promise<{ jabber: ChopChopFixture; members: Three }> {
  const jabber = await startChopChop({ cluster: { members: 3 }, ...options });
  t.after(() => jabber.stop());
  return { jabber, members: [...jabber.members] as Three };
}

const login = (t: TestContext, member: FixtureMember, resource: string, username?: string) => RawProgram.login(t, member as never, resource, username, DOMAIN);
const message = (to: string, from: string, body: string, thread = 't') =>
  `<message to="${to}" from="${from}"><thread>${thread}</thread><body>${body}</body></message>`;

test('a message reaches an address that has just logged in at another member, from a member that may not know it yet', async (t) => {
  const { members } = await startThree(t);
  const sender = await login(t, members[0], 'sender');
  for (let index = 0; index < 50; index++) {
    const receiver = await login(t, members[1 + (index % 2)] as FixtureMember, `fresh-${index}`);
    sender.peer.send(message(receiver.jid, sender.jid, `hello ${index}`));
    await receiver.peer.expect(`hello ${index}</body>`);
  }
  assert.doesNotMatch(sender.peer.transcript, /type='error'/);
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
  const { members } = await startThree(t);
  const listener = await RawProgram.listen(t, members[1] as never, 'opensrf.math', DOMAIN);
  const other = await RawProgram.listen(t, members[2] as never, 'opensrf.math', DOMAIN);
  const client = await login(t, members[0], 'client');
  await members[0].waitForService('opensrf.math');
  void other;
  void listener;
  client.peer.send(cRequest(`router@${DOMAIN}/opensrf.math`, client.jid, 'one', requestBody('add', [1, 2])));
  client.peer.send(cRequest(`router@${DOMAIN}/opensrf.math`, client.jid, 'two', requestBody('add', [1, 2])));
  for (const one of [listener, other]) {
    const asked = await one.asked();
    one.peer.send(cRequest(asked.client, one.jid, asked.thread, resultBody(3)));
  }
  await client.peer.expect(/one[\s\S]*Request Complete/);
});

test('a second router at another member replaces the internal ones of all members, until it leaves', async (t) => {
  const { jabber, members } = await startThree(t);
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
  void jabber;
});

test('a component of one member is reached from another', async (t) => {
  const { jabber, members } = await startThree(t, { components: { port: 0, secrets: new Map([['sms.example', 'secret']]) } });
  void jabber;
  void members;
  void Peer;
});
