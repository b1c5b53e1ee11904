import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { BoundAddress } from '../../server/net/tcp.ts';
import { Program } from '../support/background-command.ts';
import { attribute } from '../support/osrf.ts';
import { Peer } from '../support/peer.ts';
import { startServer, type TestServer } from '../support/server.ts';

// Other people's components, and clients that resume their sessions, unmodified.
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const CLIENTS = `${ROOT}test/interop/clients/`;

const DOMAIN = 'localhost';
const GATE = `gate.${DOMAIN}`;
const ECHO = `opensrf@${DOMAIN}/echo`;
const ABSENT = `opensrf@${DOMAIN}/absent`;
const RESUMING = `opensrf@${DOMAIN}/resuming`;

const NO_XMPP_JS = !existsSync(`${ROOT}node_modules/@xmpp/component`) && '@xmpp/component (npm) is not installed';
const PYTHON = '/usr/bin/python3';
const NO_SLIXMPP = spawnSync(PYTHON, ['-c', 'import slixmpp'], { stdio: 'ignore' }).status !== 0 && 'python3-slixmpp (Debian) is not installed';

const script = (name: string) => `${CLIENTS}${name}`;

function startWithComponents(t: TestContext, port = 0, componentPort = 0): Promise<TestServer> {
  return startServer(t, { port, components: { port: componentPort, secrets: new Map([[GATE, 'secret']]) } });
}

async function login(t: TestContext, address: BoundAddress): Promise<Peer> {
  return (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'echo');
}

/** Plays the part of the echo for a component, as far as its goodbye. */
async function exchange(echo: Peer, component: Program): Promise<void> {
  const heard = await echo.message();
  assert.equal(attribute(heard, 'from'), `room@${GATE}/nick`);
  echo.send(`<message to='room@${GATE}/nick' type='chat'><body>echo of ${/<body>(.*)<\/body>/s.exec(heard)?.[1]}</body></message>`);
  await component.printed(`chat from ${ECHO} to room@${GATE}/nick: echo of grüße & <b>\n`);
  await component.printed(`error from ${ABSENT}: service-unavailable\n`);
}

test('@xmpp/component connects, sends, receives, gets a bounce, and reconnects after a restart of the server', {
  skip: NO_XMPP_JS,
}, async (t) => {
  const first = await startWithComponents(t);
  const [{ port }] = first.server.listening.components as [BoundAddress];
  const component = new Program(t, process.execPath, [script('xmpp-js-component.js'), String(port), GATE, 'secret', ECHO, ABSENT]);
  await exchange(await login(t, first.address), component);
  await first.server.stop();
  const second = await startWithComponents(t, first.address.port, port);
  await component.printed(`online as ${GATE}, 2\n`);
  (await login(t, second.address)).send(`<message to='${GATE}'><body>stop</body></message>`);
  assert.equal((await component.outcome()).code, 0);
});

test('@xmpp/component is refused with a wrong secret', { skip: NO_XMPP_JS }, async (t) => {
  const { server } = await startWithComponents(t);
  const [{ port }] = server.listening.components as [BoundAddress];
  const component = new Program(t, process.execPath, [script('xmpp-js-component.js'), String(port), GATE, 'wrong', ECHO, ABSENT]);
  assert.match((await component.outcome()).stdout, /^failed: not-authorized\n/);
});

test('slixmpp (Python) as a component connects, sends, receives, and gets a bounce', { skip: NO_SLIXMPP }, async (t) => {
  const { server, address } = await startWithComponents(t);
  const [{ port }] = server.listening.components as [BoundAddress];
  const component = new Program(t, PYTHON, [script('slixmpp-component.py'), String(port), GATE, 'secret', ECHO, ABSENT]);
  const echo = await login(t, address);
  await exchange(echo, component);
  echo.send(`<message to='${GATE}'><body>stop</body></message>`);
  assert.equal((await component.outcome()).code, 0);
});

test('slixmpp (Python) as a component is refused with a wrong secret', { skip: NO_SLIXMPP }, async (t) => {
  const { server } = await startWithComponents(t);
  const [{ port }] = server.listening.components as [BoundAddress];
  const component = new Program(t, PYTHON, [script('slixmpp-component.py'), String(port), GATE, 'wrong', ECHO, ABSENT]);
  assert.equal((await component.outcome()).stdout, 'failed: not-authorized\n');
});

/** Sends messages to a client that cuts its connection among them, and finds all of them in its output, once and in order. */
async function sendAround(echo: Peer, client: Program, log: TestServer['log']): Promise<void> {
  const send = (...bodies: string[]) => echo.send(bodies.map((body) => `<message to='${RESUMING}' type='chat'><body>${body}</body></message>`).join(''));
  await client.printed(`online as ${RESUMING}\n`);
  // Some of it may still be read before the connection is cut, some is written into the void, and the rest waits for the next one.
  send('1', '2', 'cut', '3', '4');
  while (!log.lines.some(({ message }) => message === 'session waits for a resumption')) await new Promise((resolve) => setImmediate(resolve));
  send('5', '6');
  await client.printed('resumed\n');
  send('7', 'stop');
  const { code, stdout, stderr } = await client.outcome();
  assert.equal(code, 0, stderr);
  const lines = stdout.trim().split('\n');
  assert.deepEqual(
    lines.filter((line) => /^(\d|cut|stop)$/.test(line)),
    ['1', '2', 'cut', '3', '4', '5', '6', '7', 'stop'],
  );
  assert.equal(lines.filter((line) => line.startsWith('online')).length, 1, 'it has not begun a new session');
}

test('@xmpp/client resumes its session after its socket was cut: nothing is lost or doubled, in either direction', { skip: NO_XMPP_JS }, async (t) => {
  const { address, log } = await startServer(t);
  const echo = await login(t, address);
  const client = new Program(t, process.execPath, [script('xmpp-js-resumption.js'), String(address.port), DOMAIN, ECHO]);
  await sendAround(echo, client, log);
  const heard = echo.transcript.match(/<body>before the cut \d<\/body>/g);
  assert.deepEqual(
    heard,
    ['1', '2', '3'].map((number) => `<body>before the cut ${number}</body>`),
  );
});

test('slixmpp (Python) resumes its session after its socket was cut: nothing is lost or doubled', { skip: NO_SLIXMPP }, async (t) => {
  const { address, log } = await startServer(t);
  const client = new Program(t, PYTHON, [script('slixmpp-resumption.py'), String(address.port), DOMAIN]);
  await sendAround(await login(t, address), client, log);
});
