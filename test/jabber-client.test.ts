import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { addressOf } from '../server/net/tcp.ts';
import { JabberClient } from '../server/osrf/jabber-client.ts';
import { LoginError } from '../server/osrf/login.ts';

const HEADER = `<stream:stream id='1' from='localhost' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`;

/** A login at a server that answers a client's first bytes with one text. */
async function loginAt(t: TestContext, answer: string): Promise<JabberClient> {
  const server = createServer((socket) => socket.once('data', () => socket.write(answer))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return JabberClient.login({ ...addressOf(server), domain: 'localhost', username: 'opensrf', password: 'password', resource: 'a' });
}

test('a login that the server refuses fails with its reason', async (t) => {
  const iq = (content: string) => `${HEADER}<iq type='error' id='login'>${content}</iq>`;
  const rows: readonly (readonly [answer: string, reason: RegExp, refused: boolean])[] = [
    [iq(`<error code='401'><not-authorized xmlns='urn:x'/></error>`), /: not-authorized$/, true],
    [iq(`<query/><error code='401'><x/><text>wrong &amp; more</text></error>`), /: wrong & more$/, true],
    [iq(''), /: the server refused$/, true],
    [`${HEADER}<stream:error><host-unknown xmlns='urn:x'/></stream:error></stream:stream>`, /: host-unknown$/, true],
    [`${HEADER}<stream:error/>`, /: stream error$/, true],
    [`${HEADER}<message/></stream:stream>`, /: the server closed the connection$/, false],
    ['HTTP/1.1 400 Bad Request', /not a Jabber server/, false],
  ];
  for (const [answer, reason, refused] of rows) {
    const isReason = (error: unknown) => error instanceof LoginError && reason.test(error.message) && error.refused === refused;
    await assert.rejects(loginAt(t, answer), isReason, answer);
  }
});

test('a login at a server that says nothing fails when its time is up', async (t) => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close());
  const login = { ...addressOf(silent), domain: 'localhost', username: 'opensrf', password: 'password', resource: 'a', loginTimeoutMs: 250 };
  await assert.rejects(JabberClient.login(login), (error) => error instanceof LoginError && /no answer within 0\.25 s/.test(error.message));
});
