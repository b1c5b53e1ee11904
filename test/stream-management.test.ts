import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ConfigInput } from '../server/config/config.ts';
import { cRequest, registration, requestBody } from './support/osrf.ts';
import { Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

const DOMAIN = 'private.localhost';
const ROUTER = `router@${DOMAIN}/router`;
const SERVICE = `router@${DOMAIN}/opensrf.math`;
const MANAGED = `opensrf@${DOMAIN}/managed`;
const SM = "xmlns='urn:xmpp:sm:3'";

async function setUp(t: TestContext, limits: ConfigInput['limits'] = {}, router: ConfigInput['router'] = {}) {
  const started = await startServer(t, { domains: [DOMAIN], limits, router });
  const connect = () => Peer.connect(t, started.address);
  const login = async (resource: string) => (await connect()).login('opensrf', DOMAIN, resource);
  /** A client whose session can be resumed, and the id for it. */
  const managed = async (): Promise<[peer: Peer, id: string]> => {
    const peer = await (await connect()).loginByRfc6120('opensrf', DOMAIN, 'managed');
    peer.send(`<enable ${SM} resume='true'/>`);
    const [, id = ''] = /id='([^']+)'/.exec(await peer.expect(/<enabled [^>]*>/)) ?? [];
    return [peer, id];
  };
  /** Goes on with a session over a new connection. */
  const resume = async (id: string, handled: number) => {
    const peer = await (await connect()).authenticate('opensrf', DOMAIN);
    peer.send(`<resume ${SM} h='${handled}' previd='${id}'/>`);
    return peer;
  };
  const waits = () => started.log.lines.some(({ message }) => message === 'session waits for a resumption');
  /** Cuts a connection, and returns when the server knows. */
  const cut = async (peer: Peer) => {
    peer.stream.destroy();
    while (!waits()) await new Promise((resolve) => setImmediate(resolve));
  };
  const register = (peer: Peer, address: string) => peer.send(registration('register', ROUTER, address, 'opensrf.math'));
  const ask = (client: Peer, thread: string) => client.send(cRequest(SERVICE, '', thread, requestBody('add', [2, 2])));
  return { ...started, login, managed, resume, cut, register, ask };
}

/** Returns when the server has read all that a peer has sent. */
async function sync(peer: Peer): Promise<void> {
  peer.send("<iq type='get' id='sync'><ping xmlns='urn:xmpp:ping'/></iq>");
  await peer.expect(/<iq [^>]*id='sync'\/>/);
}

test('a session that is not resumed in time ends: its stanzas bounce, and it cannot be resumed any more', async (t) => {
  const { login, managed, resume, cut, log } = await setUp(t, { resumptionMs: 30 });
  const [peer, id] = await managed();
  const alice = await login('alice');
  await cut(peer);
  alice.send(`<message to='${MANAGED}' id='1'/>`);
  assert.match(await alice.message(), /id='1'.*<service-unavailable /);
  assert.equal(log.lines.find(({ message }) => message === 'session ended')?.fields['reason'], 'resumption-timeout');
  await (await resume(id, 0)).expect('<item-not-found ');
});

test('a listener that waits is passed over; the requests it did not get go to the next when it ends', async (t) => {
  const { login, managed, cut, register, ask } = await setUp(t);
  const [peer] = await managed();
  const client = await login('client');
  register(peer, MANAGED);
  await sync(peer);
  await cut(peer);
  ask(client, 'first');
  await sync(client);
  const other = await login('other');
  register(other, `opensrf@${DOMAIN}/other`);
  await sync(other);
  for (const thread of ['second', 'third', 'fourth']) {
    ask(client, thread);
    assert.match(await other.message(), new RegExp(`<thread>${thread}<`));
  }
  await login('managed');
  assert.match(await other.message(), /<thread>first</);
});

test('a request that a lost listener may have read is not executed twice: it is answered as any of a lost listener', async (t) => {
  const { login, managed, cut, register, ask } = await setUp(t, { resumptionMs: 20 }, { lossGraceMs: 20 });
  const [peer] = await managed();
  const client = await login('client');
  register(peer, MANAGED);
  await sync(peer);
  ask(client, 'read');
  await peer.message();
  const other = await login('other');
  register(other, `opensrf@${DOMAIN}/other`);
  await sync(other);
  await cut(peer);
  assert.match(await client.message(), /<thread>read<.*"statusCode":"503"/);
  await sync(other);
  assert.doesNotMatch(other.transcript, /<thread>read</);
});

test('a listener that is resumed gets the requests that came meanwhile, once', async (t) => {
  const { login, managed, resume, cut, register, ask } = await setUp(t);
  const [peer, id] = await managed();
  const client = await login('client');
  register(peer, MANAGED);
  ask(client, '1');
  assert.match(await peer.message(), /<thread>1</);
  await cut(peer);
  for (const thread of ['2', '3']) ask(client, thread);
  await sync(client);
  const again = await resume(id, 1);
  await again.expect(/<resumed [^>]* h='1'|<resumed [^>]*h='1' /);
  assert.match(await again.message(), /<thread>2</);
  assert.match(await again.message(), /<thread>3</);
  again.send(`<a ${SM} h='3'/>`);
  ask(client, '4');
  assert.match(await again.message(), /<thread>4</);
});

test('a server that stops ends the sessions that wait, and knows none of them when it is started again', async (t) => {
  const { server, managed, cut } = await setUp(t);
  const [peer, id] = await managed();
  await cut(peer);
  assert.equal(server.sessionCount, 1);
  await server.stop();
  assert.equal(server.sessionCount, 0);
  const [address] = await server.start();
  const again = await (await Peer.connect(t, address as { host: string; port: number })).authenticate('opensrf', DOMAIN);
  again.send(`<resume ${SM} h='0' previd='${id}'/>`);
  await again.expect('<item-not-found ');
});
