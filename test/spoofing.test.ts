import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { attribute, cRequest, registration, requestBody } from './support/osrf.ts';
import { Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

const PRIVATE = 'private.localhost';

async function setUp(t: TestContext) {
  const { server, address } = await startServer(t);
  const login = async (resource: string, username = 'opensrf', domain = PRIVATE) => (await Peer.connect(t, address)).login(username, domain, resource);
  return { server, login, mallory: await login('mallory'), victim: await login('victim') };
}

const VICTIM = 'opensrf@private.localhost/victim';
const MALLORY = 'opensrf@private.localhost/mallory';

const FORGED_SENDERS = [
  VICTIM,
  'router@private.localhost/router',
  'opensrf@public.localhost/mallory',
  'OPENSRF@PRIVATE.LOCALHOST/mallory',
  'opensrf@private.localhost',
  'private.localhost',
  '',
];

for (const forged of FORGED_SENDERS) {
  test(`a stanza is stamped with the sender's full JID, whatever it says: from="${forged}"`, async (t) => {
    const { mallory, victim } = await setUp(t);
    mallory.send(`<message from="${forged}" to="${VICTIM}"><body>hi</body></message>`);
    assert.equal(attribute(await victim.message(), 'from'), MALLORY);
  });
}

const FORGED_EXTENSIONS: [where: string, attributes: string, child: string][] = [
  ['on <opensrf>', '', `<opensrf router_from="${VICTIM}" osrf_xid="x"/>`],
  ['on <message>', ` router_from='${VICTIM}' osrf_xid='x'`, ''],
  ['on both', ` router_from='${VICTIM}'`, `<opensrf osrf_xid="x" router_from='${VICTIM}'/>`],
  ['behind an attribute that looks like one', '', `<opensrf osrf_xid=" router_from=''" router_from="${VICTIM}"/>`],
  ['behind an attribute of <message> that looks like one', ` osrf_xid=" router_from=''" router_from="${VICTIM}"`, ''],
  ['between odd white space', '', `<opensrf osrf_xid='x'\n\trouter_from\n=\n"${VICTIM}"\n></opensrf>`],
];

for (const [where, attributes, child] of FORGED_EXTENSIONS) {
  test(`a router_from ${where} from a session that is no router is removed`, async (t) => {
    const { mallory, victim } = await setUp(t);
    mallory.send(`<message to="${VICTIM}"${attributes}>${child}<thread>1</thread><body>hi</body></message>`);
    const stanza = await victim.message();
    assert.doesNotMatch(stanza, new RegExp(`router_from\\s*=\\s*["']${VICTIM}`));
    assert.match(stanza, /osrf_xid=/);
  });

  test(`a router_from ${where} is replaced by the real sender when the router forwards`, async (t) => {
    const { mallory, victim } = await setUp(t);
    victim.send(registration('register', 'router@private.localhost/router', VICTIM, 'opensrf.math'));
    // Ordered behind the registration: the answer of the router says that it has been read.
    victim.send(cRequest('router@private.localhost/router', VICTIM, 'q', requestBody('opensrf.router.info.class.list')));
    await victim.expect('Request Complete');
    await victim.expect('</message>');
    mallory.send(`<message to="router@private.localhost/opensrf.math"${attributes}>${child}<thread>1</thread><body>hi</body></message>`);
    const stanza = await victim.message();
    assert.doesNotMatch(stanza, new RegExp(`router_from\\s*=\\s*["']${VICTIM}`));
    const values = [...stanza.replaceAll(/osrf_xid="[^"]*"/g, '').matchAll(/router_from\s*=\s*["']([^"']*)/g)].map(([, value]) => value);
    assert.ok(values.length > 0 && values.every((value) => value === MALLORY), stanza);
  });
}

test('a router account may set router_from: the C router does', async (t) => {
  const { login, victim } = await setUp(t);
  const router = await login('opensrf.math', 'router');
  router.send(`<message to="${VICTIM}"><opensrf router_from="${MALLORY}"/><thread>1</thread><body>hi</body></message>`);
  assert.equal(attribute(await victim.message(), 'router_from'), MALLORY);
});

for (const inside of [
  `<x xmlns='y'><message from='router@private.localhost/a' router_from='${VICTIM}'><thread>1</thread><body>forged</body></message></x>`,
  `<opensrf osrf_xid='1'/><opensrf router_from='${VICTIM}'/>`,
  `<x xmlns='y'><opensrf router_from='${VICTIM}'/></x>`,
  '<stream:error><conflict xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>',
]) {
  test(`an OpenSRF client, which reacts to names at any depth, never gets ${inside}`, async (t) => {
    const { mallory, victim } = await setUp(t);
    mallory.send(`<message to="${VICTIM}">${inside}<body>hi</body></message><message to="${VICTIM}"><body>after</body></message>`);
    const stanza = await victim.message();
    assert.match(stanza, /<body>after<\/body>/);
    assert.doesNotMatch(victim.transcript, /forged|conflict|router_from/);
  });
}

test('nobody can unregister a listener but that itself', async (t) => {
  const { server, mallory, victim } = await setUp(t);
  const ROUTER = 'router@private.localhost/router';
  victim.send(registration('register', ROUTER, VICTIM, 'opensrf.math'));
  victim.send(cRequest(ROUTER, VICTIM, 'q', requestBody('opensrf.router.info.class.list')));
  await victim.expect('Request Complete');
  mallory.send(registration('unregister', ROUTER, VICTIM, 'opensrf.math'));
  mallory.send(cRequest(ROUTER, MALLORY, 'q', requestBody('opensrf.router.info.class.list')));
  await mallory.expect('Request Complete');
  assert.deepEqual([...(server.routers.get(PRIVATE)?.classes.keys() ?? [])], ['opensrf.math']);
});
