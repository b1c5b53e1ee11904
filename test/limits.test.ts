import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Limits } from '../server/config/limits.ts';
import { BlockingDuplex } from './support/blocking-duplex.ts';
import { eventually } from './support/patience.ts';
import { header, Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

const DOMAIN = 'localhost';

async function setUp(t: TestContext, limits: Partial<Limits>) {
  const started = await startServer(t, { domains: [DOMAIN], limits });
  const connect = () => Peer.connect(t, started.address);
  const login = async (resource: string) => (await connect()).login('opensrf', DOMAIN, resource);
  const reasons = () => started.log.lines.filter(({ message }) => message === 'session ended').map(({ fields }) => fields['reason']);
  return { ...started, connect, login, reasons };
}

/** A message of this many bytes to a resource. */
function messageOf(bytes: number, resource: string): string {
  const [before, behind] = [`<message to='opensrf@${DOMAIN}/${resource}'><thread>t</thread><body>`, '</body></message>'];
  return before + 'x'.repeat(bytes - before.length - behind.length) + behind;
}

function bodyOf(message: string): string {
  return /<body>.*<\/body>/.exec(message)?.[0] ?? '';
}

for (const [what, text] of [
  ['says nothing', ''],
  ['says no more than its header', header(DOMAIN)],
] as const) {
  test(`a peer that ${what} is closed when the time to log in is up`, async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { connect, server } = await setUp(t, { loginTimeoutMs: 10_000 });
    const peer = await connect();
    peer.send(text);
    if (text !== '') await peer.expect(/<stream:stream [^>]*>/);
    await eventually(() => server.connectionCount === 1, 'the server has accepted it');
    t.mock.timers.tick(9_999);
    assert.equal(server.counts.closes.size, 0);
    t.mock.timers.tick(1);
    assert.match(await peer.closed(), /<stream:error><connection-timeout .*<\/stream:stream>$/);
    assert.equal(server.sessionCount, 0);
  });
}

test('the limits before login (time, bytes, elements) do not apply to a session', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { login } = await setUp(t, { loginTimeoutMs: 200, loginBytes: 1_000, loginElements: 10 });
  const peer = await login('a');
  t.mock.timers.tick(1_000);
  peer.send(`<message to='opensrf@${DOMAIN}/a'><body>${'<x/>'.repeat(1_000)}</body></message>`);
  assert.match(await peer.message(), /^<message .*<\/message>$/);
});

test('the number of sessions is limited; a session that replaces another is not an additional one', async (t) => {
  const { connect, login, server, reasons } = await setUp(t, { sessions: 2 });
  const [, replaced] = [await login('a'), await login('b')];
  const refused = await connect();
  refused.send(header(DOMAIN));
  await refused.expect(/<stream:stream [^>]*>/);
  refused.send(
    `<iq type='set' id='1'><query xmlns='jabber:iq:auth'><username>opensrf</username><password>password</password><resource>c</resource></query></iq>`,
  );
  assert.match(await refused.expect('</iq>'), /<resource-constraint /);
  const newcomer = await login('b');
  assert.match(await replaced.closed(), /<conflict /);
  assert.deepEqual([server.sessionCount, reasons()], [2, ['replaced']]);
  newcomer.send(`<message to='opensrf@${DOMAIN}/b' id='here'/>`);
  await newcomer.message();
});

test('bytes before login are limited', async (t) => {
  const { connect } = await setUp(t, { loginBytes: 1_000 });
  const peer = await connect();
  peer.send(`${header(DOMAIN)}<iq type='get'>${'x'.repeat(1_000)}`);
  assert.match(await peer.closed(), /<stream:error><policy-violation /);
});

test('elements before login are limited', async (t) => {
  const { connect } = await setUp(t, { loginElements: 10 });
  const peer = await connect();
  peer.send(`${header(DOMAIN)}<iq type='get'>${'<x/>'.repeat(9)}`);
  assert.match(await peer.closed(), /<stream:error><policy-violation /);
});

test('the nesting of elements is limited', async (t) => {
  const { login } = await setUp(t, { depth: 10 });
  const peer = await login('a');
  const nested = (levels: number) => `<message to='opensrf@${DOMAIN}/a'>${'<x>'.repeat(levels - 2)}${'</x>'.repeat(levels - 2)}</message>`;
  peer.send(nested(10));
  await peer.message();
  peer.send(nested(11));
  assert.match(await peer.closed(), /<stream:error><policy-violation /);
});

test('a stanza of the allowed length is delivered; a longer one bounces with code 406, its thread and a STATUS, and the session stays open', async (t) => {
  const { login } = await setUp(t, { stanzaBytes: 100_000 });
  const sender = await login('sender');
  const receiver = await login('receiver');
  sender.send(messageOf(99_999, 'receiver') + messageOf(100_001, 'receiver') + messageOf(100_000, 'receiver'));
  assert.match(
    await sender.message(),
    /type='error'.*<thread>t<\/thread><body>\[.*"type":"STATUS".*\]<\/body><error code='406' type='modify'><policy-violation /,
  );
  for (const length of [99_999, 100_000]) assert.equal(bodyOf(await receiver.message()), bodyOf(messageOf(length, 'receiver')));
  sender.send(`<message to='opensrf@${DOMAIN}/receiver' id='next'><body>next</body></message>`);
  assert.match(await receiver.message(), /next/);
});

test('a stanza beyond the hard limit ends the stream', async (t) => {
  const { login } = await setUp(t, { stanzaBytes: 10_000, hardStanzaBytes: 100_000 });
  const peer = await login('a');
  peer.send(`<message><body>${'x'.repeat(100_001)}`);
  assert.match(await peer.closed(), /<stream:error><policy-violation /);
});

test('a peer that reads nothing is closed when its outbox is full, and its stanzas bounce; the senders stay', async (t) => {
  const { server, login, reasons } = await setUp(t, { outboxBytes: 50_000, stalledAfterMs: 0 });
  const socket = new BlockingDuplex();
  server.serve(socket, 'slow');
  const fields = '<username>opensrf</username><password>password</password><resource>slow</resource>';
  socket.push(`${header(DOMAIN)}<iq id='1' type='set'><query xmlns='jabber:iq:auth'>${fields}</query></iq>`);
  const sender = await login('sender');
  socket.blocked = true;
  // The first goes into the socket; the next ones wait, and the last exceeds the limit.
  for (let id = 1; id <= 6; id++) {
    sender.send(messageOf(10_000, 'slow').replace('<thread>t<', `<thread>${id}<`));
    sender.send(`<iq type='get' id='p${id}' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`);
    await sender.expect(`id='p${id}'/>`);
  }
  const returned: string[] = [];
  while (returned.at(-1) !== '6') returned.push(/<thread>(.*?)<\/thread>/.exec(await sender.message())?.[1] ?? '');
  assert.deepEqual(returned, ['2', '3', '4', '5', '6']);
  assert.deepEqual(reasons(), ['slow-reader']);
  assert.ok(socket.destroyed);
});
