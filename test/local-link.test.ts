import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { ConfigInput } from '../server/config/config.ts';
import { LoginError } from '../server/osrf/login.ts';
import { StreamError } from '../shared/errors.ts';
import type { Stanza } from '../shared/stanza.ts';
import { cRequest, requestBody } from './support/osrf.ts';
import { Peer } from './support/peer.ts';
import { readStanza } from './support/reading.ts';
import { startServer } from './support/server.ts';

const DOMAIN = 'localhost';
const ACCOUNT = { username: 'opensrf', domain: DOMAIN, password: 'password' } as const;
const REGISTRATION = `<message to='router@${DOMAIN}/router'><opensrf router_command='register' router_class='opensrf.math'/><body/></message>`;

async function setUp(t: TestContext, config: ConfigInput = {}) {
  const { server, address, log } = await startServer(t, { domains: [DOMAIN], ...config });
  const login = (resource: string) => {
    const program = server.login({ ...ACCOUNT, resource });
    const received: Stanza[] = [];
    let closed = 0;
    program.onMessage = (stanza) => void received.push(stanza);
    program.onClose = () => closed++;
    const link = [...server.sessions].find(({ jid }) => jid === program.jid)?.link;
    assert.ok(link);
    return { program, received, link, closed: () => closed };
  };
  const peer = async (resource: string) => (await Peer.connect(t, address)).login('opensrf', DOMAIN, resource);
  return { server, log, login, peer };
}

/** Resolves when the server has dealt with all that a peer has sent. */
async function settled(peer: Peer): Promise<void> {
  peer.send(`<iq type='get' id='settled' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`);
  await peer.expect("id='settled'/>");
}

function message(to: string, body: string, from = ''): Stanza {
  return readStanza(`<message to='${to}' from='${from}'><thread>t</thread><body>${body}</body></message>`);
}

test('a program of this process is stamped like any client, and its router_from is ignored', async (t) => {
  const { login, peer } = await setUp(t);
  const { program } = login('program');
  const alice = await peer('alice');
  program.send(
    readStanza(`<message to='opensrf@${DOMAIN}/alice' from='router@${DOMAIN}/router'><opensrf router_from='root@${DOMAIN}/x'/><body>1</body></message>`),
  );
  const came = await alice.message();
  assert.match(came, new RegExp(`from='opensrf@${DOMAIN}/program'`));
  assert.doesNotMatch(came, /root@/);
});

test('stanzas to a program reach it in order, at the end of the turn', async (t) => {
  const { login } = await setUp(t);
  const { program: sender } = login('sender');
  const { received } = login('receiver');
  for (const body of ['1', '2', '3']) sender.send(message(`opensrf@${DOMAIN}/receiver`, body));
  assert.equal(received.length, 0);
  await turn();
  assert.deepEqual(
    received.map(({ inner }) => /<body>(\d)/.exec(inner)?.[1]),
    ['1', '2', '3'],
  );
});

test('a program logs in by the rules of a client', async (t) => {
  const { server, login } = await setUp(t, { limits: { sessions: 1 } });
  const refused = (credentials: object, reason: RegExp) =>
    assert.throws(
      () => server.login({ ...ACCOUNT, resource: 'x', ...credentials }),
      (error) => error instanceof LoginError && error.refused && reason.test(error.message),
    );
  refused({ password: 'wrong' }, /wrong user name or password/);
  refused({ username: 'stranger' }, /wrong user name or password/);
  refused({ domain: 'elsewhere.example' }, /host-unknown/);
  refused({ resource: '' }, /resource/);
  const first = login('one');
  refused({ resource: 'two' }, /its limit of 1 sessions/);
  const second = login('one');
  await turn();
  assert.deepEqual([first.program.open, first.closed(), second.program.open], [false, 1, true], 'the same address replaces the first');
});

test('a stanza of a program that is over the limit bounces, and its session lives', async (t) => {
  const { login } = await setUp(t, { limits: { stanzaBytes: 1_000 } });
  const { program, received } = login('program');
  program.send(message(`opensrf@${DOMAIN}/program`, 'x'.repeat(2_000)));
  program.send(message(`opensrf@${DOMAIN}/program`, 'small'));
  await turn();
  assert.deepEqual(
    received.map(({ type, inner }) => [type, /policy-violation|small/.exec(inner)?.[0]]),
    [
      ['error', 'policy-violation'],
      ['', 'small'],
    ],
  );
});

test('a stalled program is passed over as a listener, then closed as a slow reader; its stanzas go to the next listener or bounce', async (t) => {
  const { server, login, peer } = await setUp(t, { limits: { outboxBytes: 20_000, stalledAfterMs: 0, stalledBytes: 0 } });
  const [first, second] = [login('first'), login('second')];
  for (const { program } of [first, second]) program.send(readStanza(REGISTRATION));
  const release = first.link.hold();
  t.after(release);
  const alice = await peer('alice');
  alice.send(cRequest(`router@${DOMAIN}/opensrf.math`, '', 'r1', requestBody('add')));
  await settled(alice);
  assert.deepEqual([first.link.stalled, second.received.length], [true, 0]);
  for (const thread of ['r2', 'r3']) alice.send(cRequest(`router@${DOMAIN}/opensrf.math`, '', thread, requestBody('add')));
  await settled(alice);
  assert.deepEqual(
    second.received.map(({ thread }) => thread),
    ['r2', 'r3'],
  );
  alice.send(cRequest(`opensrf@${DOMAIN}/first`, '', 'direct', 'x'.repeat(30_000)));
  await alice.expect("type='error'");
  await settled(alice);
  assert.deepEqual([first.program.open, first.closed(), server.counts.closes.get('slow-reader')], [false, 1, 1]);
  assert.deepEqual(
    second.received.map(({ thread }) => thread),
    ['r2', 'r3', 'r1'],
  );
});

test('a program that fails on a stanza gets all others, and the failure is logged', async (t) => {
  const { log, login, peer } = await setUp(t);
  const { program } = login('program');
  const seen: string[] = [];
  program.onMessage = ({ inner }) => {
    seen.push(/<body>(\w*)/.exec(inner)?.[1] ?? '');
    if (seen.length === 1) throw new Error('on purpose');
  };
  const alice = await peer('alice');
  for (const body of ['bad', 'good']) alice.send(cRequest(`opensrf@${DOMAIN}/program`, '', 't', body));
  await settled(alice);
  assert.deepEqual([seen, program.open], [['bad', 'good'], true]);
  assert.equal(log.lines.filter(({ message: text }) => text === 'a program in this process failed on a stanza').length, 1);
});

test('a program whose session ends during a delivery gets no more stanzas; the rest bounces', async (t) => {
  const { login, peer } = await setUp(t);
  const { program, closed } = login('program');
  const seen: string[] = [];
  program.onMessage = ({ thread }) => {
    seen.push(thread);
    void program.close();
  };
  const alice = await peer('alice');
  alice.send(cRequest(`opensrf@${DOMAIN}/program`, '', 'one', 'x') + cRequest(`opensrf@${DOMAIN}/program`, '', 'two', 'x'));
  const bounced = await alice.message();
  assert.match(bounced, /<thread>two<\/thread>/);
  assert.deepEqual([seen, closed(), program.open], [['one'], 1, false]);
});

test('a stop of the server ends the sessions of programs', async (t) => {
  const { server, login } = await setUp(t);
  const { program, closed } = login('program');
  await server.stop();
  assert.deepEqual([program.open, closed(), server.sessionCount, server.counts.closes.get('server-stopped')], [false, 1, 0, 1]);
  program.send(message(`opensrf@${DOMAIN}/x`, 'after the end'));
});

test('taps see the stanzas from and to programs', async (t) => {
  const { server, login } = await setUp(t);
  const seen: string[] = [];
  t.after(
    server.watch({
      bound: () => {},
      ended: () => {},
      read: (session) => void seen.push(`read ${session.jid}`),
      delivered: (session) => void seen.push(`to ${session.jid}`),
    }),
  );
  const { program } = login('program');
  program.send(message(program.jid, '1'));
  assert.deepEqual(seen, [`read ${program.jid}`, `to ${program.jid}`]);
});

test("a session's error ends it as on a connection", async (t) => {
  const { server, login } = await setUp(t);
  const { program } = login('program');
  server.intercept({
    take: () => {
      throw new StreamError('policy-violation', 'on purpose');
    },
  });
  program.send(message(program.jid, '1'));
  server.intercept(null);
  assert.deepEqual([program.open, server.counts.closes.get('stream-error')], [false, 1]);
});
