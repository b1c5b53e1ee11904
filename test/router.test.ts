import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ConfigInput } from '../server/config/config.ts';
import { attribute, cRequest, registration, requestBody, sessionBody } from './support/osrf.ts';
import { header, Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

const DOMAIN = 'private.localhost';
const ROUTER = `router@${DOMAIN}/router`;
const MATH = `router@${DOMAIN}/opensrf.math`;

async function setUp(t: TestContext, input: ConfigInput = {}) {
  const started = await startServer(t, input);
  const login = async (resource: string, domain = DOMAIN, username = 'opensrf') => (await Peer.connect(t, started.address)).login(username, domain, resource);
  /** Sends a query to a router and waits for its last answer, so that all that was said before has been read. */
  const query = async (peer: Peer, method: string, router = ROUTER) => {
    peer.send(cRequest(router, '', 'query', requestBody(method)));
    return peer.expect(/<thread>query<\/thread>[\s\S]*(Request Complete|Exception)[\s\S]*?<\/message>/);
  };
  const listen = async (resource: string, service = 'opensrf.math', router = ROUTER, domain = DOMAIN) => {
    const listener = await login(resource, domain);
    listener.send(registration('register', router, '', service));
    await query(listener, 'opensrf.router.info.class.list', router);
    return listener;
  };
  return { ...started, login, listen, query };
}

const threadOf = (stanza: string) => /<thread>(.*)<\/thread>/.exec(stanza)?.[1] ?? '';

test('a listener of one domain registers with the router of another', async (t) => {
  const { listen, login } = await setUp(t);
  const listener = await listen('listener', 'opensrf.math', 'router@public.localhost/router');
  const client = await login('client', 'public.localhost');
  client.send(cRequest('router@public.localhost/opensrf.math', '', '1', requestBody('add')));
  const request = await listener.message();
  assert.equal(attribute(request, 'from'), 'router@public.localhost/opensrf.math');
  assert.equal(attribute(request, 'router_from'), 'opensrf@public.localhost/client');
});

test('unregistering stops new requests at once; the last listener takes the class with it', async (t) => {
  const { listen, login, query } = await setUp(t);
  const listener = await listen('listener');
  const client = await login('client');
  listener.send(registration('unregister', ROUTER, '', 'opensrf.math'));
  await query(listener, 'opensrf.router.info.class.list');
  client.send(cRequest(MATH, '', '1', requestBody('add'), 'x1'));
  const answer = await client.message();
  assert.equal(attribute(answer, 'from'), MATH);
  assert.match(answer, /osrf_xid='x1'.*<thread>1<\/thread>.*"osrfMethodException","__p":\{"status":"[^"]*","statusCode":"404"/);
});

test('an absent service is answered at once: a REQUEST with status 404, a CONNECT and a body without OpenSRF messages with a bounce', async (t) => {
  const { login } = await setUp(t);
  const client = await login('client');
  client.send(cRequest(MATH, '', 'request', requestBody('add')));
  assert.match(await client.message(), /<thread>request<\/thread>.*"statusCode":"404"/);
  for (const body of [sessionBody('CONNECT'), 'hello', '[]', '{}', '[1]']) {
    client.send(cRequest(MATH, '', 'other', body));
    const bounced = await client.message();
    assert.equal(attribute(bounced, 'type'), 'error');
    assert.equal(attribute(bounced, 'from'), MATH);
    assert.match(bounced, /<error code='503' type='cancel'><service-unavailable /);
  }
});

test('--absent-service bounce bounces everything', async (t) => {
  const { login } = await setUp(t, { router: { absentService: 'bounce' } });
  const client = await login('client');
  client.send(cRequest(MATH, '', '1', requestBody('add')));
  assert.match(await client.message(), /type='error'.*"method":"add".*<error code='503'/);
});

test('--hold parks requests until a listener registers, and hands them over in order', async (t) => {
  const { login, listen } = await setUp(t, { router: { holdMs: 60_000 } });
  const client = await login('client');
  const threads = ['1', '2', '3', '4'];
  for (const thread of threads) client.send(cRequest(MATH, '', thread, requestBody('add')));
  const listener = await listen('listener');
  client.send(cRequest(MATH, '', '5', requestBody('add')));
  const taken = [...listener.transcript.matchAll(/<thread>(\d)<\/thread>/g)].map(([, thread]) => thread);
  while (taken.length < 5) taken.push(threadOf(await listener.message()));
  assert.deepEqual([...new Set(taken)], [...threads, '5']);
  assert.doesNotMatch(client.transcript, /"statusCode":"404"/);
});

test('a held request that expires is answered as for an absent service', async (t) => {
  const { login } = await setUp(t, { router: { holdMs: 30 } });
  const client = await login('client');
  client.send(cRequest(MATH, '', '1', requestBody('add')) + cRequest(MATH, '', '2', sessionBody('CONNECT')));
  assert.match(await client.message(), /<thread>1<\/thread>.*"statusCode":"404"/);
  assert.match(await client.message(), /type='error'.*<thread>2<\/thread>/);
});

test('requests beyond the limit of held ones are answered at once as for an absent service', async (t) => {
  const { login } = await setUp(t, { router: { holdMs: 60_000 }, limits: { heldRequests: 2 } });
  const client = await login('client');
  for (const thread of ['1', '2', '3']) client.send(cRequest(MATH, '', thread, requestBody('add')));
  assert.match(await client.message(), /<thread>3<\/thread>.*"statusCode":"404"/);
});

test('least-outstanding chooses the listener with the fewest unanswered requests', async (t) => {
  const { listen, login } = await setUp(t, { router: { balance: 'least-outstanding' } });
  const [a, b] = [await listen('a'), await listen('b')];
  const client = await login('client');
  const ask = (thread: string) => client.send(cRequest(MATH, '', thread, requestBody('add')));
  ask('1');
  ask('2');
  assert.equal(threadOf(await a.message()), '1');
  assert.equal(threadOf(await b.message()), '2');
  b.send(cRequest(`opensrf@${DOMAIN}/client`, '', '2', '[]'));
  await client.message();
  for (const thread of ['3', '4', '5']) ask(thread);
  assert.equal(threadOf(await b.message()), '3');
  assert.deepEqual([threadOf(await a.message()), threadOf(await b.message())].sort(), ['4', '5']);
});

const OUTSIDE = 'router';

test('an external router replaces the internal one, which resumes when it leaves', async (t) => {
  const { listen, login, query, log } = await setUp(t);
  const before = await listen('before', 'opensrf.before');
  const outside = await login('router', DOMAIN, OUTSIDE);
  assert.match(log.lines.map(({ message }) => message).join('\n'), /is suspended/);

  const client = await login('client');
  client.send(cRequest(ROUTER, '', 'info', requestBody('opensrf.router.info.class.list')));
  assert.match(await outside.message(), /class\.list/);

  const late = await login('late');
  late.send(registration('register', ROUTER, '', 'opensrf.late'));
  assert.match(await outside.message(), /router_command="register"/);
  const classSession = await login('opensrf.late', DOMAIN, OUTSIDE);
  client.send(cRequest(`router@${DOMAIN}/opensrf.late`, '', 'outside', requestBody('add')));
  assert.equal(threadOf(await classSession.message()), 'outside');
  client.send(cRequest(`router@${DOMAIN}/opensrf.before`, '', 'nobody', requestBody('add')));
  assert.match(await client.message(), /type='error'.*<thread>nobody/);

  outside.stream.destroy();
  classSession.stream.destroy();
  while (log.lines.filter(({ message }) => message === 'session ended').length < 2) await new Promise((resolve) => setImmediate(resolve));
  assert.match(await query(client, 'opensrf.router.info.class.list'), /\["opensrf.before","opensrf.late"\]/);
  client.send(cRequest(`router@${DOMAIN}/opensrf.before`, '', 'again', requestBody('add')));
  assert.equal(threadOf((await before.message()).replace(/^[\s\S]*<message(?=[^>]*opensrf.before)/, '<message')), 'again');
  client.send(cRequest(`router@${DOMAIN}/opensrf.late`, '', 'known', requestBody('add')));
  assert.equal(threadOf(await late.message()), 'known');
});

/** Logs in as `router` with a plain password. @returns the server's answer. */
async function routerLogin(t: TestContext, address: Parameters<typeof Peer.connect>[1], resource: string): Promise<string> {
  const peer = await Peer.connect(t, address);
  peer.send(header(DOMAIN));
  await peer.expect(/<stream:stream [^>]*>/);
  const fields = `<username>router</username><password>password</password><resource>${resource}</resource>`;
  peer.send(`<iq id='1' type='set'><query xmlns='jabber:iq:auth'>${fields}</query></iq>`);
  return peer.expect(/<\/iq>|<iq [^>]*\/>/);
}

test('an external router may send requests, and its registrations survive it', async (t) => {
  const { server, login, listen, query } = await setUp(t);
  const outside = await login('router', DOMAIN, 'router');
  const elsewhere = await listen('elsewhere', 'opensrf.math', 'router@public.localhost/router');
  outside.send(cRequest('router@public.localhost/opensrf.math', '', '1', requestBody('add')));
  await elsewhere.message();
  const listener = await login('listener');
  listener.send(registration('register', ROUTER, '', 'opensrf.math'));
  await outside.message();
  outside.send('</stream:stream>');
  await outside.closed();
  await query(listener, 'opensrf.router.info.class.list');
  assert.deepEqual([...(server.routers.get(DOMAIN)?.classes.keys() ?? [])], ['opensrf.math']);
});

test('--external-router refuse refuses an external router with a conflict', async (t) => {
  const { address, listen } = await setUp(t, { router: { externalRouter: 'refuse' } });
  await listen('listener');
  assert.match(await routerLogin(t, address, 'router'), /type='error' id='1'><error code='409' type='cancel'><conflict /);
});

test('a second external router is refused while the first is connected', async (t) => {
  const { address, login } = await setUp(t);
  await login('router', DOMAIN, OUTSIDE);
  assert.match(await routerLogin(t, address, 'router'), /<error code='409'/);
});

test('a class keeps its address when a router account binds it', async (t) => {
  const { listen, address } = await setUp(t);
  await listen('listener');
  assert.match(await routerLogin(t, address, 'opensrf.math'), /<error code='409'/);
});

test('an untrusted domain may neither register nor query: it gets a refusal, and the log names both addresses', async (t) => {
  const trusted = new Map([[DOMAIN, [DOMAIN]]]);
  const { login, listen, log } = await setUp(t, { router: { trustedServers: trusted, trustedClients: trusted } });
  await listen('listener');
  const stranger = await login('stranger', 'public.localhost');
  stranger.send(registration('register', ROUTER, '', 'opensrf.math'));
  assert.match(await stranger.message(), /type='error'.*<error code='403' type='auth'><forbidden /);
  stranger.send(cRequest(ROUTER, '', 'info', requestBody('opensrf.router.info.class.list')));
  assert.match(await stranger.message(), /<thread>info<\/thread>.*"statusCode":"403"/);
  for (const address of [MATH, `router@${DOMAIN}/absent`]) {
    stranger.send(cRequest(address, '', 'request', requestBody('add')));
    assert.match(await stranger.message(), /<thread>request<\/thread>.*"statusCode":"403"/);
    stranger.send(cRequest(address, '', 'connect', sessionBody('CONNECT')));
    assert.match(await stranger.message(), /type='error'.*<forbidden /);
  }
  const refusals = log.lines.filter(({ level }) => level === 'warn');
  assert.deepEqual(
    refusals.map(({ message }) => message).toSorted(),
    [
      'refused a router command or query from a domain that is not trusted',
      'refused a router command or query from a domain that is not trusted',
      ...new Array(4).fill('request failed'),
    ].toSorted(),
  );
  for (const { fields } of refusals) {
    assert.equal(fields['from'] ?? fields['client'], 'opensrf@public.localhost/stranger');
    assert.match(String(fields['to']), /^router@private\.localhost\//);
  }
});

test('a class without a listener here is tried at the routers named as peers', async (t) => {
  const { login, listen } = await setUp(t, { router: { peers: ['public.localhost'] } });
  const listener = await listen('listener', 'opensrf.math', 'router@public.localhost/router', 'public.localhost');
  const client = await login('client');
  client.send(cRequest(MATH, '', '1', requestBody('add')));
  const request = await listener.message();
  assert.equal(threadOf(request), '1');
  assert.equal(attribute(request, 'router_from'), `opensrf@${DOMAIN}/client`);
  client.send(cRequest(`router@${DOMAIN}/nowhere`, '', '2', requestBody('add')));
  assert.match(await client.message(), /<thread>2<\/thread>.*"statusCode":"404"/);
});

test('without peers a class of another domain is absent', async (t) => {
  const { login, listen } = await setUp(t);
  await listen('listener', 'opensrf.math', 'router@public.localhost/router', 'public.localhost');
  const client = await login('client');
  client.send(cRequest(MATH, '', '1', requestBody('add')));
  assert.match(await client.message(), /"statusCode":"404"/);
});

test('a router account drains and resumes a listener from outside', async (t) => {
  const { login, listen } = await setUp(t);
  const [a, b] = [await listen('a'), await listen('b')];
  const client = await login('client');
  const operator = await login('operator', DOMAIN, 'router');
  const order = (command: string, body: string) =>
    `<message to='${ROUTER}'><opensrf router_command='${command}' router_class='opensrf.math'/><thread>o</thread><body>${body}</body></message>`;
  const ask = (thread: string) => client.send(cRequest(MATH, '', thread, requestBody('add')));

  operator.send(order('drain', `opensrf@${DOMAIN}/a`));
  assert.match(await operator.message(), /<body>1<\/body>/);
  for (const thread of ['1', '2']) ask(thread);
  assert.deepEqual([threadOf(await b.message()), threadOf(await b.message())], ['1', '2']);
  operator.send(order('drain', ''));
  assert.match(await operator.message(), /<body>2<\/body>/);
  ask('3');
  assert.match(await client.message(), /<thread>3<\/thread>.*is being drained","statusCode":"503"/);
  operator.send(order('resume', `opensrf@${DOMAIN}/a`));
  assert.match(await operator.message(), /<body>1<\/body>/);
  ask('4');
  assert.equal(threadOf((await a.message()).replace(/^[\s\S]*(?=<message[^>]*opensrf.math)/, '')), '4');

  operator.send(order('drain', 'nobody'));
  assert.match(await operator.message(), /type='error'.*<item-not-found /);
  client.send(order('drain', ''));
  assert.match(await client.message(), /type='error'.*<forbidden /);
});

test('registrations survive a router switched off and on, and new trusted domains', async (t) => {
  const { server, login, listen } = await setUp(t);
  const listener = await listen('listener');
  const client = await login('client');
  const router = server.routers.get(DOMAIN);
  router?.suspend();
  client.send(cRequest(MATH, '', 'off', requestBody('add')));
  assert.match(await client.message(), /type='error'.*<thread>off/);
  router?.resume();
  router?.trust(new Set(['public.localhost']), new Set([DOMAIN]));
  client.send(cRequest(MATH, '', 'on', requestBody('add')));
  assert.equal(threadOf((await listener.message()).replace(/^[\s\S]*(?=<message[^>]*opensrf.math)/, '')), 'on');
  router?.trust(new Set([DOMAIN]), new Set(['public.localhost']));
  client.send(cRequest(MATH, '', 'no more', requestBody('add')));
  assert.match(await client.message(), /"statusCode":"403"/);
});

for (const name of ['a/b', '__proto__', 'constructor', 'toString', 'x'.repeat(1023), 'größe', 'a@b', '%s%n', 'a b']) {
  test(`a service may be named ${name.length > 20 ? `with ${name.length} bytes` : name}`, async (t) => {
    const { login, listen, query } = await setUp(t);
    const listener = await listen('listener', name);
    const client = await login('client');
    assert.match(
      await query(client, 'opensrf.router.info.class.list'),
      new RegExp(`"content":\\["${name.replace('ö', '\\\\u00f6').replace('ß', '\\\\u00df')}"\\]`),
    );
    const all = await query(client, 'opensrf.router.info.stats.class.all');
    assert.deepEqual(Object.keys(JSON.parse(/"content":(.*?)\}\}\}\}\]</.exec(all)?.[1] ?? '')), [name]);
    client.send(cRequest(`router@${DOMAIN}/${name}`, '', '1', requestBody('add')));
    assert.equal(threadOf((await listener.message()).replace(/^[\s\S]*<thread>query.*(?=<message)/, '')), '1');
  });
}

for (const [what, name] of [
  ['nothing', ''],
  ['router', 'router'],
  ['a control character', 'a&#9;b'],
  ['1,024 bytes', 'x'.repeat(1024)],
] as const) {
  test(`a service cannot be named ${what}: the listener gets a bounce, and the log a line`, async (t) => {
    const { login, log, server } = await setUp(t);
    const listener = await login('listener');
    listener.send(registration('register', ROUTER, '', name));
    assert.match(await listener.message(), /type='error'.*<error code='400' type='modify'><bad-request /);
    assert.match(log.lines.map(({ message }) => message).join('\n'), /refused a router command/);
    assert.equal(server.routers.get(DOMAIN)?.classes.size, 0);
  });
}

test('the old query of srfsh is answered with a list', async (t) => {
  const { login, listen } = await setUp(t);
  await listen('listener');
  const client = await login('srfsh');
  const old = (body: string) => client.send(`<message to='${ROUTER}'><opensrf router_command='query'/><thread>q</thread><body>${body}</body></message>`);
  old('servers');
  assert.match(await client.message(), /<body>opensrf.math opensrf@private.localhost\/listener<\/body>/);
  old('classes');
  assert.match(await client.message(), /<body>opensrf.math<\/body>/);
  old('nonsense');
  assert.match(await client.message(), /<body>unknown query/);
});

test('no query crashes the router: unknown class, missing parameter, unknown method, garbage', async (t) => {
  const { login } = await setUp(t);
  const client = await login('client');
  const ask = async (body: string) => {
    client.send(cRequest(ROUTER, '', 'q', body));
    return client.message();
  };
  assert.match(await ask(requestBody('opensrf.router.info.stats.class', ['no.such.class'])), /"statusCode":"404"/);
  assert.match(await ask(requestBody('opensrf.router.info.stats.class.summary', ['no.such.class'])), /"statusCode":"404"/);
  assert.match(await ask(requestBody('opensrf.router.info.stats.class')), /"statusCode":"400"/);
  assert.match(await ask(requestBody('opensrf.router.info.nonsense')), /"status":"Router method not found","statusCode":"404"/);
  for (const garbage of ['', 'garbage', '[', '[]', '[null]', '{"__c":"osrfMessage"}', '[{"__c":"osrfMessage","__p":[]}]', '['.repeat(50_000)]) {
    assert.match(await ask(garbage), /"statusCode":"400"/);
  }
});

test('several messages in one body are answered each in turn', async (t) => {
  const { login } = await setUp(t);
  const client = await login('client');
  const [one, two] = ['1', '2'].map((trace) => requestBody('opensrf.router.info.class.list', [], trace).slice(1, -1));
  client.send(cRequest(ROUTER, '', 'q', `[${sessionBody('CONNECT').slice(1, -1)},${one},${two}]`));
  const traces = [];
  for (let count = 0; count < 5; count++)
    traces.push(
      /"threadTrace":"(\d)".*"type":"(\w+)"/
        .exec(await client.message())
        ?.slice(1)
        .join(' '),
    );
  assert.deepEqual(traces, ['0 STATUS', '1 RESULT', '1 STATUS', '2 RESULT', '2 STATUS']);
});
