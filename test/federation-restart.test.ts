import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RestartReport } from '../server/cli/serve/restart.ts';
import { ControlClient } from '../server/control/control-client.ts';
import { readControlFile } from '../server/control/control-file.ts';
import type { RouterReport } from '../server/control/services.ts';
import type { PeerFacts } from '../server/federation/federation.ts';
import { EXIT } from '../server/kernel/exit-codes.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import { escapeText } from '../shared/xml.ts';
import { writeAuthority } from './support/certificate.ts';
import { serve, temporaryFolder } from './support/command.ts';
import { failingSuccessors } from './support/failing-successors.ts';
import { attribute, cRequest, registration, requestBody, resultBody } from './support/osrf.ts';
import { Events } from './support/patience.ts';
import { Peer } from './support/peer.ts';
import { acceptPair, confirmKey, PeerServer, relayTo, serverHeader } from './support/peer-server.ts';
import { kill } from './support/processes.ts';
import { RawProgram } from './support/raw-service.ts';
import { startServer, type TestServer } from './support/server.ts';

const OURS = 'private.b';
const THEIRS = 'private.a';
const ROUTER = `router@${OURS}`;

/** A server in a process of its own, which restarts. */
interface Site {
  readonly c2s: BoundAddress;
  readonly s2s: BoundAddress;
  restart(): Promise<RestartReport>;
  get<Report>(path: string): Promise<Report>;
}

/** Starts a server with peers. */
async function served(t: TestContext, ...args: string[]): Promise<Site> {
  const folder = temporaryFolder(t);
  const file = join(folder, 'control.json');
  const control = ['--control-socket', join(folder, 'control'), '--control-file', file, '--log-file', join(folder, 'log')];
  const { ready } = await serve(t, folder, ...control, ...args);
  const { c2s, s2s } = ready as unknown as Record<'c2s' | 's2s', readonly [BoundAddress]>;
  t.after(() => existsSync(file) && kill(readControlFile(file).pid));
  const client = () => new ControlClient(readControlFile(file));
  return {
    c2s: c2s[0],
    s2s: s2s[0],
    restart: async () => (await client().order('/api/v1/restart', EXIT.notRestarted)) as RestartReport,
    get: async <Report>(path: string) => (await client().get(path, 10_000)) as Report,
  };
}

/** Starts a server that has one peer. */
async function site(t: TestContext, peerPort: number, rules: string, ...args: string[]): Promise<Site> {
  const trust = [OURS, THEIRS].flatMap((domain) => ['--trusted-server', `${OURS}=${domain}`, '--trusted-client', `${OURS}=${domain}`]);
  return await served(t, '--domain', OURS, ...trust, '--s2s-port', '0', '--s2s-peer', `${THEIRS}=127.0.0.1:${peerPort},${rules}`, ...args);
}

/** A server that restarts, and its peer in this process. */
async function twoServers(t: TestContext): Promise<{ here: Site; there: TestServer }> {
  const relay = await relayTo(t, () => here.s2s);
  const there = await startServer(t, { domains: [THEIRS], s2s: { port: 0, peers: [`${OURS}=127.0.0.1:${relay.port},auth=dialback,router=yes`] } });
  const here = await site(t, there.server.listening.s2s[0]?.port ?? 0, 'auth=dialback');
  return { here, there };
}

const escaped = (body: string) => escapeText(body).replaceAll('"', '&quot;');

/** A listener that answers the requests of a service of the router here, in order. */
async function listen(t: TestContext, address: BoundAddress, domain: string, service: string): Promise<RawProgram> {
  const listener = await RawProgram.login(t, address, 'listener', 'opensrf', domain);
  listener.peer.send(registration('register', `${ROUTER}/router`, listener.jid, service));
  listener.peer.send(cRequest(`${ROUTER}/router`, listener.jid, 'registered', escaped(requestBody('opensrf.router.info.class.list'))));
  await listener.peer.expect(/Request Complete[\s\S]*?<\/message>/);
  return listener;
}

async function answerAll(listener: RawProgram): Promise<never> {
  for (;;) {
    const request = await listener.peer.message();
    const thread = /<thread>([^<]*)/.exec(request)?.[1] ?? '';
    const client = attribute(request, 'router_from') || attribute(request, 'from');
    listener.peer.send(cRequest(client, listener.jid, thread, escaped(resultBody(thread)), 'x'));
  }
}

/** The requests of a client, of which some are unanswered at a time. */
class Load {
  answered = 0;
  /** The threads of the answers, in order. */
  readonly threads: string[] = [];
  private readonly client: RawProgram;
  private readonly service: string;
  private readonly events = new Events();
  private asked = 0;
  private state: 'going' | 'ending' = 'going';

  constructor(client: RawProgram, service: string) {
    this.client = client;
    this.service = service;
  }

  async run(window: number): Promise<void> {
    for (let number = 0; number < window; number++) this.ask();
    while (this.answered < this.asked) {
      const answer = await this.client.peer.message();
      this.threads.push(/type=.error/.test(answer) ? answer : (/<thread>([^<]*)/.exec(answer)?.[1] ?? answer));
      this.answered++;
      this.events.happened();
      if (this.state === 'going') this.ask();
    }
  }

  /** Resolves after that many answers. */
  async reached(count: number): Promise<void> {
    await this.events.until(
      () => this.answered >= count,
      () => false,
      () => `only ${this.answered} answers came`,
    );
  }

  end(): void {
    this.state = 'ending';
  }

  /** The threads of all requests, in order. */
  get expected(): string[] {
    return Array.from({ length: this.asked }, (_, number) => `t${number}`);
  }

  private ask(): void {
    this.client.peer.send(cRequest(`${ROUTER}/${this.service}`, this.client.jid, `t${this.asked++}`, escaped(requestBody('m')), 'x'));
  }
}

test('a server that restarts five times under load loses, doubles and reorders no stanza from or to its peer, and foreign listeners stay', async (t) => {
  const { here, there } = await twoServers(t);
  const foreign = await listen(t, there.address, THEIRS, 'foreign');
  const own = await listen(t, here.c2s, OURS, 'own');
  const asking = [
    new Load(await RawProgram.login(t, here.c2s, 'client', 'opensrf', OURS), 'foreign'),
    new Load(await RawProgram.login(t, there.address, 'client', 'opensrf', THEIRS), 'own'),
    new Load(await RawProgram.login(t, there.address, 'other', 'opensrf', THEIRS), 'foreign'),
  ];
  for (const listener of [foreign, own]) void answerAll(listener).catch(() => {});
  const done = Promise.all(asking.map((load) => load.run(8)));
  const connectedAt = async () => (await here.get<{ peers: readonly PeerFacts[] }>('/api/v1/server')).peers[0]?.connectedAt;
  await Promise.all(asking.map((load) => load.reached(1)));
  const before = await connectedAt();
  for (let count = 0; count < 5; count++) {
    const goal = asking.map(({ answered }) => answered + 40);
    await Promise.race([done, Promise.all(asking.map((load, index) => load.reached(goal[index] as number)))]);
    assert.equal((await here.restart()).ended, 0);
  }
  for (const load of asking) load.end();
  await done;
  for (const { threads, expected } of asking) assert.deepEqual(threads, expected);
  assert.equal(there.server.connectionCount, 5, 'three programs, and the first two streams');
  assert.ok(before);
  assert.equal(await connectedAt(), before);
  const { routers } = await here.get<{ routers: RouterReport[] }>('/api/v1/routers');
  assert.deepEqual(
    routers[0]?.services.flatMap(({ service, listeners }) => listeners.map(({ jid }) => [service, jid])),
    [
      ['foreign', foreign.jid],
      ['own', own.jid],
    ],
  );
});

/** A server that restarts, and its peer played by the test, with a verified stream in each direction. */
async function withPlayedPeer(t: TestContext): Promise<{ here: Site; peer: PeerServer; incoming: Peer; client: RawProgram }> {
  const peer = await PeerServer.listen(t);
  const here = await site(t, peer.port, 'auth=dialback');
  const client = await RawProgram.login(t, here.c2s, 'client', 'opensrf', OURS);
  const incoming = await Peer.connect(t, here.s2s);
  incoming.send(`${serverHeader(THEIRS, OURS)}<db:result from='${THEIRS}' to='${OURS}'>key</db:result>`);
  await confirmKey(await peer.opened());
  await incoming.expect(`<db:result from='${OURS}' to='${THEIRS}' type='valid'/>`);
  return { here, peer, incoming, client };
}

function toPeer(thread: string): string {
  return `<message to='x@${THEIRS}/y'><thread>${thread}</thread><body>hello</body></message>`;
}

const threadOf = (stanza: string) => /<thread>([^<]*)/.exec(stanza)?.[1];

test('a stanza of a peer goes on at the same byte, wherever a restart cuts it', async (t) => {
  const { here, incoming, client } = await withPlayedPeer(t);
  const plain = `<message from='x@${THEIRS}/y' to='${client.jid}'><thread>plain</thread><body>ä€𝄞</body></message>`;
  const strict = `<message from='x@${THEIRS}/y' to='${client.jid}' xmlns:p='urn:p'><p:a b="1"><![CDATA[ä]]></p:a><thread>strict</thread><body/></message>`;
  for (const [stanza, part] of [
    [plain, '<thread>pl'],
    [plain, 'ä'],
    [strict, '<![CDATA['],
    [strict, '<p:a b="'],
  ] as const) {
    const bytes = Buffer.from(stanza);
    const at = bytes.indexOf(part) + Buffer.byteLength(part) - (part === 'ä' ? 1 : 0);
    incoming.send(bytes.subarray(0, at));
    await here.restart();
    incoming.send(bytes.subarray(at));
    assert.equal(threadOf(await client.peer.message()), stanza === plain ? 'plain' : 'strict');
  }
});

test('an element of dialback and a question about a key are answered on the same streams after a restart', async (t) => {
  const { here, peer, incoming, client } = await withPlayedPeer(t);
  const outgoing = peer.stream as Peer;
  client.peer.send(toPeer('first'));
  const [, key] = /<db:result [^>]*>(\w+)<\/db:result>/.exec(await outgoing.expect('</db:result>')) as RegExpExecArray;
  incoming.send(`<db:result from='${THEIRS}' to='${OURS}'`);
  await here.restart();
  incoming.send(`>again</db:result><db:verify from='${THEIRS}' to='${OURS}' id='theirs'>${key}</db:verify>`);
  assert.match(await incoming.expect(/<db:verify [^>]*>/), /^<db:result [^>]*type='valid'\/><db:verify [^>]*type='valid'\/>$/);
  outgoing.send(`<db:result from='${THEIRS}' to='${OURS}' type='valid'/>`);
  assert.equal(threadOf(await outgoing.message()), 'first');
});

test('stanzas that wait for a stream, and one that was begun, wait for that of the next process, in order', async (t) => {
  const peer = await PeerServer.listen(t);
  const here = await site(t, peer.port, 'auth=dialback');
  const client = await RawProgram.login(t, here.c2s, 'client', 'opensrf', OURS);
  for (let number = 0; number < 200; number++) client.peer.send(toPeer(`t${number}`));
  const abandoned = await peer.accepted();
  await abandoned.expect(/<stream:stream [^>]*>/);
  client.peer.send(toPeer('t200').slice(0, 40));
  await here.restart();
  client.peer.send(toPeer('t200').slice(40));
  await abandoned.closed();
  const stream = await peer.acceptedPair();
  for (let number = 0; number <= 200; number++) assert.equal(threadOf(await stream.message()), `t${number}`);
  assert.equal(peer.count, 2);
});

test('a pair whose key is being verified is verified again by the next process', async (t) => {
  const { here, peer, incoming, client } = await withPlayedPeer(t);
  incoming.send(`<db:result from='${THEIRS}' to='private.b'>known</db:result>`);
  await incoming.expect(/type='valid'/);
  const other = await Peer.connect(t, here.s2s);
  other.send(`${serverHeader(THEIRS, OURS)}<db:result from='${THEIRS}' to='${OURS}'>key</db:result>`);
  const asked = await (peer.stream as Peer).expect('</db:verify>');
  const [, id] = /id='([^']+)'/.exec(asked) as RegExpExecArray;
  const restarted = here.restart();
  (peer.stream as Peer).send(`<db:verify from='${THEIRS}' to='${OURS}' id='${id}' type='valid'/>`);
  await other.expect(/<db:result [^>]*type='valid'\/>/);
  await restarted;
  other.send(`<message from='x@${THEIRS}/y' to='${client.jid}'><thread>verified</thread><body/></message>`);
  assert.equal(threadOf(await client.peer.message()), 'verified');
});

test('megabytes that wait for a peer that does not read come whole and in order after a restart', async (t) => {
  const { here, peer, client } = await withPlayedPeer(t);
  const outgoing = peer.stream as Peer;
  client.peer.send(toPeer('first'));
  await acceptPair(outgoing);
  await outgoing.message();
  outgoing.stream.pause();
  const long = 'x'.repeat(200_000);
  for (let number = 0; number < 60; number++) {
    client.peer.send(`<message to='x@${THEIRS}/y'><thread>t${number}</thread><body>${long}</body></message>`);
  }
  client.peer.send(`<iq to='${OURS}' type='get' id='done'><ping xmlns='urn:xmpp:ping'/></iq>`);
  await client.peer.expect("id='done'");
  await here.restart();
  outgoing.stream.resume();
  for (let number = 0; number < 60; number++) {
    const stanza = await outgoing.message();
    assert.deepEqual([threadOf(stanza), stanza.split('x').length > 200_000], [`t${number}`, true]);
  }
});

test('streams over TLS close after what was written, and open again on demand: nothing is lost', async (t) => {
  const folder = temporaryFolder(t);
  const authority = await writeAuthority(folder, 'authority');
  const [own, theirs] = [await authority.sign('own', [OURS]), await authority.sign('theirs', [THEIRS])];
  const rules = `auth=external,ca=${authority.file}`;
  const relay = await relayTo(t, () => here.s2s);
  const there = await startServer(t, {
    domains: [THEIRS],
    tls: { certificate: theirs },
    s2s: { port: 0, peers: [`${OURS}=127.0.0.1:${relay.port},${rules},router=yes`] },
  });
  const port = there.server.listening.s2s[0]?.port ?? 0;
  const here = await site(t, port, rules, '--tls-cert', own.certificate, '--tls-key', own.key);
  const foreign = await listen(t, there.address, THEIRS, 'foreign');
  const own2 = await listen(t, here.c2s, OURS, 'own');
  const asking = [
    new Load(await RawProgram.login(t, here.c2s, 'client', 'opensrf', OURS), 'foreign'),
    new Load(await RawProgram.login(t, there.address, 'client', 'opensrf', THEIRS), 'own'),
  ];
  for (const listener of [foreign, own2]) void answerAll(listener).catch(() => {});
  const done = Promise.all(asking.map((load) => load.run(4)));
  for (let count = 0; count < 2; count++) {
    const goal = asking.map(({ answered }) => answered + 50);
    await Promise.race([done, Promise.all(asking.map((load, index) => load.reached(goal[index] as number)))]);
    await here.restart();
  }
  for (const load of asking) load.end();
  await done;
  for (const { threads, expected } of asking) assert.deepEqual(threads, expected);
});

test('a peer that the new configuration no longer has: its streams close, and what waits for it bounces', async (t) => {
  const peer = await PeerServer.listen(t);
  const file = join(temporaryFolder(t), 'core.xml');
  const account = `<opensrf><domain>${OURS}</domain><username>opensrf</username><passwd>password</passwd></opensrf>`;
  const config = (peers: string) => writeFileSync(file, `<config>${account}<chopchop>${peers}</chopchop></config>`);
  config(`<s2s_port>0</s2s_port><s2s><peer domain='${THEIRS}' address='127.0.0.1:${peer.port}' auth='dialback'/></s2s>`);
  const here = await served(t, '--config', file, '--port', '0');
  const client = await RawProgram.login(t, here.c2s, 'client', 'opensrf', OURS);
  client.peer.send(toPeer('first'));
  const stream = await peer.acceptedPair();
  await stream.message();
  config('');
  await here.restart();
  await stream.closed();
  client.peer.send(toPeer('second'));
  assert.match(await client.peer.message(), /remote-server-not-found/);
});

test('after a restart that fails, the streams go on, and the stanzas that waited for another one are sent', async (t) => {
  const failAt = failingSuccessors(t);
  const { here, peer, incoming, client } = await withPlayedPeer(t);
  const outgoing = peer.stream as Peer;
  client.peer.send(toPeer('on the stream'));
  await acceptPair(outgoing);
  await outgoing.message();
  incoming.send(`<message from='x@${THEIRS}/y' to='${client.jid}'><thread>cut`);
  failAt('before serving');
  await assert.rejects(here.restart());
  incoming.send('</thread><body/></message>');
  assert.equal(threadOf(await client.peer.message()), 'cut');
  outgoing.stream.destroy();
  await outgoing.closed().catch(() => {});
  client.peer.send(toPeer('before'));
  const abandoned = await peer.accepted();
  await assert.rejects(here.restart());
  await abandoned.closed();
  assert.equal(threadOf(await (await peer.acceptedPair()).message()), 'before');
});
