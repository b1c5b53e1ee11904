import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { BoundAddress } from '../server/net/tcp.ts';
import { NS } from '../shared/namespaces.ts';
import { Peer } from './support/peer.ts';
import { acceptPair, confirmKey, openPair, openStream, PeerServer, serverHeader } from './support/peer-server.ts';
import { recordedStreams } from './support/s2s-capture.ts';
import { startServer, type TestServer } from './support/server.ts';

const OURS = 'private.b';
const THEIRS = 'private.a';
const OTHER = 'public.a';

/** A server whose peer is played by the test. */
async function start(t: TestContext): Promise<TestServer & { readonly peer: PeerServer }> {
  const peer = await PeerServer.listen(t);
  const peers = [THEIRS, OTHER].map((domain) => `${domain}=127.0.0.1:${peer.port},auth=dialback`);
  return { ...(await startServer(t, { domains: [OURS], s2s: { port: 0, peers } })), peer };
}

function pairs({ server }: TestServer): (readonly string[])[] {
  return server.federation?.peers.flatMap(({ incoming, outgoing }) => [...incoming, ...outgoing]).map((domain) => [domain]) ?? [];
}

/** Waits until the server has read everything before. */
async function allRead(stream: Peer): Promise<void> {
  stream.send(`<db:verify from='${THEIRS}' to='${OURS}' id='sync'>key</db:verify>`);
  await stream.expect(/<db:verify [^>]*id='sync' type='invalid'\/>/);
}

/** Each element, in each direction. */
const FORGED = ['result', 'verify'].flatMap((name) =>
  [
    [THEIRS, OURS],
    [OURS, THEIRS],
  ].map(([from, to]) => `<db:${name} from='${from}' to='${to}' type='valid' id='wrong'/>`),
);

for (const element of FORGED) {
  test(`an unrequested ${element} opens no pair, on a stream of either direction`, async (t) => {
    const started = await start(t);
    const { server, peer } = started;
    const incoming = await openStream(t, server, THEIRS, OURS);
    incoming.send(`<db:result from='${THEIRS}' to='${OURS}'>key</db:result>`);
    const outgoing = await peer.opened();
    await outgoing.expect('</db:verify>');
    incoming.send(element);
    outgoing.send(element);
    await allRead(incoming);
    // The stanza ends the stream, after everything before was read.
    outgoing.send(`<message from='x@${THEIRS}/y' to='opensrf@${OURS}/client'/>`);
    assert.match(await outgoing.closed(), /<stream:error><(?:not-authorized|invalid-from) /);
    assert.deepEqual(pairs(started), []);
    await incoming.expect(/<db:result [^>]*type='error'>/);
    incoming.send(`<message from='x@${THEIRS}/y' to='opensrf@${OURS}/client'/>`);
    assert.match(await incoming.closed(), /<invalid-from /);
  });
}

test('a confirmation on a stream that was not asked opens no pair', async (t) => {
  const started = await start(t);
  const { server, peer } = started;
  const [one, other] = [await openStream(t, server, THEIRS, OURS), await openStream(t, server, THEIRS, OURS)];
  one.send(`<db:result from='${THEIRS}' to='${OURS}'>key</db:result>`);
  const outgoing = await peer.opened();
  const [, id] = /id='([^']+)'/.exec(await outgoing.expect('</db:verify>')) as RegExpExecArray;
  other.send(`<db:verify from='${THEIRS}' to='${OURS}' id='${id}' type='valid'/>`);
  await allRead(other);
  assert.deepEqual(pairs(started), []);
});

test('a domain is asked once for each pair, however often the key is sent', async (t) => {
  const { server, peer } = await start(t);
  const stream = await openStream(t, server, THEIRS, OURS);
  for (let count = 0; count < 20; count++) stream.send(`<db:result from='${THEIRS}' to='${OURS}'>key${count}</db:result>`);
  await allRead(stream);
  const outgoing = await peer.opened();
  await confirmKey(outgoing);
  await stream.expect(/type='valid'\/>/);
  assert.equal(peer.count, 1);
  assert.equal(outgoing.transcript.match(/<db:verify /g)?.length, 1);
});

test('no address literal is ever called', async (t) => {
  const { server, peer } = await start(t);
  const stream = await openStream(t, server, '127.0.0.1', OURS);
  for (const from of ['127.0.0.1', `127.0.0.1:${peer.port}`, '[::1]']) {
    const asking = await openStream(t, server, '', OURS);
    asking.send(`<db:result from='${from}' to='${OURS}'>key</db:result>`);
    assert.match(await asking.expect(/<db:result [^>]*>.*<\/db:result>|<\/stream:stream>/), /not-authorized|improper-addressing/, from);
  }
  assert.equal(peer.count, 0);
  stream.stream.destroy();
});

test('a peer that claims a domain of this server is refused, and logged', async (t) => {
  const { server, log, peer } = await start(t);
  const stream = await openStream(t, server, OURS, OURS);
  stream.send(`<db:result from='${OURS}' to='${OURS}'>key</db:result>`);
  assert.match(await stream.expect('</db:result>'), /<not-authorized /);
  assert.ok(log.lines.some(({ message, fields }) => message === 'refused a peer server' && fields['from'] === OURS));
  assert.equal(peer.count, 0);
});

test('an error is not answered', async (t) => {
  const { server, peer } = await start(t);
  const stream = await openPair(t, server, peer, THEIRS, OURS);
  const error = `<error type='cancel'><service-unavailable xmlns='${NS.stanzaErrors}'/></error>`;
  for (const to of [`nobody@${OURS}/gone`, `router@${OURS}/opensrf.absent`, OURS]) {
    stream.send(
      `<message from='x@${THEIRS}/y' to='${to}' type='error'>${error}</message><iq from='x@${THEIRS}/y' to='${to}' type='error' id='1'>${error}</iq>`,
    );
  }
  stream.send(`<iq from='x@${THEIRS}/y' to='${OURS}' type='get' id='sync'><ping xmlns='urn:xmpp:ping'/></iq>`);
  const outgoing = peer.stream as Peer;
  await acceptPair(outgoing);
  assert.match(await outgoing.expect("id='sync'/>"), /^<iq [^>]*id='sync'\/>$/);
});

const DOCTYPE = '<!DOCTYPE a [<!ENTITY b "c">]>';
const LONG = 'x'.repeat(20_000);

const RUDE: readonly (readonly [name: string, text: string, conditions: RegExp])[] = [
  ['a DOCTYPE', `${serverHeader(THEIRS, OURS)}${DOCTYPE}`, /<(?:restricted-xml|not-well-formed) /],
  ['a DOCTYPE before the stream', DOCTYPE, /<(?:restricted-xml|not-well-formed) /],
  ['a comment', `${serverHeader(THEIRS, OURS)}<!-- a -->`, /<restricted-xml /],
  ['an entity', `${serverHeader(THEIRS, OURS)}<db:result from='${THEIRS}' to='${OURS}'>&lol;</db:result>`, /<(?:not-well-formed|bad-format) /],
  ['a long key', `${serverHeader(THEIRS, OURS)}<db:result from='${THEIRS}' to='${OURS}'>${LONG}</db:result>`, /<policy-violation /],
  ['a long attribute', `${serverHeader(THEIRS, OURS)}<db:result from='${LONG}`, /<policy-violation /],
  ['deep nesting', `${serverHeader(THEIRS, OURS)}${'<a>'.repeat(5_000)}`, /<policy-violation /],
  ['a header of 20 KB', serverHeader(THEIRS, OURS, ` version='1.0' a='${LONG}'`), /<policy-violation /],
  ['a stanza', `${serverHeader(THEIRS, OURS)}<message from='x@${THEIRS}/y' to='opensrf@${OURS}/client'/>`, /<invalid-from /],
  [
    'compression',
    `${serverHeader(THEIRS, OURS)}<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>`,
    /<unsupported-stanza-type /,
  ],
  ['a client', "<stream:stream to='private.b' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>", /<invalid-namespace /],
  ['SASL without TLS', `${serverHeader(THEIRS, OURS)}<auth xmlns='${NS.sasl}' mechanism='PLAIN'>AGEAYg==</auth>`, /<not-authorized\/>/],
];

for (const [name, text, conditions] of RUDE) {
  test(`a stream without a verified pair ends or is refused: ${name}`, async (t) => {
    const started = await start(t);
    const { server, peer } = started;
    const stream = await Peer.connect(t, server.listening.s2s[0] as BoundAddress);
    stream.send(text);
    await stream.expect(conditions);
    assert.deepEqual([pairs(started), peer.count], [[], 0]);
    assert.ok(!stream.transcript.includes('compression'), 'compression is not offered');
    await openPair(t, server, peer, THEIRS, OURS);
  });
}

/** The streams that another server opened to send messages. */
const OPENERS = recordedStreams().filter(({ opener }) => opener.text.includes('<db:result'));

for (const { name, opener } of OPENERS) {
  const [result = ''] = /<db:result [^>]*>/.exec(opener.text) ?? [];
  const [, theirs = ''] = / from='([^']+)'/.exec(result) ?? [];
  const [, ours = ''] = / to='([^']+)'/.exec(result) ?? [];
  const text = Buffer.from(opener.text.slice(0, opener.text.search(/<\/db:result>/) + '</db:result>'.length));
  test(`the recorded stream ${name} opens its pair in two pieces, cut at every byte; what breaks there opens none`, async (t) => {
    const peer = await PeerServer.listen(t);
    const s2s = { port: 0, peers: [`${theirs}=127.0.0.1:${peer.port},auth=dialback`] };
    const started = await startServer(t, { domains: [ours], s2s });
    const address = started.server.listening.s2s[0] as BoundAddress;
    for (let at = 1; at < text.length; at++) {
      const broken = await Peer.connect(t, address);
      broken.send(text.subarray(0, at));
      broken.stream.destroy();
      const stream = await Peer.connect(t, address);
      stream.send(text.subarray(0, at));
      setImmediate(() => stream.send(text.subarray(at)));
      await confirmKey(peer.stream ?? (await peer.opened()));
      await stream.expect(/<db:result [^>]*type='valid'\/>/);
      assert.ok(started.server.federation?.peers[0]?.incoming.includes(ours));
      stream.stream.destroy();
    }
    assert.equal(peer.count, 1);
  });
}
