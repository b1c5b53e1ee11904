import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { cRequest, requestBody } from './support/osrf.ts';
import { Peer } from './support/peer.ts';
import { startServer, type TestServer } from './support/server.ts';

const DOMAIN = 'localhost';
const ACCOUNT = `opensrf@${DOMAIN}`;

async function login(t: TestContext, { address }: TestServer, resource: string): Promise<Peer> {
  return (await Peer.connect(t, address)).login('opensrf', DOMAIN, resource);
}

async function ping(peer: Peer): Promise<void> {
  peer.send(`<iq type='get' id='pong' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`);
  await peer.expect("id='pong'/>");
}

/** Sessions of one account that all get stanzas to the account, and a sender. */
async function receivers(t: TestContext, limits: { stanzaCopies?: number; stanzaCopyBytes?: number }, count: number) {
  const site = await startServer(t, { domains: [DOMAIN], limits });
  const peers: Peer[] = [];
  for (let index = 0; index < count; index++) peers.push(await login(t, site, `r${index}`));
  for (const peer of peers) {
    peer.send('<presence/>');
    await ping(peer);
  }
  for (const peer of peers) {
    await ping(peer);
    peer.received = '';
  }
  return { peers, sender: await login(t, site, 'sender') };
}

test('a stanza for several sessions is copied up to the limit of sessions, and bounces beyond it', async (t) => {
  for (const [stanzaCopies, arrives] of [
    [3, true],
    [2, false],
  ] as const) {
    const { peers, sender } = await receivers(t, { stanzaCopies }, 3);
    sender.send(`<message to='${ACCOUNT}' type='headline' id='m'><body>news</body></message>`);
    if (arrives) for (const peer of peers) await peer.expect('news');
    else assert.match(await sender.message(), /id='m'.*<resource-constraint /);
    await Promise.all(peers.map(ping));
    assert.equal(
      peers.every(({ transcript }) => transcript.includes('news')),
      arrives,
    );
  }
});

test('the memory for copies of a stanza is limited, and a longer one bounces', async (t) => {
  const { peers, sender } = await receivers(t, { stanzaCopyBytes: 30_000 }, 3);
  const message = (id: string, length: number) => `<message to='${ACCOUNT}' type='headline' id='${id}'><body>${'x'.repeat(length)}</body></message>`;
  sender.send(message('long', 10_000));
  assert.match(await sender.message(), /id='long'.*<resource-constraint /);
  sender.send(message('short', 5_000));
  for (const peer of peers) await peer.expect("id='short'");
});

test('presence that would need more copies is not passed on', async (t) => {
  for (const [stanzaCopies, arrives] of [
    [4, true],
    [2, false],
  ] as const) {
    const { peers } = await receivers(t, { stanzaCopies }, 4);
    const [first, ...others] = peers as [Peer, ...Peer[]];
    first.send('<presence><status>seen</status></presence>');
    await ping(first);
    await Promise.all(others.map(ping));
    assert.deepEqual(
      others.map(({ transcript }) => transcript.includes('seen')),
      others.map(() => arrives),
    );
  }
});

test('each session may register a limited number of services at a router', async (t) => {
  const site = await startServer(t, { domains: [DOMAIN], limits: { sessionRegistrations: 2 } });
  const register = (service: string): string =>
    `<message to='router@${DOMAIN}/router' id='${service}'><opensrf router_class='${service}' router_command='register' osrf_xid=''/><thread></thread><body/></message>`;
  const services = () => [...(site.server.routers.get(DOMAIN)?.classes.keys() ?? [])].join(' ');
  const one = await login(t, site, 'one');
  one.send(register('a') + register('b') + register('c'));
  assert.match(await one.message(), /id='c'.*<resource-constraint /);
  const other = await login(t, site, 'other');
  other.send(register('c'));
  await ping(other);
  assert.equal(services(), 'a b c');
});

test('the answers to one query have a limit of bytes; beyond it the query bounces', async (t) => {
  const site = await startServer(t, { domains: [DOMAIN], limits: { stanzaCopyBytes: 2_000 } });
  const peer = await login(t, site, 'peer');
  const query = (thread: string): string => cRequest(`router@${DOMAIN}/router`, '', thread, requestBody('opensrf.router.info.class.list'));
  peer.send(query('few'));
  assert.match(await peer.message(), /<thread>few<\/thread>.*"content":\[\]/);
  await peer.message();
  for (let index = 0; index < 100; index++) {
    peer.send(
      `<message to='router@${DOMAIN}/router'><opensrf router_class='opensrf.service.${index}' router_command='register' osrf_xid=''/><thread></thread><body/></message>`,
    );
  }
  peer.send(query('many'));
  assert.match(await peer.message(), /<thread>many<\/thread>.*<resource-constraint /);
});

test('answers to one session come in the order of its queries, and a limited number of queries wait', async (t) => {
  const site = await startServer(t, { domains: [DOMAIN] });
  const peer = await login(t, site, 'peer');
  const registrations = Array.from(
    { length: 900 },
    (_, index) =>
      `<message to='router@${DOMAIN}/router'><opensrf router_class='opensrf.service.${index}' router_command='register' osrf_xid=''/><thread></thread><body/></message>`,
  );
  peer.send(registrations.join(''));
  await ping(peer);
  const query = (thread: number): string => cRequest(`router@${DOMAIN}/router`, '', `q${thread}.`, requestBody('opensrf.router.info.summarize'));
  peer.send(Array.from({ length: 40 }, (_, index) => query(index)).join(''));
  const seen: string[] = [];
  while (new Set(seen).size < 40) seen.push(/<thread>(q\d+\.)<\/thread>/.exec(await peer.message())?.[1] ?? '');
  const answered = seen.filter((thread, index) => seen.indexOf(thread) !== index);
  const numbers = answered.map((thread) => Number.parseInt(thread.slice(1), 10));
  assert.deepEqual(
    numbers,
    [...numbers].sort((a, b) => a - b),
  );
});
