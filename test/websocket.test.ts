import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type ClientOptions, WebSocket } from 'ws';
import type { ConfigInput } from '../server/config/config.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import { FrameInput } from '../server/net/websocket/frame-input.ts';
import { Peer } from './support/peer.ts';
import { startServer, type TestServer } from './support/server.ts';
import { topLevelElements } from './support/transcript-dialect.ts';
import { WebSocketStream } from './support/websocket-stream.ts';

const DOMAIN = 'localhost';
const OPEN = `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${DOMAIN}' version='1.0'/>`;
const CLOSE = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";

function start(t: TestContext, input: ConfigInput = {}): Promise<TestServer> {
  return startServer(t, { domains: [DOMAIN], websocket: { ports: [0] }, ...input });
}

const urlOf = ({ server }: TestServer, index = 0): string => server.listening.websocket[index]?.url ?? '';
const httpUrl = (site: TestServer, path: string): string => urlOf(site).replace(/^ws(.*)\/xmpp-websocket$/, `http$1${path}`);

async function open(t: TestContext, url: string, options: ClientOptions = {}): Promise<{ webSocket: WebSocket; peer: Peer }> {
  const webSocket = new WebSocket(url, ['xmpp'], { rejectUnauthorized: false, ...options });
  t.after(() => webSocket.terminate());
  await once(webSocket, 'open');
  return { webSocket, peer: new Peer(new WebSocketStream(webSocket)) };
}

async function login(peer: Peer, resource: string): Promise<Peer> {
  peer.send(OPEN);
  await peer.expect('</stream:features>');
  const query = `<username>opensrf</username><password>password</password><resource>${resource}</resource>`;
  peer.send(`<iq xmlns='jabber:client' id='1' type='set'><query xmlns='jabber:iq:auth'>${query}</query></iq>`);
  await peer.expect("<iq xmlns='jabber:client' type='result' id='1'/>");
  return peer;
}

/** The reason for a refused WebSocket: the HTTP status and its text. */
async function refusal(url: string, protocols: string[], options: ClientOptions = {}): Promise<string> {
  const webSocket = new WebSocket(url, protocols, options);
  const [, response] = await once(webSocket, 'unexpected-response');
  let text = '';
  for await (const chunk of response) text += chunk;
  webSocket.on('error', () => {});
  webSocket.terminate();
  return `${response.statusCode} ${text}`;
}

test('a client on a WebSocket and an OpenSRF client on TCP reach each other', async (t) => {
  const site = await start(t);
  const { webSocket, peer } = await open(t, urlOf(site));
  assert.equal(webSocket.protocol, 'xmpp');
  assert.equal(webSocket.extensions, '', 'no compression');
  const web = await login(peer, 'web');
  const plain = await (await Peer.connect(t, site.address)).login('opensrf', DOMAIN, 'plain');
  web.send(`<message xmlns='jabber:client' to='opensrf@${DOMAIN}/plain'><opensrf osrf_xid='7'/><thread>t</thread><body>there</body></message>`);
  assert.equal(
    await plain.message(),
    `<message to='opensrf@${DOMAIN}/plain' from='opensrf@${DOMAIN}/web'><opensrf osrf_xid='7'/><thread>t</thread><body>there</body></message>`,
  );
  plain.send(`<message to='opensrf@${DOMAIN}/web'><body>${'\u{1f431}'.repeat(100_000)}</body></message>`);
  assert.match(await web.message(), /^<message xmlns='jabber:client' to='opensrf@localhost\/web'/);
});

test('each frame holds one element, however many were written at once', async (t) => {
  const site = await start(t);
  const { peer } = await open(t, urlOf(site));
  const web = await login(peer, 'web');
  const plain = await (await Peer.connect(t, site.address)).login('opensrf', DOMAIN, 'plain');
  plain.send(`<message to='opensrf@${DOMAIN}/web' id='x'><body/></message>`.repeat(500));
  for (let count = 0; count < 500; count++) await web.message();
  assert.deepEqual([...new Set(web.reads.map((frame) => topLevelElements(frame).length))], [1]);
  assert.equal(web.reads.length, 2 + 1 + 500);
});

test('behind a trusted proxy the peer of a session is the client, and its password is taken if it came by TLS', async (t) => {
  const site = await start(t, { web: { trustProxy: ['loopback'] }, plaintextLogin: 'loopback' });
  const from = (headers: Record<string, string>) => open(t, urlOf(site), { headers: { 'x-forwarded-for': '192.0.2.7', ...headers } });
  const plain = (await from({ 'x-forwarded-proto': 'http' })).peer;
  plain.send(OPEN);
  assert.doesNotMatch(await plain.expect('</stream:features>'), /iq-auth|PLAIN/);
  await login((await from({ 'x-forwarded-proto': 'https' })).peer, 'web');
  assert.deepEqual(
    [...site.server.sessions].map(({ link }) => link.peer),
    ['192.0.2.7'],
  );
});

test('over TLS a login can be bound to the channel', async (t) => {
  const site = await start(t, { websocket: { ports: [0], tlsPorts: [0] }, tls: { certificate: 'self-signed' } });
  assert.match(urlOf(site, 1), /^wss:/);
  const { peer } = await open(t, urlOf(site, 1));
  peer.send(OPEN);
  assert.match(await peer.expect('</stream:features>'), /SCRAM-SHA-256-PLUS.*tls-exporter/);
});

test('where TLS is required, a WebSocket without it offers no login', async (t) => {
  const site = await start(t, { tls: { certificate: 'self-signed', required: true } });
  const { peer } = await open(t, urlOf(site));
  peer.send(OPEN);
  assert.doesNotMatch(await peer.expect('</stream:features>'), /mechanism|starttls|auth/);
});

test('the subprotocol xmpp must be asked for, at the right path', async (t) => {
  const site = await start(t);
  assert.match(await refusal(urlOf(site), []), /^400 Request the subprotocol "xmpp"/);
  assert.match(await refusal(urlOf(site), ['chat']), /^400/);
  assert.match(await refusal(`${urlOf(site)}x`, ['xmpp']), /^404 The WebSocket is at \/xmpp-websocket/);
  assert.equal((await open(t, `${urlOf(site)}?x=1`)).webSocket.protocol, 'xmpp');
});

test('pages of foreign origins are refused, unless they were allowed', async (t) => {
  const site = await start(t);
  assert.match(await refusal(urlOf(site), ['xmpp'], { origin: 'https://evil.example' }), /^403 .*--websocket-origin/);
  await open(t, urlOf(site), { origin: 'http://localhost:8080' });
  const other = await start(t, { websocket: { ports: [0], origins: ['https://good.example'] } });
  await open(t, urlOf(other), { origin: 'https://good.example' });
  assert.match(await refusal(urlOf(other), ['xmpp'], { origin: 'http://localhost:8080' }), /^403/);
});

test('the way to the WebSocket can be looked up', async (t) => {
  const site = await start(t);
  const document = await fetch(httpUrl(site, '/.well-known/host-meta'));
  assert.equal(document.headers.get('content-type'), 'application/xrd+xml');
  assert.equal(document.headers.get('access-control-allow-origin'), '*');
  assert.match(await document.text(), new RegExp(`<Link rel='urn:xmpp:alt-connections:websocket' href='${urlOf(site)}'/>`));
  const json = await (await fetch(httpUrl(site, '/.well-known/host-meta.json'))).json();
  assert.deepEqual(json, { links: [{ rel: 'urn:xmpp:alt-connections:websocket', href: urlOf(site) }] });
  assert.equal((await fetch(httpUrl(site, '/'))).status, 404);
  assert.equal((await fetch(httpUrl(site, '/xmpp-websocket'))).status, 426);
  assert.equal((await fetch(httpUrl(site, '/.well-known/host-meta'), { method: 'POST' })).status, 404);
});

test('a binary frame ends the stream', async (t) => {
  const { webSocket, peer } = await open(t, urlOf(await start(t)));
  webSocket.send(Buffer.from(OPEN));
  assert.match(await peer.closed(), /<bad-format .*a binary frame.*<close /);
});

test('the pieces of a frame that never ends are not kept before login', async (t) => {
  const { webSocket, peer } = await open(t, urlOf(await start(t)));
  for (let count = 0; count < 20; count++) webSocket.send(`<open ${'x'.repeat(1024)}`, { fin: false });
  assert.match(await peer.closed(), /<policy-violation .*too many bytes before login.*<close /);
});

test('an invalid WebSocket frame ends the connection, and others notice nothing', async (t) => {
  const site = await start(t);
  const other = await login((await open(t, urlOf(site))).peer, 'other');
  const { webSocket } = await open(t, urlOf(site));
  rawSocket(webSocket).write(Buffer.from([0xff, 0xff, 0xff]));
  const [code] = await once(webSocket, 'close');
  assert.equal(code, 1002);
  other.send("<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
  await other.expect("id='p'/>");
});

test('a ping is answered, and a peer that answers none is let go', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const keepAliveMs = 1_000;
  const site = await start(t, { limits: { keepAliveMs } });
  const { webSocket, peer } = await open(t, urlOf(site));
  webSocket.ping('are you there?');
  const [payload] = await once(webSocket, 'pong');
  assert.equal(String(payload), 'are you there?');
  await login(peer, 'web');
  const dumb = await open(t, urlOf(site), { autoPong: false });
  const pinged = Promise.all([webSocket, dumb.webSocket].map((one) => once(one, 'ping')));
  t.mock.timers.tick(keepAliveMs);
  await pinged;
  // Answered behind the pong, so the server has read that.
  peer.send("<iq xmlns='jabber:client' type='get' id='behind'><ping xmlns='urn:xmpp:ping'/></iq>");
  await peer.expect("id='behind'/>");
  const left = once(dumb.webSocket, 'close');
  t.mock.timers.tick(keepAliveMs);
  await left;
  assert.equal(webSocket.readyState, webSocket.OPEN, 'who answers stays');
});

test('a peer that closes its WebSocket without closing its stream has left, and its stanzas bounce', async (t) => {
  const site = await start(t);
  const { webSocket, peer } = await open(t, urlOf(site));
  await login(peer, 'web');
  const plain = await (await Peer.connect(t, site.address)).login('opensrf', DOMAIN, 'plain');
  webSocket.close();
  await once(webSocket, 'close');
  plain.send(`<message to='opensrf@${DOMAIN}/web'><body>too late</body></message>`);
  assert.match(await plain.message(), /type='error'.*too late.*service-unavailable/);
});

test('a server that stops closes its WebSockets in order, and drops connections that have not upgraded', async (t) => {
  const site = await start(t);
  const { peer } = await open(t, urlOf(site));
  await login(peer, 'web');
  const { host, port } = site.server.listening.websocket[0] as BoundAddress;
  const visitor = connect(port, host);
  await once(visitor, 'connect');
  visitor.write('GET / HTTP/1.1\r\n');
  visitor.on('error', () => {});
  const left = new Promise((resolve) => visitor.on('close', resolve));
  await site.server.stop();
  assert.match(await peer.closed(), new RegExp(`<system-shutdown .*${CLOSE}$`));
  await left;
});

test('a visitor that never becomes a WebSocket is let go', async (t) => {
  const site = await start(t, { limits: { loginTimeoutMs: 40 } });
  const { host, port } = site.server.listening.websocket[0] as BoundAddress;
  const visitor = connect(port, host);
  visitor.on('error', () => {});
  await new Promise((resolve) => visitor.resume().on('close', resolve));
});

test('connections to the web port without a login are closed for new ones, which can still log in', async (t) => {
  const site = await start(t, { limits: { pendingOfAddress: 10 } });
  const { host, port } = site.server.listening.websocket[0] as BoundAddress;
  const visitors = Array.from({ length: 30 }, () => connect(port, host).on('error', () => {}));
  const left = visitors.slice(0, 20).map((visitor) => new Promise((resolve) => visitor.resume().on('close', resolve)));
  await Promise.all(visitors.map((visitor) => once(visitor, 'connect')));
  await login((await open(t, urlOf(site))).peer, 'web');
  await (await Peer.connect(t, site.address)).login('opensrf', DOMAIN, 'plain');
  await Promise.all(left);
  assert.equal(site.server.sessionCount, 2);
  for (const visitor of visitors) visitor.destroy();
});

/** The socket below: writes to it are not frames of the library. */
function rawSocket(webSocket: WebSocket): Socket {
  return (webSocket as unknown as { _socket: Socket })._socket;
}

const MASK = [0, 0, 0, 0];
const TEXT = 0x81;
const COMPRESSED_TEXT = 0xc1;

for (const [what, frame] of [
  ['a compressed frame, which was not agreed on', [COMPRESSED_TEXT, 0x81, ...MASK, 0]],
  ['a frame that is not masked', [TEXT, 1, 0x20]],
  ['a control frame in fragments', [0x09, 0x80, ...MASK]],
  ['a continuation of nothing', [0x80, 0x80, ...MASK]],
  ['a frame of 2^62 bytes', [TEXT, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, ...MASK]],
] as const) {
  test(`${what} ends the session`, async (t) => {
    const site = await start(t);
    const { webSocket, peer } = await open(t, urlOf(site));
    await login(peer, 'web');
    rawSocket(webSocket).write(Buffer.from(frame));
    await peer.closed();
    assert.equal(site.server.sessionCount, 0);
  });
}

test('a stanza may come in fragments, with pings between them; in endlessly many it may not', async (t) => {
  const site = await start(t);
  const { webSocket, peer } = await open(t, urlOf(site));
  await login(peer, 'web');
  const stanza = `<message xmlns='jabber:client' to='opensrf@${DOMAIN}/web'><body>\u{1f431}</body></message>`;
  const bytes = Buffer.from(stanza);
  for (let index = 0; index < bytes.length; index++) {
    webSocket.send(bytes.subarray(index, index + 1), { binary: false, fin: index === bytes.length - 1 });
    if (index % 10 === 0) webSocket.ping();
  }
  assert.match(await peer.message(), /<body>\u{1f431}<\/body>/u);
  webSocket.send('<message>', { fin: false });
  for (let index = 0; index < 20_000; index++) webSocket.send('x', { fin: false });
  await peer.closed();
  assert.equal(site.server.sessionCount, 0);
});

test('a long stanza arrives whole, with characters of several bytes across the parts in which it is read', async (t) => {
  const { webSocket, peer } = await open(t, urlOf(await start(t)));
  await login(peer, 'web');
  const body = 'x€é'.repeat(60_000);
  webSocket.send(`<message xmlns='jabber:client' to='opensrf@${DOMAIN}/web'><body>${body}</body></message>`);
  assert.ok((await peer.message()).includes(`<body>${body}</body>`));
  const cut = Buffer.from(`<message xmlns='jabber:client'><body>${'€'.repeat(60_000)}`).subarray(0, -1);
  webSocket.send(cut, { binary: false });
  assert.match(await peer.closed(), /<unsupported-encoding /);
});

test('neighbours are served while a long frame is read', async (t) => {
  const site = await start(t);
  const { webSocket, peer } = await open(t, urlOf(site));
  await login(peer, 'web');
  const neighbour = await Peer.inMemory(site.server).login('opensrf', DOMAIN, 'neighbour');
  const { read } = FrameInput.prototype;
  let parts = 0;
  t.mock.method(FrameInput.prototype, 'read', function (this: FrameInput, part: Buffer) {
    read.call(this, part);
    if (part.length < 1_000) return;
    if (++parts === 1) neighbour.send("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
    // However fast the machine is, all parts take longer than a slice.
    for (const end = performance.now() + 1; performance.now() < end; );
  });
  webSocket.send(`<message xmlns='jabber:client' to='opensrf@${DOMAIN}/neighbour'><body>${'x'.repeat(4_000_000)}</body></message>`);
  await neighbour.message();
  assert.match(neighbour.transcript.slice(0, 2_000), /type='result' id='p'[\s\S]*<message/);
  assert.ok(parts > 50, `${parts} parts`);
});

test('a peer that sends pings without end and reads no answer is closed', async (t) => {
  const site = await start(t);
  const { webSocket, peer } = await open(t, urlOf(site));
  await login(peer, 'web');
  const socket = rawSocket(webSocket);
  const pings = Buffer.concat(Array<Buffer>(1_000).fill(Buffer.from([0x89, 0xfd, ...MASK, ...Array<number>(125).fill(0)])));
  webSocket.pause();
  const gone = new Promise((resolve) => socket.on('error', () => {}).on('close', resolve));
  while (!socket.destroyed) {
    if (!socket.write(pings)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), gone]);
  }
  while (site.server.sessionCount > 0) await new Promise(setImmediate);
});

test('a slow reader is closed as on TCP, and its stanzas are returned', async (t) => {
  const site = await start(t, { limits: { outboxBytes: 1_000_000, closeTimeoutMs: 200 } });
  const { webSocket, peer } = await open(t, urlOf(site));
  await login(peer, 'web');
  webSocket.pause();
  const plain = await (await Peer.connect(t, site.address)).login('opensrf', DOMAIN, 'plain');
  for (let count = 0; count < 400; count++) plain.send(`<message to='opensrf@${DOMAIN}/web'><body>${'x'.repeat(30_000)}</body></message>`);
  assert.match(await plain.message(), /type='error'/);
  assert.ok([...site.server.sessions].every(({ jid }) => jid !== `opensrf@${DOMAIN}/web`));
});

test('the code of a close names its reason: 1012 for a restart, 1001 for a stop, 1000 otherwise', async (t) => {
  const site = await start(t);
  const closed = async () => {
    const { webSocket, peer } = await open(t, urlOf(site));
    await login(peer, 'web');
    return { peer, code: once(webSocket, 'close').then(([code]) => code as number) };
  };
  const normal = await closed();
  normal.peer.send(CLOSE);
  assert.equal(await normal.code, 1000);
  const restarted = await closed();
  const negotiating = await open(t, urlOf(site));
  const code = once(negotiating.webSocket, 'close');
  const departure = site.server.depart();
  await departure.endOthers(0);
  assert.match(await restarted.peer.closed(), /<system-shutdown /);
  assert.deepEqual([await restarted.code, (await code)[0]], [1012, 1012]);
  await departure.thaw();
  const stopped = await closed();
  await site.server.stop();
  assert.equal(await stopped.code, 1001);
});
