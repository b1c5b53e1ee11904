import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ConfigInput } from '../server/config/config.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import { attribute, cRequest, registration, requestBody } from './support/osrf.ts';
import { Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

const PRIVATE = 'private.localhost';

async function setUp(t: TestContext, input: ConfigInput = {}) {
  const { server, address } = await startServer(t, input);
  const login = async (resource: string, username = 'opensrf', domain = PRIVATE) => (await Peer.connect(t, address)).login(username, domain, resource);
  return { server, login, mallory: await login('mallory'), victim: await login('victim') };
}

const VICTIM = 'opensrf@private.localhost/victim';
const MALLORY = 'opensrf@private.localhost/mallory';

const FORGED_SENDERS = [
  VICTIM,
  'opensrf@private.localhost/MALLORY',
  'opensrf@private.localhost/mallory ',
  'OPENSRF@PRIVATE.LOCALHOST/mallory',
  'opensrf@private.localhost',
  'router@private.localhost/router',
  'router@private.localhost/opensrf.settings',
  'opensrf@public.localhost/mallory',
  'private.localhost',
  'somebody@elsewhere.example/else',
  '@/',
  '&#x6f;pensrf@private.localhost/victim',
  '',
];

for (const forged of FORGED_SENDERS) {
  test(`a stanza is stamped with the sender's full JID, even with from="${forged}"`, async (t) => {
    const { mallory, victim } = await setUp(t);
    mallory.send(`<message from="${forged}" to="${VICTIM}"><body>hi</body></message>`);
    assert.equal(attribute(await victim.message(), 'from'), MALLORY);
    for (const type of ['get', 'set', 'result', 'error']) {
      mallory.send(`<iq from="${forged}" to="${VICTIM}" type="${type}" id="${type}"><query xmlns='jabber:iq:version'/></iq>`);
      assert.equal(attribute(await victim.expect(/<iq .*?<\/iq>/), 'from'), MALLORY);
    }
    mallory.send(`<presence from="${forged}" to="${VICTIM}"/>`);
    assert.equal(attribute(await victim.expect(/<presence [^>]*>/), 'from'), MALLORY);
    // A refused stanza bounces to its real sender only.
    mallory.send(`<message from="${forged}" to="opensrf@private.localhost/absent"><body>back</body></message>`);
    assert.match(await mallory.message(), /type='error'.*back/);
    mallory.send(`<message from="${forged}" to="router@private.localhost/opensrf.absent"><thread>1</thread><body>${requestBody('m')}</body></message>`);
    assert.match(await mallory.message(), /"statusCode":"404"/);
    assert.equal(await readUpTo(victim), '');
  });
}

/** Waits until the server has read all input so far. @returns earlier output that no one has waited for. */
async function readUpTo(peer: Peer): Promise<string> {
  const ping = `<iq type='get' id='read-up-to' to='private.localhost'><ping xmlns='urn:xmpp:ping'/></iq>`;
  peer.send(ping);
  return (await peer.expect(/<iq [^>]*id='read-up-to'\/>/)).replace(/<iq [^>]*id='read-up-to'\/>$/, '');
}

for (const type of ['result', 'error']) {
  test(`an unsolicited iq of type ${type} is never answered, and reaches only a session, stamped`, async (t) => {
    const { login, server, mallory, victim } = await setUp(t);
    victim.send(registration('register', 'router@private.localhost/router', VICTIM, 'opensrf.math'));
    assert.equal(await readUpTo(victim), '');
    const modern = await (await Peer.connect(t, server.listening.c2s[0] as BoundAddress)).loginByRfc6120('opensrf', PRIVATE, 'modern');
    const external = await login('external', 'router', 'public.localhost');
    const content = `<query xmlns='jabber:iq:auth'><username>opensrf</username></query>`;
    const addresses = [PRIVATE, 'public.localhost', 'opensrf@private.localhost', 'nobody@private.localhost', 'elsewhere.example', ''];
    for (const to of [...addresses, 'router@private.localhost/router', 'router@private.localhost/opensrf.math', 'opensrf@private.localhost/absent']) {
      mallory.send(`<iq type='${type}' id='bind' to='${to}' from='${VICTIM}'>${content}</iq>`);
    }
    for (const peer of [mallory, victim, modern, external]) assert.equal(await readUpTo(peer), '');
    mallory.send(`<iq type='${type}' id='ping' to='opensrf@private.localhost/modern' from='${PRIVATE}'>${content}</iq>`);
    assert.equal(attribute(await modern.expect(/<iq .*?<\/iq>/), 'from'), MALLORY);
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
  test(`a router_from ${where} from a session other than a router's is removed`, async (t) => {
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

const ROUTER = 'router@private.localhost/router';

/** Each: mallory's attempt to remove the victim's registration, or to get its requests. */
const THEFTS: readonly (readonly [what: string, stanza: string])[] = [
  ['unregisters it by from', registration('unregister', ROUTER, VICTIM, 'opensrf.math')],
  ['unregisters it by router_from', registration('unregister', ROUTER, VICTIM, 'opensrf.math').replace('router_from=""', `router_from="${VICTIM}"`)],
  ['unregisters it by router_to', registration('unregister', ROUTER, VICTIM, 'opensrf.math').replace('router_to=""', `router_to="${VICTIM}"`)],
  ['unregisters what it has not registered itself', registration('unregister', ROUTER, MALLORY, 'opensrf.math')],
  ['drains the service', registration('unregister', ROUTER, VICTIM, 'opensrf.math').replace('unregister', 'drain')],
  ['says so to the service', registration('unregister', 'router@private.localhost/opensrf.math', VICTIM, 'opensrf.math')],
  ['says that it is gone', `<presence type='unavailable' from='${VICTIM}' to='${ROUTER}'/>`],
  ['says that it is not there', `<message type='error' from='${VICTIM}' to='router@private.localhost/opensrf.math'><thread>1</thread><body>x</body></message>`],
];

for (const [what, stanza] of THEFTS) {
  test(`only a listener can unregister itself: a peer that ${what} cannot`, async (t) => {
    const { login, mallory, victim } = await setUp(t);
    victim.send(registration('register', ROUTER, VICTIM, 'opensrf.math'));
    await readUpTo(victim);
    mallory.send(stanza);
    await readUpTo(mallory);
    const client = await login('client');
    client.send(cRequest('router@private.localhost/opensrf.math', '', 'still there', requestBody('m')));
    await victim.expect('<thread>still there</thread>');
  });
}

test('a message from an untrusted domain to a router changes nothing, with any claimed sender', async (t) => {
  const trusted = new Map([[PRIVATE, [PRIVATE]]]);
  const { server, login, victim } = await setUp(t, { router: { trustedServers: trusted, trustedClients: trusted } });
  victim.send(registration('register', ROUTER, VICTIM, 'opensrf.math'));
  await readUpTo(victim);
  const stranger = await login('stranger', 'opensrf', 'public.localhost');
  const router = await login('stranger', 'router', 'public.localhost');
  for (const peer of [stranger, router]) {
    for (const command of ['register', 'unregister', 'drain', 'resume', 'query', 'nonsense', '']) {
      const stanza = registration('register', ROUTER, VICTIM, 'opensrf.math').replace('"register"', `"${command}"`);
      peer.send(stanza);
      peer.send(stanza.replace('router_from=""', `router_from="${VICTIM}"`));
      for (let answers = 0; answers < 2; answers++) assert.match(await peer.message(), /<forbidden |"statusCode":"403"/);
    }
  }
  const nodes = [...(server.routers.get(PRIVATE)?.classes ?? [])].map(([name, service]) => [name, ...service.nodes.keys()]);
  assert.deepEqual(nodes, [['opensrf.math', VICTIM]]);
  assert.equal(await readUpTo(victim), '');
});
