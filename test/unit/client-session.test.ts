import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ELSEWHERE } from '../../server/osrf/client-home.ts';
import { OsrfClientSession } from '../../server/osrf/client-session.ts';
import { OsrfError, OsrfTimeout } from '../../server/osrf/errors.ts';
import type { JabberClient } from '../../server/osrf/jabber-client.ts';
import { DEFAULT_ENVELOPE } from '../../shared/osrf/write.ts';
import { Stanza } from '../../shared/stanza.ts';
import { escapeText } from '../../shared/xml.ts';
import { complete, connected, pieces, result, status } from '../support/raw-service.ts';

const SERVICE = 'router@localhost/opensrf.math';
const WORKER = 'opensrf@localhost/drone';
const OTHER = 'opensrf@localhost/other';

/** A session whose peer is the test: `sent` is its output, as `TYPE trace to`. */
function sessionOf(t: TestContext) {
  const sent: string[] = [];
  const jabber = {
    jid: 'opensrf@localhost/client',
    open: true,
    send: (stanza: Stanza) => {
      const [, to, trace, type] = /to='([^']*)'.*?"threadTrace":"(\d+)".*"type":"(\w+)"/s.exec(stanza.toXml()) as RegExpExecArray;
      sent.push(`${type} ${trace} ${to}`);
    },
  };
  const options = {
    thread: 't',
    service: SERVICE,
    envelope: DEFAULT_ENVELOPE,
    timeoutMs: 60_000,
    nextTransactionId: () => '1',
    lossReason: () => 'lost',
    home: ELSEWHERE,
    onEnd: () => {},
  };
  const session = new OsrfClientSession(jabber as unknown as JabberClient, options);
  t.after(() => session.end());
  const comes = (from: string, ...messages: object[]) => session.received(stanzaOf(from, '', bodyOf(...messages)));
  const connect = (worker = WORKER) => comes(worker, connected('C', '0'));
  return { session, jabber, sent, comes, connect };
}

function stanzaOf(from: string, type: string, inner: string): Stanza {
  const stanza = new Stanza('message', 'opensrf@localhost/client', from, type, '');
  stanza.inner = `${inner}</message>`;
  return stanza;
}

function bodyOf(...messages: object[]): string {
  return `<thread>t</thread><body>${escapeText(JSON.stringify(messages))}</body>`;
}

function sentMessage(type: string, threadTrace: string): object {
  return { __c: 'osrfMessage', __p: { type, threadTrace } };
}

const isError = (kind: string, statusCode: number) => (error: unknown) => error instanceof OsrfError && error.kind === kind && error.statusCode === statusCode;

test('an iteration and the promise yield the same results, the iteration also those before an error', async (t) => {
  const { session, comes } = sessionOf(t);
  const good = session.call('m', []);
  comes(WORKER, result('C', '1', 'a'), ...pieces('C', '1', '{"b":[1,2]}', 3), complete('C', '1'));
  assert.deepEqual(await good.answer, { results: ['a', { b: [1, 2] }], from: WORKER });
  const iterated: unknown[] = [];
  for await (const one of good) iterated.push(one);
  assert.deepEqual(iterated, ['a', { b: [1, 2] }]);
  const bad = session.call('m', []);
  comes(WORKER, result('C', '2', 'a'), status('C', '2', 500, 'no'));
  const seen: unknown[] = [];
  await assert.rejects(
    async () => {
      for await (const one of bad) seen.push(one);
    },
    isError('service', 500),
  );
  assert.deepEqual(seen, ['a']);
});

test('pieces that make no JSON fail the request', async (t) => {
  const { session, comes } = sessionOf(t);
  const request = session.call('m', []);
  comes(WORKER, ...pieces('C', '1', '{"b":', 3));
  await assert.rejects(request.answer, /5 characters.*are not JSON/);
});

test('"continue", a result and a piece of one restart the time-out', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { session, comes } = sessionOf(t);
  const request = session.call('m', [], 1000);
  for (const sign of [status('Perl', '1', 100, 'Continue', 'osrfContinueStatus'), result('C', '1', 1), pieces('C', '1', '[2]', 9)[0] as object]) {
    t.mock.timers.tick(999);
    comes(WORKER, sign);
  }
  t.mock.timers.tick(999);
  const late = assert.rejects(request.answer, OsrfTimeout);
  t.mock.timers.tick(1);
  await late;
});

for (const code of [307, 408, 417]) {
  test(`${code} from a worker for a request makes the session connect to another one`, async (t) => {
    const { session, sent, comes, connect } = sessionOf(t);
    session.connect();
    connect();
    session.call('m', []);
    comes(WORKER, status('Perl', '1', code, 'away'));
    assert.equal(session.remote, SERVICE);
    connect(OTHER);
    assert.deepEqual(sent, [`CONNECT 0 ${SERVICE}`, `REQUEST 1 ${WORKER}`, `CONNECT 1 ${SERVICE}`, `REQUEST 1 ${OTHER}`]);
  });
}

test('408 without a request makes the next request connect again; one from a former worker has no effect', (t) => {
  const { session, sent, comes, connect } = sessionOf(t);
  session.connect();
  connect();
  comes(WORKER, status('C', '0', 408, 'Disconnected on timeout'));
  assert.deepEqual(sent, [`CONNECT 0 ${SERVICE}`]);
  session.call('m', []);
  connect(OTHER);
  comes(WORKER, status('C', '0', 408, 'Disconnected on timeout'));
  assert.equal(session.remote, OTHER);
  assert.deepEqual(sent.slice(1), [`CONNECT 1 ${SERVICE}`, `REQUEST 1 ${OTHER}`]);
});

test('a request is not sent again once a part of its answer has come', async (t) => {
  const { session, sent, comes } = sessionOf(t);
  const request = session.call('m', []);
  comes(WORKER, result('C', '1', 1), status('C', '1', 417, 'gone'));
  await assert.rejects(request.answer, isError('service', 417));
  assert.equal(sent.length, 1);
});

test('all requests that a dead worker returns go to one new worker', (t) => {
  const { session, sent, connect } = sessionOf(t);
  session.connect();
  connect();
  session.call('m', []);
  session.call('m', []);
  for (const trace of ['1', '2']) session.received(stanzaOf(WORKER, 'error', `${bodyOf(sentMessage('REQUEST', trace))}<error type='cancel'/>`));
  connect(OTHER);
  assert.deepEqual(sent.slice(3), [`CONNECT 2 ${SERVICE}`, `REQUEST 1 ${OTHER}`, `REQUEST 2 ${OTHER}`]);
});

test('a request that caused the error is not sent to another worker', async (t) => {
  const { session, sent, connect } = sessionOf(t);
  session.connect();
  connect();
  const request = session.call('m', []);
  const tooLong = "<error type='modify' code='406'><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
  session.received(stanzaOf(WORKER, 'error', `${bodyOf(status('C', '1', 406, 'too long'))}${tooLong}`));
  await assert.rejects(request.answer, isError('bounce', 406));
  assert.equal(sent.length, 2);
});

const UNAVAILABLE = "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>";

for (const [who, type, inner, code] of [
  ['ejabberd, without a code', 'error', `${bodyOf(sentMessage('REQUEST', '1'))}<error type='cancel'>${UNAVAILABLE}</error>`, 503],
  ['the C router, without a type', '', `<error type='cancel' code='501'/>${bodyOf(sentMessage('REQUEST', '1'))}`, 501],
  ['a server that returns no body', 'error', `<thread>t</thread><error type='cancel' code='404'/>`, 404],
  ['a server that gives no reason', 'error', '<thread>t</thread>', 500],
] as const) {
  test(`a bounce by ${who} fails the request`, async (t) => {
    const { session } = sessionOf(t);
    const request = session.call('m', []);
    session.received(stanzaOf(SERVICE, type, inner));
    await assert.rejects(request.answer, isError('bounce', code));
  });
}

test('the bounce of a DISCONNECT fails nothing', (t) => {
  const { session, sent } = sessionOf(t);
  session.call('m', []);
  session.received(stanzaOf(WORKER, 'error', `${bodyOf(sentMessage('DISCONNECT', '1'))}<error type='cancel'/>`));
  assert.equal(sent.length, 1);
});

test("a full listener's 503 for request 1 fails the only open request, of any number", async (t) => {
  const { session, comes } = sessionOf(t);
  session.call('m', []);
  comes(WORKER, complete('C', '1'));
  const second = session.call('m', []);
  comes('opensrf@localhost/listener', status('C', '1', 503, 'Service Unavailable'));
  await assert.rejects(second.answer, isError('service', 503));
});

test("a full listener's 503 that names none of several requests fails none of them", async (t) => {
  const { session, comes } = sessionOf(t);
  comes(WORKER, complete('C', session.call('m', []).threadTrace));
  const [second, third] = [session.call('m', []), session.call('m', [])];
  comes('opensrf@localhost/listener', status('C', '1', 503, 'Service Unavailable'));
  for (const { threadTrace } of [second, third]) comes(WORKER, result('C', threadTrace, threadTrace), complete('C', threadTrace));
  assert.deepEqual([(await second.answer).results, (await third.answer).results], [['2'], ['3']]);
});

for (const [what, from, message, kind] of [
  ['a full listener', 'opensrf@localhost/listener', status('C', '1', 503, 'full'), 'service'],
  ['the router', SERVICE, status('C', '0', 404, 'absent'), 'router'],
] as const) {
  test(`a CONNECT refused by ${what} fails the requests that wait for it`, async (t) => {
    const { session, sent, comes } = sessionOf(t);
    const connecting = session.connect();
    const request = session.call('m', []);
    comes(from, message);
    await assert.rejects(connecting, (error: OsrfError) => error.kind === kind);
    await assert.rejects(request.answer, (error: OsrfError) => error.kind === kind);
    assert.equal(sent.length, 1);
  });
}

test('on a lost connection all requests fail at once, later ones too', async (t) => {
  const { session, jabber } = sessionOf(t);
  const request = session.call('m', []);
  jabber.open = false;
  session.lost();
  await assert.rejects(request.answer, isError('connection', 500));
  await assert.rejects(session.call('m', []).answer, isError('connection', 500));
  await assert.rejects(session.connect(), isError('connection', 500));
});

test('the end of a session fails its unanswered requests', async (t) => {
  const { session } = sessionOf(t);
  const request = session.call('m', []);
  session.end();
  await assert.rejects(request.answer, isError('client', 500));
});
