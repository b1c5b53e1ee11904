import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Liveness, type WatchedSession } from '../../server/sessions/liveness.ts';
import { NO_ACCOUNT } from '../../shared/memory-account.ts';
import type { Stanza } from '../../shared/stanza.ts';

const LIMITS = { pingAfterMs: 1_000, pingTimeoutMs: 100 };

/** A session that records the calls to it. */
function watched(answersPings: boolean): WatchedSession & { link: { bytesRead: number; open: boolean }; events: string[] } {
  const events: string[] = [];
  return {
    jid: 'a@localhost/b',
    origin: { jid: 'a@localhost/b', fromAttribute: "from='a@localhost/b'", domain: 'localhost', isRouterAccount: false, session: 1, account: NO_ACCOUNT },
    answersPings,
    deliver: (stanza: Stanza) => void events.push(stanza.toXml()),
    link: { bytesRead: 1, open: true },
    close: (reason, error) => void events.push(`${reason} ${error?.condition}`),
    events,
  };
}

const PING = "<iq to='a@localhost/b' from='localhost' type='get' id='ping'><ping xmlns='urn:xmpp:ping'/></iq>";

test('a silent session is pinged once, and ended if it does not answer', () => {
  const liveness = new Liveness(LIMITS);
  const session = watched(true);
  for (const now of [0, 999]) liveness.check([session], now);
  assert.deepEqual(session.events, []);
  for (const now of [1_000, 1_099]) liveness.check([session], now);
  assert.deepEqual(session.events, [PING]);
  liveness.check([session], 1_100);
  assert.deepEqual(session.events, [PING, 'ping-timeout connection-timeout']);
});

test('any input of a session restarts its time', () => {
  const liveness = new Liveness(LIMITS);
  const session = watched(true);
  for (const now of [0, 900]) {
    session.link.bytesRead++;
    liveness.check([session], now);
  }
  liveness.check([session], 1_899);
  assert.deepEqual(session.events, []);
  liveness.check([session], 1_900);
  session.link.bytesRead++;
  for (const now of [2_100, 3_099]) liveness.check([session], now);
  assert.deepEqual(session.events, [PING]);
});

test('a session without a version may be silent forever, and so may any session without pings', () => {
  const versionless = watched(false);
  const modern = watched(true);
  for (const now of [0, 1_000_000, 2_000_000]) {
    new Liveness(LIMITS).check([versionless], now);
    new Liveness({ pingAfterMs: 0, pingTimeoutMs: 0 }).check([modern], now);
  }
  assert.deepEqual([...versionless.events, ...modern.events], []);
});

test('a session without a connection is left alone', () => {
  const liveness = new Liveness(LIMITS);
  const session = watched(true);
  session.link.open = false;
  for (const now of [0, 1_000, 2_000]) liveness.check([session], now);
  assert.deepEqual(session.events, []);
});
