import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ledger } from '../../router/ledger/ledger.ts';
import type { RouterOptions } from '../../router/ports/options.ts';
import { Router } from '../../router/router.ts';
import { bodyText } from '../../shared/osrf/read.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { commandXml, completeBody, FakeEnvironment, type FakeSession, messageXml, ROUTER_OPTIONS, requestBody } from '../support/fakes.ts';
import { readStanza } from '../support/reading.ts';

const TOP = 'router@localhost/router';
const RESULT = '[{"__c":"osrfMessage","__p":{"threadTrace":"3","locale":"en-US","api_level":1,"type":"RESULT","payload":{"__c":"osrfResult","__p":';
const STATUS = '[{"__c":"osrfMessage","__p":{"threadTrace":"3","locale":"en-US","api_level":1,"type":"STATUS","payload":';
const COMPLETE = `${STATUS}{"__c":"osrfConnectStatus","__p":{"status":"Request Complete","statusCode":"205"}}}}]`;

function setUp(options: Partial<RouterOptions> = {}) {
  const environment = new FakeEnvironment();
  const unanswered = new Ledger({ requests: 1_000, bytes: 1_000_000 }, environment);
  const router = new Router({ ...ROUTER_OPTIONS, ...options }, environment, unanswered);
  router.resume();
  const listen = (resource: string, ...classNames: string[]): FakeSession => {
    const listener = environment.login(`o@localhost/${resource}`);
    for (const className of classNames) environment.send(listener, commandXml('register', className));
    return listener;
  };
  const end = (session: FakeSession): void => {
    environment.withdraw(session);
    router.sessionEnded(session.origin.session, session.jid);
    router.allReturned(session.origin.session);
  };
  return { environment, router, unanswered, listen, end, clock: environment.clock };
}

type Setting = ReturnType<typeof setUp>;

/** The bodies of the answers to one query. */
function ask({ environment }: Setting, method: string, ...params: unknown[]): string[] {
  const client = environment.login('o@localhost/asker');
  environment.send(client, messageXml(TOP, 't', requestBody(3, method, params)));
  environment.withdraw(client);
  const answers = client.take();
  for (const { from, thread, transactionId } of answers) assert.deepEqual([from, thread, transactionId], [TOP, 't', '']);
  return answers.map(bodyText);
}

function assertAnswered(setting: Setting, content: string, method: string, ...params: unknown[]): void {
  assert.deepEqual(ask(setting, method, ...params), [`${RESULT}{"status":null,"statusCode":"0","content":${content}}}}}]`, COMPLETE], method);
}

function assertRefusedWith(setting: Setting, statusCode: number, status: string, method: string, ...params: unknown[]): void {
  const payload = `{"__c":"osrfMethodException","__p":{"status":${status},"statusCode":"${statusCode}"}}`;
  assert.deepEqual(ask(setting, method, ...params), [`${STATUS}${payload}}}]`], method);
}

function sendTo({ environment }: Setting, client: FakeSession, className: string, thread: string): void {
  environment.send(client, messageXml(`router@localhost/${className}`, thread, requestBody(1)));
}

const threads = (stanzas: readonly Stanza[]): string[] => stanzas.map(({ thread }) => thread);

test('queries of a router without classes have their empty answers', () => {
  const setting = setUp();
  assertAnswered(setting, '[]', 'opensrf.router.info.class.list');
  assertAnswered(setting, '{}', 'opensrf.router.info.stats.class.all');
  assertAnswered(setting, '{}', 'opensrf.router.info.stats.class.node.all');
  assertAnswered(setting, '{}', 'opensrf.router.info.summarize');
});

test('queries count each listener’s requests, in order of registration', () => {
  const setting = setUp();
  setting.listen('l2', 'opensrf.settings', 'opensrf.math');
  setting.listen('l1', 'opensrf.math');
  const client = setting.environment.login('o@localhost/c');
  for (const thread of ['a', 'b', 'c']) sendTo(setting, client, 'opensrf.math', thread);
  assertAnswered(setting, '["opensrf.settings","opensrf.math"]', 'opensrf.router.info.class.list');
  assertAnswered(setting, '3', 'opensrf.router.info.stats.class.summary', 'opensrf.math');
  assertAnswered(setting, '0', 'opensrf.router.info.stats.class.summary', 'opensrf.settings');
  assertAnswered(setting, '{"o@localhost/l2":2,"o@localhost/l1":1}', 'opensrf.router.info.stats.class', 'opensrf.math');
  assertAnswered(
    setting,
    '{"opensrf.settings":{"o@localhost/l2":0},"opensrf.math":{"o@localhost/l2":2,"o@localhost/l1":1}}',
    'opensrf.router.info.stats.class.all',
  );
  assertAnswered(setting, '{"opensrf.settings":0,"opensrf.math":3}', 'opensrf.router.info.stats.class.node.all');
});

test('the summary has all classes and listeners', () => {
  const setting = setUp();
  const listener = setting.listen('l', 'opensrf.math');
  sendTo(setting, setting.environment.login('o@localhost/c'), 'opensrf.math', 't');
  listener.stalled = true;
  const node = '{"o@localhost/l":{"count":1,"unanswered":1,"since":"2023-11-14T22:13:20.000Z","stalled":true,"draining":false}}';
  assertAnswered(setting, `{"opensrf.math":{"count":1,"since":"2023-11-14T22:13:20.000Z","nodes":${node}}}`, 'opensrf.router.info.summarize');
});

test('an invalid query gets the reason', () => {
  const setting = setUp();
  setting.listen('l', 'opensrf.math');
  for (const method of ['opensrf.router.info.stats.class', 'opensrf.router.info.stats.class.summary']) {
    assertRefusedWith(setting, 404, '"Class \\u00e9 is not registered with this router"', method, '\u00e9');
    assertRefusedWith(setting, 404, '"Class __proto__ is not registered with this router"', method, '__proto__');
    for (const params of [[], [1], [null], [['opensrf.math']], [{}]])
      assertRefusedWith(setting, 400, '"The first parameter must be the name of a class"', method, ...params);
  }
  for (const method of ['', 'opensrf.router.info', 'toString', '__proto__', 'constructor'])
    assertRefusedWith(setting, 404, '"Router method not found"', method);
});

test('only CONNECT and REQUEST are answered, each message of a body in turn', () => {
  const setting = setUp();
  const client = setting.environment.login('o@localhost/c');
  const types = ['CONNECT', 'STATUS', 'REQUEST', 'DISCONNECT', 'RESULT', 'CONNECT'];
  const body = JSON.stringify(types.map((type) => ({ __c: 'osrfMessage', __p: { threadTrace: 3, api_level: 1, type } })));
  setting.environment.send(client, messageXml(TOP, 't', body));
  const connected = `${STATUS}{"__c":"osrfConnectStatus","__p":{"status":"Connection Successful","statusCode":"200"}}}}]`;
  assert.deepEqual(client.take().map(bodyText), [
    connected,
    `${STATUS}{"__c":"osrfMethodException","__p":{"status":"Router method not found","statusCode":"404"}}}}]`,
    connected,
  ]);
});

test('the old query has its answer in lines', () => {
  const setting = setUp();
  setting.listen('l1', 'b', 'a');
  setting.listen('l2', 'a');
  const client = setting.environment.login('o@localhost/c');
  for (const subject of ['classes', ' servers\n', 'everything']) setting.environment.send(client, commandXml('query', '', subject));
  assert.deepEqual(client.take().map(bodyText), [
    'b\na',
    'b o@localhost/l1\na o@localhost/l1\na o@localhost/l2',
    'unknown query "everything": ask for "servers" or "classes"',
  ]);
});

const ODD_NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'a/b',
  'a b',
  'j\u00f6rg',
  '\u{1f431}',
  '%s%n',
  '"\\',
  `<'&">`,
  '10',
  '9',
  'x'.repeat(1023),
  '\u20ac'.repeat(341),
];

test('a class may have any name that is a resource', () => {
  const setting = setUp();
  const listener = setting.listen('l', ...ODD_NAMES);
  const client = setting.environment.login('o@localhost/c');
  for (const name of ODD_NAMES) sendTo(setting, client, name, name);
  assert.deepEqual(threads(listener.take()).length, ODD_NAMES.length);
  assert.deepEqual([...setting.router.classes.keys()], ODD_NAMES);
  const [list = ''] = ask(setting, 'opensrf.router.info.class.list');
  assert.deepEqual(JSON.parse(list)[0].__p.payload.__p.content, ODD_NAMES);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything outside ASCII
  assert.doesNotMatch(list, /[^\u0000-\u007e]/);
  for (const name of ODD_NAMES) assertAnswered(setting, '1', 'opensrf.router.info.stats.class.summary', name);
  const [all = ''] = ask(setting, 'opensrf.router.info.stats.class.node.all');
  for (const name of ['"__proto__":1', '"10":1,"9":1', '"a/b":1', '"\\"\\\\":1']) assert.ok(all.includes(name), name);
  for (const name of ODD_NAMES) setting.environment.send(listener, commandXml('unregister', name));
  assert.equal(setting.router.classes.size, 0);
});

test("an invalid class name, and the router's own resource, are refused with the reason", () => {
  const setting = setUp();
  const listener = setting.environment.login('o@localhost/l');
  for (const name of ['', 'router', '\u007f', 'a\nb', 'x'.repeat(1024), '\u20ac'.repeat(342)]) {
    setting.environment.send(listener, commandXml('register', name));
    assert.match(listener.take()[0]?.inner ?? '', /<error code='400' type='modify'><bad-request /, JSON.stringify(name));
  }
  assert.equal(setting.router.classes.size, 0);
  assert.equal(setting.environment.directory.get(TOP), setting.router);
});

test('registering and unregistering twice is the same as once, and is not answered', () => {
  const setting = setUp();
  const listener = setting.listen('l', 'a', 'a');
  assert.equal(setting.router.classes.get('a')?.nodes.size, 1);
  for (let times = 0; times < 2; times++) setting.environment.send(listener, commandXml('unregister', 'a'));
  setting.environment.send(listener, commandXml('unregister', 'never'));
  assert.deepEqual([setting.router.classes.size, listener.received.length], [0, 0]);
  assert.equal(setting.environment.directory.has('router@localhost/a'), false);
});

test('a class whose address a session holds is refused, and free when that has ended', () => {
  const setting = setUp();
  const holder = setting.environment.login('router@localhost/a');
  const listener = setting.listen('l', 'a');
  assert.match(listener.take()[0]?.inner ?? '', /<conflict /);
  assert.equal(setting.router.classes.size, 0);
  setting.end(holder);
  setting.environment.send(listener, commandXml('register', 'a'));
  assert.equal(setting.environment.directory.get('router@localhost/a'), setting.router.classes.get('a'));
});

test('commands and queries are for trusted server domains, requests for trusted client domains', () => {
  const setting = setUp();
  const stranger = setting.environment.login('o@elsewhere/s');
  const client = setting.environment.login('o@public.localhost/c');
  const listener = setting.listen('l', 'a');
  for (const session of [stranger, client]) {
    setting.environment.send(session, commandXml('register', 'b'));
    assert.match(session.take()[0]?.inner ?? '', /<forbidden /);
    setting.environment.send(session, messageXml(TOP, 't', requestBody(3)));
    assert.match(bodyText(session.take()[0] as Stanza), /"statusCode":"403"/);
  }
  assert.equal(setting.router.classes.has('b'), false);
  for (const className of ['a', 'absent']) {
    sendTo(setting, stranger, className, 't');
    assert.match(bodyText(stranger.take()[0] as Stanza), /"statusCode":"403"/, className);
  }
  sendTo(setting, client, 'a', 't');
  assert.deepEqual(threads(listener.take()), ['t']);
  setting.router.trust(new Set(), new Set(['elsewhere']));
  sendTo(setting, stranger, 'a', 'u');
  sendTo(setting, client, 'a', 'v');
  assert.deepEqual(threads(listener.take()), ['u']);
});

test('a listener gets the request with the class as sender and the real sender in router_from', () => {
  const setting = setUp();
  const listener = setting.listen('l', 'a');
  sendTo(setting, setting.environment.login('o@localhost/c'), 'a', 't');
  const [request] = listener.take() as [Stanza];
  assert.deepEqual([request.to, request.from, request.routerFrom, request.transactionId], ['o@localhost/l', 'router@localhost/a', 'o@localhost/c', '7']);
});

test('a misleading request reaches no listener, whether the class is present, drained, held for or at a peer', () => {
  const setting = setUp({ holdMs: 1_000 });
  const peer = setUp();
  setting.environment.peerRouters = [peer.router];
  const listener = setting.listen('l', 'present', 'drained');
  const peerListener = peer.listen('p', 'peers');
  setting.router.drain('drained', '', true);
  const client = setting.environment.login('o@localhost/c');
  for (const className of ['present', 'drained', 'later', 'peers']) {
    setting.environment.send(
      client,
      `<message to='router@localhost/${className}'><opensrf osrf_xid='7'/><thread>t</thread><body/><opensrf router_from='evil@x/y'/></message>`,
    );
    assert.match(client.take()[0]?.inner ?? '', /<error code='406' type='modify'><not-acceptable /, className);
  }
  setting.router.drain('drained', '', false);
  setting.environment.send(listener, commandXml('register', 'later'));
  assert.deepEqual([listener.take(), peerListener.take()], [[], []]);
});

test('a thread with elements in it is never repeated, even in a later answer', () => {
  const setting = setUp({ holdMs: 1_000 });
  const listener = setting.listen('l', 'a');
  const client = setting.environment.login('o@localhost/c');
  for (const className of ['a', 'a', 'a', 'absent']) {
    setting.environment.send(
      client,
      `<message to='router@localhost/${className}' xmlns:p='urn:p'><thread><p:x/></thread><body>${requestBody(1).replaceAll('"', '&quot;')}</body></message>`,
    );
  }
  setting.end(listener);
  setting.clock.advance(10_000);
  for (const answer of client.take()) bodyText(answer);
  assert.equal(setting.unanswered.size, 0);
});

test('two routers that are peers of each other do not pass a request back and forth while both drain its class', () => {
  for (const holdMs of [0, 1_000]) {
    const [one, other] = [setUp({ holdMs }), setUp({ holdMs })];
    one.environment.peerRouters = [other.router];
    other.environment.peerRouters = [one.router];
    for (const setting of [one, other]) {
      setting.listen('l', 'a');
      setting.router.drain('a', '', true);
    }
    const client = one.environment.login('o@localhost/c');
    sendTo(one, client, 'a', 't');
    one.clock.advance(holdMs);
    assert.deepEqual(threads(client.take()), ['t'], 'one answer');
  }
});

test('a peer hands the request to its listener if that takes requests', () => {
  const [setting, peer] = [setUp(), setUp()];
  setting.environment.peerRouters = [peer.router];
  const listener = peer.listen('p', 'a');
  const client = setting.environment.login('o@localhost/c');
  sendTo(setting, client, 'a', 't');
  assert.deepEqual(threads(listener.take()), ['t']);
  peer.router.suspend();
  sendTo(setting, client, 'a', 'u');
  assert.deepEqual([threads(listener.take()), threads(client.take())], [[], ['u']]);
});

test('held requests of a drained class are delivered in order when its listener registers again', () => {
  const setting = setUp({ holdMs: 1_000 });
  const listener = setting.listen('l', 'a');
  setting.router.drain('a', '', true);
  const client = setting.environment.login('o@localhost/c');
  for (const thread of ['1', '2']) sendTo(setting, client, 'a', thread);
  assert.deepEqual(threads(listener.take()), []);
  setting.environment.send(listener, commandXml('register', 'a'));
  sendTo(setting, client, 'a', '3');
  assert.deepEqual(threads(listener.take()), ['1', '2', '3']);
  setting.clock.advance(10_000);
  assert.deepEqual(client.take(), []);
});

test('only a router account may drain, and it gets the number of listeners', () => {
  const setting = setUp();
  const listener = setting.listen('l1', 'a');
  setting.listen('l2', 'a');
  const client = setting.environment.login('o@localhost/c');
  const operator = setting.environment.login('router@localhost/operator', true);
  setting.environment.send(client, commandXml('drain', 'a'));
  assert.match(client.take()[0]?.inner ?? '', /<forbidden /);
  for (const [command, className, body] of [
    ['drain', 'a', 'o@localhost/l1'],
    ['drain', 'a', ''],
    ['resume', 'a', ''],
    ['drain', 'absent', ''],
    ['drain', 'a', 'o@localhost/nobody'],
  ] as const) {
    setting.environment.send(operator, commandXml(command, className, body));
  }
  const answers = operator.take();
  assert.deepEqual(answers.slice(0, 3).map(bodyText), ['1', '2', '2']);
  for (const answer of answers.slice(3)) assert.match(answer.inner, /<item-not-found /);
  sendTo(setting, client, 'a', 't');
  assert.deepEqual(threads(listener.take()), ['t'], 'they come back in order of registration');
});

test('by policy the requests of a lost listener are answered, handed on or left, after the grace for its workers', () => {
  for (const [onListenerLoss, ofClient, ofOther] of [
    ['error', ['2', '3'], []],
    ['reroute', [], ['2', '3']],
    ['ignore', [], []],
  ] as const) {
    const setting = setUp({ onListenerLoss });
    const listener = setting.listen('l1', 'a');
    const client = setting.environment.login('o@localhost/c');
    for (const thread of ['1', '2', '3']) sendTo(setting, client, 'a', thread);
    const other = setting.listen('l2', 'a');
    setting.end(listener);
    setting.clock.advance(999);
    assert.deepEqual([client.take(), other.take()], [[], []], onListenerLoss);
    client.deliver(readStanza(messageXml(client.jid, '1', completeBody(1))));
    client.take();
    setting.clock.advance(1);
    assert.deepEqual([threads(client.take()), threads(other.take())], [ofClient, ofOther], onListenerLoss);
  }
});

test('the grace period for a lost listener begins after all unwritten requests are returned, however long that takes', () => {
  const { environment, router, listen, clock } = setUp();
  const [lost, other] = [listen('lost', 'opensrf.math'), listen('other', 'opensrf.math')];
  const client = environment.login('o@localhost/client');
  for (const thread of ['1', '2', '3']) environment.send(client, messageXml('router@localhost/opensrf.math', thread, requestBody(1)));
  const [, unwritten] = lost.take() as [Stanza, Stanza];
  other.take();
  environment.withdraw(lost);
  router.sessionEnded(lost.origin.session, lost.jid);
  clock.advance(10 * ROUTER_OPTIONS.lossGraceMs);
  assert.deepEqual(client.take(), []);
  router.returned(unwritten);
  router.allReturned(lost.origin.session);
  clock.advance(ROUTER_OPTIONS.lossGraceMs);
  assert.deepEqual(
    [other.take(), client.take()].map((stanzas) => stanzas.map(({ thread }) => thread)),
    [['3'], ['1']],
  );
});

test('a suspended router has no address, and learns of registrations by observing', () => {
  const setting = setUp();
  const listener = setting.listen('l', 'a');
  setting.router.suspend();
  assert.deepEqual([...setting.environment.directory.keys()], ['o@localhost/l']);
  const outside = setting.environment.login(TOP, true);
  outside.observe(setting.router.registrationObserver);
  setting.environment.send(listener, commandXml('register', 'b'));
  setting.environment.send(listener, commandXml('unregister', 'a'));
  setting.environment.send(listener, commandXml('query', '', 'classes'));
  assert.deepEqual([[...setting.router.classes.keys()], outside.received.length, listener.received.length], [['b'], 3, 0]);
  setting.environment.withdraw(outside);
  setting.router.resume();
  sendTo(setting, setting.environment.login('o@localhost/c'), 'b', 't');
  assert.deepEqual(threads(listener.take()), ['t']);
});

test('a watcher is called only when a listener joins or leaves a class', () => {
  const setting = setUp();
  const { environment } = setting;
  const changes = () => environment.listenerChanges.splice(0);
  const first = setting.listen('l1', 'a', 'b');
  assert.deepEqual(changes(), ['a: o@localhost/l1', 'b: o@localhost/l1']);
  environment.send(first, commandXml('register', 'a'));
  environment.send(first, commandXml('unregister', 'nosuch'));
  sendTo(setting, first, 'a', 't');
  assert.deepEqual(changes(), []);
  const second = setting.listen('l2', 'a');
  environment.send(first, commandXml('unregister', 'a'));
  assert.deepEqual(changes(), ['a: o@localhost/l1 o@localhost/l2', 'a: o@localhost/l2']);
  setting.end(second);
  setting.end(first);
  assert.deepEqual(changes(), ['a: ', 'b: ']);
});
