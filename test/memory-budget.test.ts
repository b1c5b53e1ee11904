import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';
import type { BoundAddress } from '../server/net/tcp.ts';
import { cRequest } from './support/osrf.ts';
import { eventually } from './support/patience.ts';
import { Peer } from './support/peer.ts';
import { startServer, type TestServer } from './support/server.ts';

const DOMAIN = 'localhost';
const MB = 1_000_000;

async function login(t: TestContext, { address }: TestServer, resource: string): Promise<Peer> {
  return (await Peer.connect(t, address)).login('opensrf', DOMAIN, resource);
}

/** All that the peer has sent before has been read. */
async function ping(peer: Peer): Promise<void> {
  peer.send(`<iq type='get' id='pong' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`);
  await peer.expect("id='pong'/>");
}

test('peers that read nothing, each within its own limit, are closed by the total, the largest first; their stanzas bounce, and other peers are unaffected', async (t) => {
  const site = await startServer(t, { domains: [DOMAIN], limits: { memoryBytes: 20 * MB } });
  const { server, log } = site;
  const sender = await login(t, site, 'sender');
  const bystander = await login(t, site, 'bystander');
  for (let index = 0; index < 5; index++) (await login(t, site, `reader${index}`)).stream.pause();
  const closes = () => server.counts.closes.get('memory-budget') ?? 0;
  for (let sent = 0; closes() < 3 && sent < 2_000; sent++) {
    const body = 'x'.repeat(sent % 5 === 0 ? 150_000 : 100_000);
    sender.send(cRequest(`opensrf@${DOMAIN}/reader${sent % 5}`, '', String(sent), body));
    await ping(sender);
    await ping(bystander);
  }
  await sender.expect(/type='error'[\s\S]*<service-unavailable /);
  assert.equal(closes(), 3);
  const [first] = log.lines.filter(({ fields }) => fields['rank'] === 'client');
  assert.match(String(first?.fields['peer']), /reader0$/);
  assert.ok(server.memory.bytes <= 20 * MB, `${server.memory.bytes}`);
  assert.deepEqual(
    Array.from(server.sessions, ({ jid }) => jid.replace(/.*\//, '')).filter((name) => !name.startsWith('reader')),
    ['sender', 'bystander'],
  );
});

test('a client with a considerable debt is closed before the listener with the largest debt', async (t) => {
  const site = await startServer(t, { domains: [DOMAIN], limits: { memoryBytes: 12 * MB } });
  const { server } = site;
  const [listener, client] = [await login(t, site, 'listener'), await login(t, site, 'client')];
  const registration = "<opensrf router_class='opensrf.math' router_command='register' osrf_xid=''/><thread></thread><body/>";
  listener.send(`<message to='router@${DOMAIN}/router'>${registration}</message>`);
  await ping(listener);
  for (const peer of [listener, client]) peer.stream.pause();
  const sender = await login(t, site, 'sender');
  const names = (): string[] => Array.from(server.sessions, ({ jid }) => jid.replace(/.*\//, ''));
  const gone: string[] = [];
  for (let sent = 0; gone.length < 2 && sent < 500; sent++) {
    const to = gone.length === 0 && sent % 4 === 0 ? 'client' : 'listener';
    sender.send(cRequest(`opensrf@${DOMAIN}/${to}`, '', String(sent), 'x'.repeat(100_000)));
    await ping(sender);
    for (const name of ['client', 'listener']) if (!names().includes(name) && !gone.includes(name)) gone.push(name);
  }
  assert.deepEqual([gone, server.counts.closes.get('memory-budget')], [['client', 'listener'], 2]);
});

test('if no session has a large debt, logins are refused until there is room again, and no session is closed', async (t) => {
  const { server } = await startServer(t, { domains: [DOMAIN], limits: { memoryBytes: 2 * MB } });
  const peers: Peer[] = [];
  let refused: Peer | null = null;
  while (refused === null && peers.length < 1_000) {
    const peer = Peer.inMemory(server);
    try {
      peers.push(await peer.login('opensrf', DOMAIN, `p${peers.length}`));
    } catch {
      refused = peer;
    }
  }
  assert.match(refused?.transcript ?? '', /<resource-constraint /);
  assert.equal(server.sessionCount, peers.length);
  await ping(peers[0] as Peer);
  for (const peer of peers.slice(1, 60)) peer.stream.destroy();
  await eventually(() => server.memory.bytes < 1.9 * MB, 'there is room');
  await Peer.inMemory(server).login('opensrf', DOMAIN, 'later');
});

test('with a full budget a stanza for a session that does not read bounces, and one for a session that reads arrives', async (t) => {
  const site = await startServer(t, { domains: [DOMAIN] });
  const { server } = site;
  const [stopped, reading, sender] = [await login(t, site, 'stopped'), await login(t, site, 'reading'), await login(t, site, 'sender')];
  stopped.stream.pause();
  const link = [...server.sessions].find(({ jid }) => jid.endsWith('/stopped'))?.link;
  while (link?.blocked === false) {
    sender.send(cRequest(`opensrf@${DOMAIN}/stopped`, '', 'waits', 'x'.repeat(100_000)));
    await ping(sender);
  }
  t.mock.getter(server.memory, 'full', () => true);
  sender.send(cRequest(`opensrf@${DOMAIN}/stopped`, '', 'refused', 'x') + cRequest(`opensrf@${DOMAIN}/reading`, '', 'arrives', 'x'));
  await sender.expect(/<thread>refused<\/thread>.*<resource-constraint /);
  await reading.expect('<thread>arrives</thread>');
});

test('an incomplete TLS handshake is charged, and such connections make room', async (t) => {
  const site = await startServer(t, { domains: [DOMAIN], tls: { certificate: 'self-signed', ports: [0] }, limits: { memoryBytes: 16 * MB } });
  const { host, port } = site.server.listening.tls[0] as BoundAddress;
  // Records of a ClientHello that says it has 131,000 bytes.
  const record = (first: Buffer) => Buffer.concat([Buffer.from([22, 3, 1, 0x40, 0]), first, Buffer.alloc(16_384 - first.length)]);
  const hello = Buffer.concat([record(Buffer.from([1, 1, 0xff, 0xb8])), ...Array.from({ length: 6 }, () => record(Buffer.alloc(0)))]);
  const strangers = Array.from({ length: 8 }, () => connect({ host, port }));
  let closed = 0;
  for (const stranger of strangers) {
    t.after(() => stranger.destroy());
    stranger.on('error', () => {});
    stranger.on('close', () => closed++);
    stranger.write(hello);
  }
  await eventually(() => closed > 0, 'the server has closed some of them');
  assert.ok(site.server.memory.pendingBytes <= MB, `${site.server.memory.pendingBytes}`);
  await login(t, site, 'client');
});

test('fragments of an incomplete frame are charged, and released', async (t) => {
  const site = await startServer(t, { domains: [DOMAIN], websocket: { ports: [0] } });
  const webSocket = new WebSocket(site.server.listening.websocket[0]?.url ?? '', ['xmpp']);
  t.after(() => webSocket.terminate());
  await once(webSocket, 'open');
  const say = (text: string) => webSocket.send(text);
  const answers: string[] = [];
  webSocket.on('message', (data) => answers.push(String(data)));
  const answered = (what: string) => eventually(() => answers.some((answer) => answer.includes(what)), what);
  say(`<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${DOMAIN}' version='1.0'/>`);
  await answered('</stream:features>');
  say(
    "<iq xmlns='jabber:client' id='1' type='set'><query xmlns='jabber:iq:auth'><username>opensrf</username><password>password</password><resource>web</resource></query></iq>",
  );
  await answered("id='1'");
  const before = site.server.memory.bytes;
  webSocket.send(`<message xmlns='jabber:client' to='opensrf@${DOMAIN}/nobody'><body>`, { fin: false });
  for (let count = 0; count < 30; count++) webSocket.send('x'.repeat(100_000), { fin: false });
  await eventually(() => site.server.memory.bytes - before >= 3 * MB, 'the fragments are charged');
  webSocket.send('</body></message>', { fin: true });
  await answered('service-unavailable');
  await eventually(() => site.server.memory.bytes - before < 100_000, 'they are given back');
});
