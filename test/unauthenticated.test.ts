import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Limits } from '../server/config/limits.ts';
import { header, Peer } from './support/peer.ts';
import { scramFinal } from './support/scram-client.ts';
import { startServer } from './support/server.ts';

const DOMAIN = 'localhost';

async function setUp(t: TestContext, limits: Partial<Limits> = {}) {
  const { server, address, log } = await startServer(t, { domains: [DOMAIN], limits });
  const open = async (localAddress = '127.0.0.1') => {
    const socket = connect({ ...address, localAddress, noDelay: true });
    await once(socket, 'connect');
    t.after(() => void socket.destroy());
    return new Peer(socket);
  };
  const login = async (resource: string) => (await open()).login('opensrf', DOMAIN, resource);
  const closes = () => server.counts.closes.get('crowded-out') ?? 0;
  return { server, log, open, login, closes };
}

test('the unauthenticated connections of one address are bounded: the oldest is closed with the reason, and new ones can log in', async (t) => {
  const { server, open, login, closes } = await setUp(t, { pendingOfAddress: 20 });
  const peers: Peer[] = [];
  for (let index = 0; index < 30; index++) peers.push(await open());
  for (const peer of peers.slice(0, 10)) assert.match(await peer.closed(), /<resource-constraint .*too many unauthenticated connections/);
  await login('late');
  assert.deepEqual([closes(), server.sessionCount, server.connectionCount], [11, 1, 20]);
  assert.equal(peers[29]?.ended, false);
});

test('connections that have not logged in are bounded in all: an address with one keeps it while others have more', async (t) => {
  const { open, closes } = await setUp(t, { pendingConnections: 10 });
  const lonely = await open('127.0.0.2');
  for (let index = 0; index < 30; index++) await open('127.0.0.3');
  lonely.send(header(DOMAIN));
  await lonely.expect('<stream:stream');
  assert.equal(closes(), 21);
});

test('a whole site logs in from one address at once while as many connections as may be hold on without logging in', async (t) => {
  const { server, open, login } = await setUp(t, { pendingOfAddress: 300 });
  for (let index = 0; index < 300; index++) await open();
  await Promise.all(Array.from({ length: 250 }, (_, index) => login(`drone${index}`)));
  assert.equal(server.sessionCount, 250);
});

test('when connections that never log in are gone, so is the memory they took', async (t) => {
  const { server } = await setUp(t);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const comeAndGo = async (count: number) => {
    for (let index = 0; index < count; index++) {
      const peer = Peer.inMemory(server, `10.${index % 200}.0.1:1`);
      peer.send(`${header(DOMAIN)}<iq type='get' id='1'><query xmlns='jabber:iq:auth'><username>x`);
      if (index % 3 === 0) await peer.expect('<stream:stream');
      peer.stream.destroy();
    }
    while (server.connectionCount > 0) await new Promise(setImmediate);
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await comeAndGo(2_000);
  const after = await comeAndGo(10_000);
  assert.ok(after < before + 3_000_000, `${before} bytes, then ${after}`);
});

test('a peer that sends one byte after the other is closed when the time to log in is up', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { server } = await setUp(t, { loginTimeoutMs: 10_000 });
  const peer = Peer.inMemory(server);
  for (const byte of header(DOMAIN, ` x='${'y'.repeat(2_000)}'`).slice(0, 1_000)) {
    assert.equal(server.counts.closes.size, 0);
    peer.send(byte);
    await turn();
    t.mock.timers.tick(10);
  }
  assert.match(await peer.closed(), /<connection-timeout /);
  assert.equal(server.counts.closes.get('login-timeout'), 1);
});

test('a flood of stanzas before login gets one error, and none is delivered', async (t) => {
  const { open, login } = await setUp(t);
  const victim = await login('victim');
  const peer = await open();
  peer.send(header(DOMAIN) + `<message to='opensrf@${DOMAIN}/victim'/>`.repeat(100));
  assert.equal((await peer.closed()).split('<stream:error>').length - 1, 1);
  assert.match(peer.transcript, /<not-authorized /);
  victim.send(`<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>`);
  assert.match(await victim.expect("id='1'/>"), /^<iq /);
});

function iqAuthSet(username: string, secret: string): string {
  return `<iq id='1' type='set'><query xmlns='jabber:iq:auth'><username>${username}</username>${secret}<resource>r</resource></query></iq>`;
}

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex');

const WAYS: readonly (readonly [way: string, extra: string, login: (username: string, id: string) => string])[] = [
  ['a password', '', (username) => iqAuthSet(username, '<password>wrong</password>')],
  ['no password', '', (username) => iqAuthSet(username, '<password/>')],
  ['a digest', '', (username, id) => iqAuthSet(username, `<digest>${sha1(`${id}wrong`)}</digest>`)],
  ['the digest of no password', '', (username, id) => iqAuthSet(username, `<digest>${sha1(id)}</digest>`)],
  [
    'PLAIN',
    " version='1.0'",
    (username) => `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${Buffer.from(`\0${username}\0wrong`).toString('base64')}</auth>`,
  ],
];

for (const [way, extra, loginXml] of WAYS) {
  test(`a wrong login by ${way} is answered alike for a user that exists and one that does not`, async (t) => {
    const { open } = await setUp(t);
    const answers: string[] = [];
    for (const username of ['opensrf', 'nobody', '__proto__']) {
      const peer = await open();
      peer.send(header(DOMAIN, extra));
      const [, id = ''] = /id='([^']+)'/.exec(await peer.expect(extra === '' ? /<stream:stream [^>]*>/ : '</stream:features>')) ?? [];
      peer.send(loginXml(username, id));
      answers.push(await peer.expect(/<\/iq>|<\/failure>/));
    }
    assert.match(answers[0] ?? '', /not-authorized/);
    assert.deepEqual(answers, [answers[0], answers[0], answers[0]]);
  });
}

for (const [mechanism, hash] of [
  ['SCRAM-SHA-1', 'sha1'],
  ['SCRAM-SHA-256', 'sha256'],
] as const) {
  test(`a wrong login by ${mechanism} is answered alike for a user that exists and one that does not, and a proof is of no use again`, async (t) => {
    const { open, server } = await setUp(t);
    const sasl = (name: string, text: string, attributes = '') =>
      `<${name} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'${attributes}>${Buffer.from(text).toString('base64')}</${name}>`;
    /** @returns a function that makes the server's answer to a last message. */
    const begin = async (username: string) => {
      const peer = await open();
      peer.send(header(DOMAIN, " version='1.0'"));
      await peer.expect('</stream:features>');
      const first = `n,,n=${username},r=nonce`;
      peer.send(sasl('auth', first, ` mechanism='${mechanism}'`));
      const [, challenge = ''] = /<challenge [^>]*>([^<]*)</.exec(await peer.expect('</challenge>')) ?? [];
      const final = (password: string) => scramFinal(first, Buffer.from(challenge, 'base64').toString(), hash, password).message;
      const finish = async (message: string) => {
        peer.send(sasl('response', message));
        return peer.expect(/<\/failure>|<\/success>/);
      };
      return { final, finish };
    };
    const answers: string[] = [];
    for (const username of ['opensrf', 'nobody', '__proto__']) {
      const { final, finish } = await begin(username);
      answers.push(await finish(final('wrong')));
    }
    assert.match(answers[0] ?? '', /not-authorized/);
    assert.deepEqual(answers, [answers[0], answers[0], answers[0]]);
    const recorded = await begin('opensrf');
    const proof = recorded.final('password');
    const replayed = await begin('opensrf');
    assert.match(await replayed.finish(proof), /not-authorized/);
    assert.equal(server.sessionCount, 0);
    assert.match(await recorded.finish(proof), /<success /);
  });
}

test('a digest is of no use on another stream', async (t) => {
  const { open, server } = await setUp(t);
  const start = async () => {
    const peer = await open();
    peer.send(header(DOMAIN));
    const [, id = ''] = /id='([^']+)'/.exec(await peer.expect(/<stream:stream [^>]*>/)) ?? [];
    return { peer, digest: `<digest>${sha1(`${id}password`)}</digest>` };
  };
  const [recorded, other] = [await start(), await start()];
  other.peer.send(iqAuthSet('opensrf', recorded.digest));
  await other.peer.expect('not-authorized');
  assert.equal(server.sessionCount, 0);
  recorded.peer.send(iqAuthSet('opensrf', recorded.digest));
  await recorded.peer.expect("type='result'");
});

test('after too many failures of its address the answer to a failed login is delayed, and that to a right one is not', async (t) => {
  const { open, login, server } = await setUp(t, { failedLogins: 2, failedLoginDelayMs: 60_000, loginTimeoutMs: 120_000 });
  const peer = await open();
  peer.send(header(DOMAIN));
  for (let failure = 0; failure < 2; failure++) {
    peer.send(iqAuthSet('opensrf', '<password>wrong</password>'));
    await peer.expect('</error></iq>');
  }
  const late = await open();
  late.send(header(DOMAIN));
  await late.expect(/<stream:stream [^>]*>/);
  late.send(iqAuthSet('opensrf', '<password>wrong</password>'));
  for (let index = 0; index < 5; index++) await login(`r${index}`);
  assert.deepEqual([late.received, late.ended, server.sessionCount], ['', false, 5]);
  late.send(iqAuthSet('opensrf', '<password>password</password>'));
  assert.match(await late.closed(), /<policy-violation .*a login is still pending/);
});

test('the delayed answer to a failed login arrives, and the client may try again', async (t) => {
  const { open } = await setUp(t, { failedLogins: 0, failedLoginDelayMs: 20 });
  const peer = await open();
  peer.send(header(DOMAIN));
  peer.send(iqAuthSet('opensrf', '<password>wrong</password>'));
  await peer.expect('not-authorized');
  await peer.expect('</iq>');
  peer.send(iqAuthSet('opensrf', '<password>password</password>'));
  await peer.expect("type='result'");
});

test('the number of sessions is bounded; a client that was refused may try again', async (t) => {
  const { open, login } = await setUp(t, { sessions: 2 });
  const [first] = [await login('a'), await login('b')];
  const third = await open();
  third.send(header(DOMAIN) + iqAuthSet('opensrf', '<password>password</password>'));
  await third.expect(/<error .*<resource-constraint .*<\/iq>/);
  first.send('</stream:stream>');
  await first.closed();
  third.send(iqAuthSet('opensrf', '<password>password</password>'));
  await third.expect("type='result'");
});

test('a failure to accept a peer does not end the server, and is logged', async (t) => {
  const { server, log, login } = await setUp(t);
  const { sockets } = (server as unknown as { parts: { listeners: { sockets: { server: EventEmitter }[] } } }).parts.listeners;
  sockets[0]?.server.emit('error', new Error('accept ENFILE'));
  assert.deepEqual(
    log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message),
    ['could not accept a connection'],
  );
  await login('a');
});
