import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Limits } from '../server/config/limits.ts';
import { cRequest, registration, requestBody } from './support/osrf.ts';
import { header, Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

const DOMAIN = 'localhost';
const ROUTER = `router@${DOMAIN}/router`;

async function setUp(t: TestContext, limits: Partial<Limits> = {}) {
  const { server, address } = await startServer(t, { domains: [DOMAIN], limits });
  const connect = () => Peer.connect(t, address);
  const login = async (resource: string, username = 'opensrf') => (await connect()).login(username, DOMAIN, resource);
  return { server, connect, login, mallory: await login('mallory'), alice: await login('alice') };
}

/** All that was sent before has been read. */
async function ping(peer: Peer): Promise<void> {
  peer.send(`<iq type='get' id='ping' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`);
  await peer.expect("type='result' id='ping'/>");
}

const conditionOf = (text: string) => /<error .*?<([a-z-]+) xmlns/.exec(text)?.[1] ?? /"statusCode":"(\d+)"/.exec(text)?.[1];

for (const [what, body] of [
  ['a body 100,000 levels deep', '['.repeat(100_000) + ']'.repeat(100_000)],
  ['a body of 10 MB', `["${'x'.repeat(10_000_000)}"]`],
] as const) {
  test(`${what} to a router is refused unread, as a query and as a request, and the session stays open`, async (t) => {
    const { mallory, alice } = await setUp(t, { stanzaBytes: 16_777_216 });
    mallory.send(cRequest(ROUTER, '', 't', body));
    await mallory.expect('<policy-violation ');
    mallory.send(cRequest(`router@${DOMAIN}/opensrf.absent`, '', 't', body));
    await mallory.expect('<service-unavailable ');
    await ping(mallory);
    await ping(alice);
  });
}

test('100,000 levels of JSON are refused with a status, alone and inside of a request', async (t) => {
  const { mallory } = await setUp(t, { queryBytes: 1_000_000 });
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  mallory.send(cRequest(ROUTER, '', 't', deep));
  assert.equal(conditionOf(await mallory.message()), '400');
  mallory.send(cRequest(ROUTER, '', 't', requestBody('opensrf.router.info.class.list').replace('[]', deep)));
  assert.equal(conditionOf(await mallory.message()), '400');
});

test('more messages in one query than a router reads are refused with a status', async (t) => {
  const { mallory } = await setUp(t, { queryMessages: 2 });
  const query = requestBody('opensrf.router.info.class.list').slice(1, -1);
  mallory.send(cRequest(ROUTER, '', 't', `[${query},${query},${query}]`));
  assert.match(await mallory.message(), /"statusCode":"400"/);
  mallory.send(cRequest(ROUTER, '', 't', `[${query},${query}]`));
  for (let answer = 0; answer < 4; answer++) assert.match(await mallory.message(), answer % 2 === 0 ? /"content":\[\]/ : /"statusCode":"205"/);
});

test('a query to a host with a body of megabytes is refused unread', async (t) => {
  const { mallory } = await setUp(t);
  mallory.send(`<iq type='get' id='1' to='${DOMAIN}'>${'<x/>'.repeat(250_000)}</iq>`);
  await mallory.expect('<policy-violation ');
});

test('a peer that does not read the answers to its queries gets no more, and nothing is kept for it', async (t) => {
  const { server, mallory, alice } = await setUp(t, { backlogBytes: 20_000, queryBytes: 1_000_000 });
  for (let index = 0; index < 200; index++) alice.send(registration('register', ROUTER, '', `opensrf.class${index}`));
  await ping(alice);
  mallory.send(cRequest(ROUTER, '', 'q', requestBody('opensrf.router.info.summarize')).repeat(500));
  await ping(mallory);
  const refused = mallory.transcript.split('<resource-constraint ').length - 1;
  assert.ok(refused > 400, `${refused} of 500 in one turn`);
  assert.equal(server.sessionCount, 2);
});

const ODD_NAMES = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', '%s%n%x', '$1', '$$', '../../etc/passwd', 'a b', 'a/b', '\u202egnp', '🙂'];

for (const name of ODD_NAMES) {
  test(`a class and a resource may be named ${name}`, async (t) => {
    const { login, alice } = await setUp(t);
    const listener = await login(name);
    listener.send(registration('register', ROUTER, '', name));
    listener.send(cRequest(ROUTER, '', 'q', requestBody('opensrf.router.info.summarize')));
    const [message] = JSON.parse(/<body>(.*?)<\/body>/.exec(await listener.message())?.[1] ?? '');
    const summary = new Map<string, { nodes: object }>(Object.entries(message.__p.payload.__p.content));
    assert.deepEqual([...summary.keys()], [name]);
    assert.deepEqual(Object.keys(summary.get(name)?.nodes ?? {}), [`opensrf@${DOMAIN}/${name}`]);
    await listener.expect('Request Complete');
    alice.send(cRequest(`router@${DOMAIN}/${name}`, '', 'r', requestBody('m')));
    assert.match(await listener.message(), /<thread>r<\/thread>/);
    alice.send(cRequest(`opensrf@${DOMAIN}/${name}`, '', 'd', requestBody('m')));
    assert.match(await listener.message(), /<thread>d<\/thread>/);
    listener.send('</stream:stream>');
    await listener.closed();
    alice.send(cRequest(`router@${DOMAIN}/${name}`, '', 's', requestBody('m')));
    assert.match(await alice.message(), /"statusCode":"404"/);
  });
}

for (const number of ['1e400', '-1e400', '1e300', '99999999999999999999999999', '-0', '0.1', '"__proto__"', 'null', '{}', '[]', 'true', '"\\u0000\\uD800"']) {
  test(`a query whose numbers are ${number} is answered in JSON`, async (t) => {
    const { mallory } = await setUp(t);
    const request = `[{"__c":"osrfMessage","__p":{"threadTrace":${number},"locale":${number},"api_level":${number},"type":"REQUEST","payload":{"__c":"osrfMethod","__p":{"method":"opensrf.router.info.stats.class","params":[${number}]}}}}]`;
    mallory.send(cRequest(ROUTER, '', 't', request));
    const [, body = ''] = /<body>(.*?)<\/body>/.exec(await mallory.message()) ?? [];
    assert.match(JSON.parse(body)[0].__p.payload.__p.statusCode, /^40[04]$/);
    await ping(mallory);
  });
}

test('a router takes a limited number of registrations, and another one after one leaves', async (t) => {
  const { mallory, alice } = await setUp(t, { registrations: 3 });
  for (const name of ['a', 'b', 'c']) mallory.send(registration('register', ROUTER, '', name));
  await ping(mallory);
  alice.send(registration('register', ROUTER, '', 'd'));
  assert.equal(conditionOf(await alice.message()), 'resource-constraint');
  mallory.send(registration('register', ROUTER, '', 'a'));
  mallory.send(registration('unregister', ROUTER, '', 'b'));
  await ping(mallory);
  alice.send(registration('register', ROUTER, '', 'd'));
  alice.send(cRequest(ROUTER, '', 'q', requestBody('opensrf.router.info.class.list')));
  assert.match(await alice.message(), /"content":\["a","c","d"\]/);
});

test('an attribute of 10 MB is skipped and bounced, and the session stays open', async (t) => {
  const { mallory } = await setUp(t);
  mallory.send(`<message to='opensrf@${DOMAIN}/alice' id='1' a='${'x'.repeat(10_000_000)}'><body>b</body></message>`);
  assert.equal(conditionOf(await mallory.message()), 'policy-violation');
  await ping(mallory);
});

test('an element with more attributes than allowed ends the stream', async (t) => {
  const { mallory, alice } = await setUp(t);
  const attributes = Array.from({ length: 100_000 }, (_, index) => `a${index}='1'`).join(' ');
  mallory.send(`<message to='opensrf@${DOMAIN}/alice' ${attributes}/>`);
  assert.match(await mallory.closed(), /<policy-violation .*more than 1000 attributes/);
  await ping(alice);
  assert.equal(alice.received, '');
});

test('a stream may declare few prefixes, because every stanza repeats them', async (t) => {
  const { connect } = await setUp(t);
  const peer = await connect();
  peer.send(header(DOMAIN, Array.from({ length: 9 }, (_, index) => ` xmlns:p${index}='urn:${index}'`).join('')));
  assert.match(await peer.closed(), /<policy-violation .*more than 8 prefixes/);
});

test('endless white space costs next to nothing and does not end the stream', async (t) => {
  const { mallory, server } = await setUp(t);
  for (let megabytes = 0; megabytes < 20; megabytes++) {
    mallory.send(' '.repeat(1_000_000));
    await ping(mallory);
  }
  assert.equal(server.sessionCount, 2);
});

test('the number of available sessions of an account is limited', async (t) => {
  const { mallory, alice, login } = await setUp(t, { availableSessions: 2, queryBytes: 1_000 });
  for (const peer of [mallory, alice]) {
    peer.send('<presence/>');
    await peer.expect('<presence ');
  }
  const third = await login('third');
  third.send('<presence/>');
  alice.send(`<presence><status>${'x'.repeat(2_000)}</status></presence>`);
  await ping(third);
  await ping(alice);
  third.send(`<message to='opensrf@${DOMAIN}' type='chat'><body>hello</body></message>`);
  await mallory.message();
  await ping(third);
  assert.doesNotMatch(third.transcript, /<presence|<message/);
  assert.doesNotMatch(mallory.transcript, /<status>/);
});

test('long unavailable presence is sent to all recipients without its content', async (t) => {
  const { mallory, alice, login } = await setUp(t, { queryBytes: 1_000 });
  const friend = await login('friend');
  alice.send('<presence/>');
  await alice.expect('<presence ');
  mallory.send(`<presence/><presence to='opensrf@${DOMAIN}/friend'/>`);
  await friend.expect('<presence ');
  mallory.send(`<presence type='unavailable' id='bye'><status>${'x'.repeat(2_000)}</status></presence>`);
  for (const peer of [alice, friend]) assert.match(await peer.expect(/<presence [^>]*type='unavailable'[^>]*>/), /id='bye'\/>$/);
});
