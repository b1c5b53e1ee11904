import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ConfigInput } from '../server/config/config.ts';
import { createConfig } from '../server/config/config.ts';
import { ConfigError } from '../server/config/problem.ts';
import { readChopchopSection } from '../server/config/sources/chopchop-section.ts';
import { readConfigFile } from '../server/config/sources/config-element.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import { NS } from '../shared/namespaces.ts';
import { Stanza } from '../shared/stanza.ts';
import { temporaryFolder } from './support/command.ts';
import { LocalClient } from './support/local-client.ts';
import { requestBody } from './support/osrf.ts';
import { Peer } from './support/peer.ts';
import { acceptPair, confirmKey, openPair, openStream, PeerServer, relayTo, serverHeader } from './support/peer-server.ts';
import { recordedStreams } from './support/s2s-capture.ts';
import { startServer, type TestServer } from './support/server.ts';

const OURS = 'private.b';
const PUBLIC = 'public.b';
const THEIRS = 'private.a';

/** Starts a server that has a peer, played by the test. */
async function start(t: Parameters<typeof startServer>[0], input: ConfigInput = {}, rules = 'auth=dialback') {
  const peer = await PeerServer.listen(t);
  const s2s = { port: 0, peers: [THEIRS, 'public.a'].map((domain) => `${domain}=127.0.0.1:${peer.port},${rules}`) };
  const started = await startServer(t, { domains: [OURS, PUBLIC], s2s, ...input });
  return { ...started, peer };
}

function stanza(from: string, to: string, content = '<body>hello</body>'): string {
  return `<message from='${from}' to='${to}'>${content}</message>`;
}

/** The number of registered listeners. */
function listeners({ server }: Pick<TestServer, 'server'>, service = 'opensrf.math'): number {
  return server.routers.get(OURS)?.classes.get(service)?.nodes.size ?? 0;
}

test('without peers another domain bounces with remote-server-not-found, and nothing listens', async (t) => {
  const { server } = await startServer(t, { domains: [OURS] });
  const client = new LocalClient(server, OURS);
  client.send(`x@${THEIRS}/y`, 'hello');
  assert.match(await client.message(), /<remote-server-not-found /);
  assert.deepEqual([server.federation, server.listening.s2s], [null, []]);
});

test('a domain that is no peer bounces with remote-server-not-found', async (t) => {
  const { server } = await start(t);
  const client = new LocalClient(server, OURS);
  client.send('x@private.c/y', 'hello');
  assert.match(await client.message(), /code='404' type='cancel'><remote-server-not-found /);
});

test('two servers exchange the stanzas of four pairs of domains over two streams', async (t) => {
  const relay = await relayTo(t, () => b.server.listening.s2s[0] as BoundAddress);
  const relayed = (domain: string) => `${domain}=127.0.0.1:${relay.port},auth=dialback`;
  const a = await startServer(t, { domains: [THEIRS, 'public.a'], s2s: { port: 0, peers: [relayed(OURS), relayed(PUBLIC)] } });
  const direct = (domain: string) => `${domain}=127.0.0.1:${a.server.listening.s2s[0]?.port},auth=dialback`;
  const b = await startServer(t, { domains: [OURS, PUBLIC], s2s: { port: 0, peers: [direct(THEIRS), direct('public.a')] } });
  const clients = [new LocalClient(b.server, OURS), new LocalClient(b.server, PUBLIC)];
  const theirs = [new LocalClient(a.server, THEIRS), new LocalClient(a.server, 'public.a')];
  for (const [from, to] of [
    [clients, theirs],
    [theirs, clients],
  ] as const) {
    for (const sender of from) {
      for (const receiver of to) {
        sender.send(receiver.login.jid, 'hello');
        const expected = new RegExp(
          `^<message to='${receiver.login.jid}' from='${sender.login.jid}' id='[^']+'><thread>t1</thread><body>hello</body></message>$`,
        );
        assert.match(await receiver.message(), expected);
      }
    }
  }
  assert.equal(relay.count, 1);
  assert.deepEqual([a.server.connectionCount, b.server.connectionCount], [2, 2]);
  assert.deepEqual(
    b.server.federation?.peers.map(({ domain, outgoing, incoming, problem }) => [domain, outgoing, incoming, problem]),
    [
      [THEIRS, [OURS, PUBLIC], [OURS, PUBLIC], ''],
      ['public.a', [OURS, PUBLIC], [OURS, PUBLIC], ''],
    ],
  );
});

test('stanzas wait for the stream and arrive in order; beyond the limits they bounce', async (t) => {
  const { server, peer } = await start(t, { limits: { peerQueueStanzas: 1_000 } });
  const client = new LocalClient(server, OURS);
  for (let count = 0; count <= 1_000; count++) client.send(`x@${THEIRS}/y`, `body ${count}`);
  assert.match(await client.message(), /body 1000<.*<resource-constraint /);
  const stream = await peer.acceptedPair();
  for (let count = 0; count < 1_000; count++) assert.match(await stream.message(), new RegExp(`<body>body ${count}</body>`));
});

test('a peer that cannot be reached, does not answer, or refuses the key: the stanzas bounce, at once in the pause', async (t) => {
  const { server, peer } = await start(t, { limits: { peerNegotiationMs: 50 } });
  const client = new LocalClient(server, OURS);
  const bounced = async () => {
    client.send(`x@${THEIRS}/y`, 'hello');
    return await client.message();
  };
  assert.match(await bounced(), /<thread>t1<\/thread><body>hello<\/body><error code='504' type='wait'><remote-server-timeout /);
  assert.equal(peer.count, 1);
  assert.match(await bounced(), /<remote-server-timeout /);
  assert.equal(peer.count, 1, 'no attempt in the pause');
  assert.match(server.federation?.peers[0]?.problem ?? '', /took too long|in time/);
});

test('a refused key bounces with internal-server-error', async (t) => {
  const { server, peer } = await start(t);
  const client = new LocalClient(server, OURS);
  client.send(`x@${THEIRS}/y`, 'hello');
  await acceptPair(await peer.opened(), 'invalid');
  assert.match(await client.message(), /code='500'.*<internal-server-error /);
});

test('a refused connection bounces with remote-server-timeout, and a later stanza is delivered when the peer is back', async (t) => {
  const { server, peer } = await start(t);
  const client = new LocalClient(server, OURS);
  peer.close();
  client.send(`x@${THEIRS}/y`, 'hello');
  assert.match(await client.message(), /<remote-server-timeout .*cannot connect to 127\.0\.0\.1:/);
});

test('a stanza larger than the peer takes bounces here', async (t) => {
  const { server, peer } = await start(t);
  const client = new LocalClient(server, OURS);
  client.send(`x@${THEIRS}/y`, 'short');
  const stream = await peer.opened(
    'theirs',
    `<dialback xmlns='${NS.dialbackFeature}'/><limits xmlns='${NS.streamLimits}'><max-bytes>1000</max-bytes></limits>`,
  );
  await acceptPair(stream);
  // The limit is that of the stanza's bytes.
  client.send(`x@${THEIRS}/y`, 'ü'.repeat(480));
  assert.match(await client.message(), /<policy-violation /);
  client.send(`x@${THEIRS}/${'y'.repeat(900)}`, 'short');
  assert.match(await client.message(), /<policy-violation /);
  client.send(`x@${THEIRS}/y`, 'u'.repeat(480));
  assert.match(await stream.message(), /short/);
  assert.match(await stream.message(), /u{480}/);
});

test('a stanza of a domain that was not verified on the stream ends it', async (t) => {
  const { server, peer } = await start(t);
  const client = new LocalClient(server, OURS);
  for (const [from, to, condition] of [
    ['x@public.a/y', client.login.jid, 'invalid-from'],
    [`x@${OURS}/y`, client.login.jid, 'invalid-from'],
    [`x@sub.${THEIRS}/y`, client.login.jid, 'invalid-from'],
    [`x@${THEIRS}/y`, 'x@private.c/y', 'host-unknown'],
    [`x@${THEIRS}/y`, '', 'improper-addressing'],
    ['', client.login.jid, 'improper-addressing'],
  ] as const) {
    const stream = await openPair(t, server, peer, THEIRS, OURS);
    stream.send(stanza(from, to));
    assert.match(await stream.closed(), new RegExp(`<${condition} `), `${from} > ${to}`);
  }
});

test('no unrequested element of dialback opens a pair, in either direction', async (t) => {
  const { server, peer, log } = await start(t);
  const client = new LocalClient(server, OURS);
  for (const element of ["result type='valid'", "verify type='valid'", "verify type=''", "result type='error'"]) {
    for (const [from, to] of [
      [THEIRS, OURS],
      [OURS, THEIRS],
    ]) {
      const stream = await openStream(t, server, THEIRS, OURS);
      stream.send(`<db:${element} from='${from}' to='${to}' id='1'/>${stanza(`x@${THEIRS}/y`, client.login.jid)}`);
      assert.match(await stream.closed(), /<invalid-from /, element);
    }
  }
  client.send(`x@${THEIRS}/y`, 'hello');
  const outgoing = await peer.opened();
  await outgoing.expect('</db:result>');
  outgoing.send(`<db:verify from='${THEIRS}' to='${OURS}' id='theirs' type='valid'/><db:result from='public.a' to='${OURS}' type='valid'/>`);
  outgoing.send(`<db:result from='${THEIRS}' to='${PUBLIC}' type='valid'/>${stanza(`x@${THEIRS}/y`, client.login.jid)}`);
  assert.match(await outgoing.closed(), /^<stream:error><not-authorized /);
  assert.match(await client.message(), /<remote-server-timeout /);
  assert.equal(log.lines.filter(({ message }) => message.startsWith('ignored an element of dialback')).length >= 3, true);
});

test('a wrong key is answered, and ends the stream', async (t) => {
  const { server, peer, log } = await start(t);
  const stream = await Peer.connect(t, server.listening.s2s[0] as BoundAddress);
  stream.send(`${serverHeader(THEIRS, OURS)}<db:result from='${THEIRS}' to='${OURS}'>key</db:result>`);
  await confirmKey(await peer.opened(), 'invalid');
  assert.match(await stream.closed(), new RegExp(`<db:result from='${OURS}' to='${THEIRS}' type='invalid'/></stream:stream>$`));
  assert.ok(log.lines.some(({ message }) => message === 'refused a peer server: wrong dialback key'));
});

test('a server that is no peer, or asks for another domain, is never called', async (t) => {
  const { server, peer } = await start(t);
  const stream = await openStream(t, server, 'evil.example', OURS);
  for (const [from, to, condition] of [
    ['evil.example', OURS, 'not-authorized'],
    [OURS, PUBLIC, 'not-authorized'],
    [THEIRS, 'private.c', 'item-not-found'],
  ]) {
    stream.send(`<db:result from='${from}' to='${to}'>key</db:result>`);
    assert.match(await stream.expect('</db:result>'), new RegExp(`type='error'><error type='cancel'><${condition} `));
  }
  assert.equal(peer.count, 0);
});

test('a key of this server is confirmed only while its stream waits for that', async (t) => {
  const { server, peer } = await start(t);
  const client = new LocalClient(server, OURS);
  client.send(`x@${THEIRS}/y`, 'hello');
  const outgoing = await peer.opened('their-id');
  const [, key] = /<db:result [^>]*>(\w+)<\/db:result>/.exec(await outgoing.expect('</db:result>')) as RegExpExecArray;
  const asking = await Peer.connect(t, server.listening.s2s[0] as BoundAddress);
  asking.send(serverHeader('', '', ''));
  await asking.expect(/<stream:stream [^>]*>/);
  const ask = async (id: string, written = key) => {
    asking.send(`<db:verify xmlns:db='${NS.dialback}' from='${THEIRS}' to='${OURS}' id='${id}'>${written}</db:verify>`);
    return /type='(\w+)'/.exec(await asking.expect(/<db:verify [^>]*\/>/))?.[1];
  };
  assert.deepEqual([await ask('other'), await ask('their-id', `x${key?.slice(1)}`), await ask('their-id')], ['invalid', 'invalid', 'valid']);
  outgoing.send(`<db:result from='${THEIRS}' to='${OURS}' type='valid'/>`);
  await outgoing.message();
  assert.equal(await ask('their-id'), 'invalid');
});

test('a listener of a trusted peer gets requests, and leaves its pool when the stream to its server is cut: the client gets an answer', async (t) => {
  const trustedServers = new Map([[OURS, [OURS, THEIRS]]]);
  const started = await start(t, { router: { trustedServers, lossGraceMs: 0 } });
  const { server, peer } = started;
  const client = new LocalClient(server, OURS);
  const stream = await openPair(t, server, peer, THEIRS, OURS);
  const listener = `math@${THEIRS}/listener`;
  stream.send(
    `<message from='${listener}' to='router@${OURS}/router'><opensrf router_command='register' router_class='opensrf.math'/><body>registering</body></message>`,
  );
  stream.send(`<iq from='${listener}' to='${OURS}' type='get' id='sync'><ping xmlns='urn:xmpp:ping'/></iq>`);
  const outgoing = peer.stream as Peer;
  await acceptPair(outgoing);
  await outgoing.expect("id='sync'/>");
  assert.equal(listeners(started), 1);
  client.send(`router@${OURS}/opensrf.math`, requestBody('add', [1, 2]));
  const request = await outgoing.expect(/<message to='math@[\s\S]*?<\/message>/);
  assert.match(request, new RegExp(`to='${listener}' from='router@${OURS}/opensrf.math'.*router_from='${client.login.jid}'`));
  outgoing.stream.destroy();
  assert.match(await client.message(), /503/);
  assert.equal(listeners(started), 0);
});

test('a bounce without thread and body, as Prosody writes it, is completed', async (t) => {
  const { server, peer } = await start(t);
  const client = new LocalClient(server, OURS);
  client.send(`x@${THEIRS}/y`, 'hello');
  const outgoing = await peer.acceptedPair();
  const [, id] = /id='([^']+)'/.exec(await outgoing.message()) as RegExpExecArray;
  const incoming = await openPair(t, server, peer, THEIRS, OURS);
  const error = `<error type='cancel'><service-unavailable xmlns='${NS.stanzaErrors}'/></error>`;
  incoming.send(`<message from='x@${THEIRS}/y' to='${client.login.jid}' id='${id}' type='error'>${error}</message>`);
  const bounce = await client.message();
  assert.match(
    bounce,
    new RegExp(`^<message to='${client.login.jid}' from='x@${THEIRS}/y' type='error' id='${id}'><thread>t1</thread><body>hello</body><error code='503'`),
  );
});

test('router_from from abroad is removed, except that of the router of a peer with router=yes', async (t) => {
  for (const [rules, from, kept] of [
    ['auth=dialback', `router@${THEIRS}/router`, false],
    ['auth=dialback,router=yes', `router@${THEIRS}/router`, true],
    ['auth=dialback,router=yes', `router2@${THEIRS}/router`, false],
    ['auth=dialback,router=yes', `evil@${THEIRS}/router`, false],
  ] as const) {
    const { server, peer } = await start(t, {}, rules);
    const client = new LocalClient(server, OURS);
    const stream = await openPair(t, server, peer, THEIRS, OURS);
    stream.send(stanza(from, client.login.jid, `<opensrf router_from='client@public.a/x'/><thread>t1</thread><body>hello</body>`));
    assert.equal((await client.message()).includes("router_from='client@public.a/x'"), kept, `${rules} ${from}`);
  }
});

test('a foreign client that is not trusted gets no answer of a service, and cannot drain one', async (t) => {
  const started = await start(t, {}, 'auth=dialback,router=yes');
  const { server, peer } = started;
  const service = new LocalClient(server, OURS, 'listener');
  const register = new Stanza('message', `router@${OURS}/router`, '', '', '');
  register.inner = "<opensrf router_command='register' router_class='opensrf.math'/><body>registering</body></message>";
  Object.assign(register, { routerCommand: 'register', routerClass: 'opensrf.math' });
  service.login.send(register);
  assert.equal(listeners(started), 1);
  const stream = await openPair(t, server, peer, THEIRS, OURS);
  stream.send(stanza(`x@${THEIRS}/y`, `router@${OURS}/opensrf.math`, `<thread>t1</thread><body>${requestBody('add', [1, 2])}</body>`));
  await acceptPair(peer.stream as Peer);
  assert.match(await (peer.stream as Peer).message(), /403|not trusted/);
  stream.send(stanza(`router@${THEIRS}/router`, `router@${OURS}/router`, "<opensrf router_command='drain' router_class='opensrf.math'/><body/>"));
  assert.match(await (peer.stream as Peer).message(), /forbidden|403|not trusted/);
  assert.equal(
    [...(server.routers.get(OURS)?.classes.get('opensrf.math')?.nodes.values() ?? [])].some(({ draining }) => draining),
    false,
  );
});

test('the server ends the streams of its peers when it stops, and starts again', async (t) => {
  const { server, peer } = await start(t);
  const stream = await openPair(t, server, peer, THEIRS, OURS);
  const stopped = server.stop();
  assert.match(await stream.closed(), /<system-shutdown /);
  await stopped;
  assert.equal(server.connectionCount, 0);
  await server.start();
  peer.stream = null;
  await openPair(t, server, peer, THEIRS, OURS);
});

for (const { name, opener, acceptor } of recordedStreams()) {
  const ours = acceptor.header.from || 'prosody.lab';
  const result = /<db:result [^>]*from='([^']+)'[^>]*>/.exec(opener.text);
  const theirs = opener.header.from || (result?.[1] as string);
  test(`the opener of the recorded stream ${name} is understood, byte by byte`, async (t) => {
    const peer = await PeerServer.listen(t);
    const target = /to='([^']+)'/.exec(/<db:(?:result|verify) [^>]*>/.exec(opener.text)?.[0] ?? '')?.[1] ?? ours;
    const { server } = await startServer(t, { domains: [target], s2s: { port: 0, peers: [`${theirs}=127.0.0.1:${peer.port},auth=dialback`] } });
    const [local = '', resource = ''] = /<message [^>]*to='([^@]+)@[^/]+\/([^']+)'/.exec(opener.text)?.slice(1) ?? [];
    const [before = '', ...messages] = opener.text.replace(/<\/stream:stream>$/, '').split(/(?=<message)/);
    const stream = await Peer.connect(t, server.listening.s2s[0] as BoundAddress);
    for (const byte of Buffer.from(before)) stream.send(Buffer.of(byte));
    if (result !== null) {
      await confirmKey(await peer.opened());
      await stream.expect(/<db:result [^>]*type='valid'\/>/);
    } else await stream.expect(/<db:verify [^>]*type='invalid'\/>/);
    if (local === '' || messages.length === 0) return;
    const accounts = [{ username: local, domain: target, password: 'password' }];
    server.reload({ ...server.config, accounts });
    const client = new LocalClient(server, target, resource, local);
    for (const byte of Buffer.from(messages[0] ?? '')) stream.send(Buffer.of(byte));
    assert.match(await client.message(), /<opensrf [^>]*osrf_xid='x1'[^>]*\/>/);
  });

  if (result === null) continue;
  test(`the acceptor of the recorded stream ${name} is understood, byte by byte`, async (t) => {
    const peer = await PeerServer.listen(t);
    const own = theirs;
    const foreign = / to='([^']+)'/.exec(result[0])?.[1] ?? '';
    const { server } = await startServer(t, { domains: [own], s2s: { port: 0, peers: [`${foreign}=127.0.0.1:${peer.port},tls=off`] } });
    const client = new LocalClient(server, own);
    client.send(`x@${foreign}/y`, 'hello');
    const stream = await peer.accepted();
    await stream.expect(/<stream:stream [^>]*>/);
    const answer = acceptor.text.replace(/<\/stream:stream>$/, '');
    const at = answer.search(/<db:/);
    for (const byte of Buffer.from(answer.slice(0, at))) stream.send(Buffer.of(byte));
    await stream.expect('</db:result>');
    for (const byte of Buffer.from(answer.slice(at))) stream.send(Buffer.of(byte));
    assert.match(await stream.message(), /<body>hello<\/body>/);
  });
}

test('<s2s><peer/></s2s> has the form of <s2s_peer>, with the line of each peer', (t) => {
  const file = join(temporaryFolder(t), 'core.xml');
  writeFileSync(
    file,
    "<chopchop>\n<s2s>\n<peer domain='private.a' address='10.0.0.7:5270' auth='dialback' router='yes'/>\n<peer domain='private.c'/><per/></s2s>\n</chopchop>",
  );
  const { given, warnings } = readChopchopSection(readConfigFile(file), file);
  assert.deepEqual(
    given.get('s2s.peers')?.map(({ text, place: { line } }) => [text, line]),
    [
      ['private.a=10.0.0.7:5270,auth=dialback,router=yes', 3],
      ['private.c', 4],
    ],
  );
  assert.deepEqual(
    warnings.map(({ place }) => place.name),
    ['<s2s><per>'],
  );
});

test('peers need a port, a certificate or tls=off, and domains of their own', () => {
  const cluster = { name: 'c', member: 'a', nats: ['nats://127.0.0.1:4222'] };
  assert.throws(
    () => createConfig({ domains: [OURS], cluster, s2s: { port: 0, peers: ['private.a,tls=off'] } }),
    /^ConfigError: s2s\.secret: the members of a cluster with --s2s-peer need the same secret for dialback$/,
  );
  for (const [s2s, problem] of [
    [{ peers: ['private.a,tls=off'] }, 's2s.peers: needs --s2s-port too: peers connect to this server there'],
    [{ port: 0, peers: ['private.a,auth=dialbak'] }, 's2s.peers: private.a: auth=dialbak is not one of dialback, external'],
    [{ port: 0 }, 's2s.port: needs --s2s-peer too: only named servers may connect'],
    [{ port: 0, peers: ['private.b,tls=off'] }, 's2s.peers: private.b is a domain of this server'],
    [{ port: 0, peers: ['gate.b,tls=off'] }, 's2s.peers: gate.b is a component of this server'],
    [{ port: 0, peers: ['private.a,tls=off', 'private.a,tls=off'] }, 's2s.peers: private.a is given twice'],
    [
      { port: 0, peers: ['private.a'] },
      's2s.peers: private.a: tls=required, the default, needs a certificate of this server (--tls-cert); in a network of your own, set tls=optional',
    ],
    [{ port: 0, peers: ['private.a,auth=external'] }, 's2s.peers: private.a: tls=required, the default, needs a certificate of this server (--tls-cert)'],
    [{ port: 0, peers: ['private.a,auth=external,tls=optional'] }, 's2s.peers: private.a: auth=external needs tls=required'],
  ] as const) {
    const components = { port: 0, secrets: new Map([['gate.b', 'secret']]) };
    assert.throws(
      () => createConfig({ domains: [OURS], components, s2s }),
      (error) => error instanceof ConfigError && error.message === problem,
    );
  }
});
