import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';
import type { ChopChop } from '../server/compose/chopchop.ts';
import type { ConfigInput } from '../server/config/config.ts';
import type { Limits } from '../server/config/limits.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import { writeCertificate } from './support/certificate.ts';
import { temporaryFolder } from './support/command.ts';
import { header, Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';
import { WebSocketStream } from './support/websocket-stream.ts';

const DOMAIN = 'localhost';
const COMPONENT = 'gateway.localhost';
const COMPONENT_HEADER = header(COMPONENT).replace('jabber:client', 'jabber:component:accept');
const WEBSOCKET_HEADER = `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${DOMAIN}' version='1.0'/>`;

/** A way to reach the server, and to log in on it. Each of its stanzas declares its namespace, as a frame has to. */
interface Way {
  readonly name: string;
  readonly header: string;
  readonly namespace: string;
  config(t: TestContext): Promise<ConfigInput>;
  open(server: ChopChop): Promise<Duplex>;
  /** The text that logs in, in answer to the server's header. */
  login(answer: string): string;
}

const credentials = () =>
  `<iq xmlns='jabber:client' id='login' type='set'><query xmlns='jabber:iq:auth'><username>opensrf</username><password>password</password><resource>r</resource></query></iq>`;

const CLIENT = { header: header(DOMAIN), namespace: 'jabber:client', login: credentials };

async function tcp({ host, port }: BoundAddress): Promise<Duplex> {
  const socket = connectTcp({ host, port, noDelay: true });
  await once(socket, 'connect');
  return socket;
}

const WAYS: readonly Way[] = [
  { ...CLIENT, name: 'TCP', config: async () => ({}), open: (server) => tcp(server.listening.c2s[0] as BoundAddress) },
  {
    ...CLIENT,
    name: 'TLS',
    config: async (t) => ({ tls: { certificate: await writeCertificate(temporaryFolder(t), 'limits'), ports: [0] } }),
    async open(server) {
      const stream = connectTls({ ...(server.listening.tls[0] as BoundAddress), rejectUnauthorized: false, ALPNProtocols: ['xmpp-client'] });
      await once(stream, 'secureConnect');
      return stream;
    },
  },
  {
    ...CLIENT,
    name: 'a Unix socket',
    config: async (t) => ({ unix: { paths: [join(temporaryFolder(t), 'socket')] } }),
    async open(server) {
      const socket = connectTcp(server.listening.unix[0] as string);
      await once(socket, 'connect');
      return socket;
    },
  },
  {
    ...CLIENT,
    name: 'a WebSocket',
    header: WEBSOCKET_HEADER,
    config: async () => ({ websocket: { ports: [0] } }),
    async open(server) {
      const webSocket = new WebSocket(server.listening.websocket[0]?.url ?? '', ['xmpp']);
      await once(webSocket, 'open');
      return new WebSocketStream(webSocket);
    },
  },
  {
    name: 'the port of components',
    header: COMPONENT_HEADER,
    namespace: 'jabber:component:accept',
    config: async () => ({ components: { port: 0, secret: 'secret' } }),
    open: (server) => tcp(server.listening.components[0] as BoundAddress),
    login(answer) {
      const id = /id='([^']+)'/.exec(answer)?.[1] ?? '';
      return `<handshake>${createHash('sha1').update(`${id}secret`).digest('hex')}</handshake>`;
    },
  },
];

async function setUp(t: TestContext, way: Way, limits: Partial<Limits>) {
  const { server, log } = await startServer(t, { domains: [DOMAIN], ...(await way.config(t)), limits });
  const open = async () => {
    const stream = await way.open(server);
    t.after(() => void stream.destroy());
    return new Peer(stream);
  };
  const greet = async () => {
    const peer = await open();
    peer.send(way.header);
    return { peer, answer: await peer.expect(/<(stream:stream|open) [^>]*>/) };
  };
  const login = async () => {
    const { peer, answer } = await greet();
    if (way.name === 'a WebSocket') await peer.expect('</stream:features>');
    peer.send(way.login(answer));
    await peer.expect(/<handshake\/>|id='login'/);
    return peer;
  };
  const errors = () => log.lines.filter(({ level }) => level === 'error').map(({ fields, message }) => `${message} ${String(fields['err'])}`);
  return { server, open, greet, login, errors };
}

/** Each: a peer's input after its stream is open or it has logged in, and how that ends its stream. */
const ENDINGS: readonly (readonly [what: string, when: 'greeted' | 'logged in', text: (way: Way) => string | Buffer, condition: RegExp])[] = [
  ['more bytes than may be before login', 'greeted', ({ namespace }) => `<iq xmlns='${namespace}' a='${'x'.repeat(2_000)}'/>`, /<policy-violation/],
  ['more elements than may be before login', 'greeted', ({ namespace }) => `<iq xmlns='${namespace}'>${'<x/>'.repeat(40)}</iq>`, /<policy-violation/],
  ['a stanza before login', 'greeted', ({ namespace }) => `<message xmlns='${namespace}' to='opensrf@${DOMAIN}/r'/>`, /<not-authorized|<policy-violation/],
  ['a DOCTYPE', 'greeted', () => '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', /<restricted-xml|<not-well-formed|<bad-format/],
  // A WebSocket is closed below XMPP (RFC 6455 §8.1).
  ['bytes that are no UTF-8', 'greeted', ({ namespace }) => Buffer.from(`<iq xmlns='${namespace}' a='\xff'/>`, 'latin1'), /<unsupported-encoding|^$/],
  ['a depth bomb', 'logged in', ({ namespace }) => `<message xmlns='${namespace}'>${'<a>'.repeat(200)}${'</a>'.repeat(200)}</message>`, /<policy-violation/],
  [
    'a stanza beyond the hard limit',
    'logged in',
    ({ namespace }) => `<message xmlns='${namespace}'><body>${'x'.repeat(200_000)}</body></message>`,
    /<policy-violation|^$/,
  ],
  ['a comment', 'logged in', ({ namespace }) => `<message xmlns='${namespace}'><!-- a --></message>`, /<restricted-xml/],
];

for (const way of WAYS) {
  for (const [what, when, text, condition] of ENDINGS) {
    test(`by ${way.name}, ${what} ends the stream`, async (t) => {
      const { greet, login, errors } = await setUp(t, way, { loginBytes: 1_500, stanzaBytes: 50_000, hardStanzaBytes: 100_000 });
      const peer = when === 'greeted' ? (await greet()).peer : await login();
      const before = peer.transcript.length;
      peer.send(text(way));
      await peer.closed();
      assert.match(peer.transcript.slice(before), condition);
      assert.deepEqual(errors(), []);
    });
  }

  test(`by ${way.name}, a peer that does not log in is closed when the time is up`, async (t) => {
    const { open, server } = await setUp(t, way, { loginTimeoutMs: 100 });
    const peer = await open();
    await peer.closed();
    assert.equal(server.counts.closes.get('login-timeout'), 1);
  });

  test(`by ${way.name}, peers before login make room for each other`, async (t) => {
    const { open, login, server } = await setUp(t, way, { pendingOfAddress: 3 });
    const [oldest] = [await open(), await open(), await open()];
    await login();
    await oldest?.closed();
    assert.equal(server.counts.closes.get('crowded-out'), 1);
  });

  test(`by ${way.name}, a stanza that is too long bounces, and the session stays open`, async (t) => {
    const { login } = await setUp(t, way, { stanzaBytes: 50_000, hardStanzaBytes: 100_000 });
    const peer = await login();
    const from = way.namespace === 'jabber:client' ? '' : ` from='${COMPONENT}'`;
    peer.send(`<message xmlns='${way.namespace}'${from} to='opensrf@${DOMAIN}/r' id='long'><body>${'x'.repeat(60_000)}</body></message>`);
    assert.match(await peer.expect(/<message [^>]*id='long'[^>]*>.*?<\/message>/), /<policy-violation/);
    peer.send(`<iq xmlns='${way.namespace}'${from} to='${DOMAIN}' type='get' id='ping'><ping xmlns='urn:xmpp:ping'/></iq>`);
    await peer.expect("id='ping'");
  });
}
