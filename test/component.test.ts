import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ChopChop } from '../server/compose/chopchop.ts';
import { createConfig } from '../server/config/config.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import { appeared, MAIN, run, temporaryFolder } from './support/command.ts';
import { header, Peer } from './support/peer.ts';
import { endWith } from './support/processes.ts';
import { PATIENT_LIMITS, recordingLog, startServer } from './support/server.ts';

const FIXTURES = fileURLToPath(new URL('../../test/fixtures/core/', import.meta.url));
const COMPONENT = 'gate.localhost';
const COMPONENTS = { port: 0, secrets: new Map([[COMPONENT, 'secret']]) };

async function handshake(peer: Peer, secret = 'secret'): Promise<Peer> {
  return await peer.handshake(COMPONENT, secret);
}

function checked(args: string[]) {
  const outcome = run(...args, '--check-config');
  return { ...outcome, components: outcome.code === 0 ? JSON.parse(outcome.stdout).components : null };
}

test('stanzas that a component has not read bounce when it ends, and its listeners leave the router', async (t) => {
  const trustedServers = new Map([['localhost', ['localhost', COMPONENT]]]);
  const { server, address, log } = await startServer(t, { components: COMPONENTS, router: { trustedServers } });
  const component = await handshake(await Peer.connect(t, server.listening.components[0] as BoundAddress));
  const alice = await (await Peer.connect(t, address)).login('opensrf', 'localhost', 'alice');
  component.send(`<message from='s@${COMPONENT}/1' to='router@localhost/router'><opensrf router_command='register' router_class='opensrf.math'/></message>`);
  component.send(`<iq from='${COMPONENT}' to='localhost' type='get' id='sync'><ping xmlns='urn:xmpp:ping'/></iq>`);
  await component.expect("id='sync'/>");
  assert.equal(server.routers.get('localhost')?.classes.get('opensrf.math')?.nodes.has(`s@${COMPONENT}/1`), true);
  component.stream.pause();
  const body = 'x'.repeat(1024 * 1024);
  for (let count = 0; count < 20; count++) alice.send(`<message to='room@${COMPONENT}' id='${count}'><body>${body}</body></message>`);
  alice.send("<iq type='get' id='sync'><ping xmlns='urn:xmpp:ping'/></iq>");
  await alice.expect("id='sync'/>");
  component.stream.destroy();
  const bounced = await alice.message();
  assert.match(bounced, /type='error'/);
  assert.match(bounced, /<service-unavailable /);
  assert.equal(server.routers.get('localhost')?.classes.size, 0);
  assert.ok(log.lines.some(({ message, fields }) => message === 'session bound' && fields['jid'] === COMPONENT));
});

test('a stopping server ends the streams of its components, and accepts them again after a start', async (t) => {
  const { server } = await startServer(t, { components: COMPONENTS });
  const [before] = server.listening.components as [BoundAddress];
  const component = await handshake(await Peer.connect(t, before));
  const stopped = server.stop();
  assert.match(await component.closed(), /^<stream:error><system-shutdown /);
  await stopped;
  assert.deepEqual([server.listening.components, server.sessionCount], [[], 0]);
  await server.start();
  await handshake(await Peer.connect(t, server.listening.components[0] as BoundAddress));
  assert.equal(server.sessionCount, 1);
});

test('a new secret applies to new components; connected ones stay', async (t) => {
  const { server } = await startServer(t, { components: COMPONENTS });
  const [address] = server.listening.components as [BoundAddress];
  const component = await handshake(await Peer.connect(t, address));
  const components = { ...COMPONENTS, secrets: new Map([['other.localhost', 'new']]), secret: 'changed' };
  const read = createConfig({ port: 0, limits: PATIENT_LIMITS, components });
  assert.deepEqual(server.reload(read), []);
  component.send(`<iq from='${COMPONENT}' to='localhost' type='get' id='sync'><ping xmlns='urn:xmpp:ping'/></iq>`);
  await component.expect("id='sync'/>");
  await (await Peer.connect(t, address)).handshake('other.localhost', 'new');
  component.stream.destroy();
  await assert.rejects((await Peer.connect(t, address)).handshake(COMPONENT, 'secret'), /<not-authorized /);
  await handshake(await Peer.connect(t, address), 'changed');
});

test('after too many failures the answer to a wrong handshake is delayed, the answer to a correct one is not; logins of clients count too', async (t) => {
  const { server, address } = await startServer(t, {
    components: COMPONENTS,
    limits: { failedLogins: 1, failedLoginDelayMs: 60_000, loginTimeoutMs: 120_000 },
  });
  const [port] = server.listening.components as [BoundAddress];
  const client = await Peer.connect(t, address);
  client.send(
    `${header('localhost')}<iq type='set' id='1'><query xmlns='jabber:iq:auth'><username>a</username><password>b</password><resource>c</resource></query></iq>`,
  );
  await client.expect('<not-authorized ');
  const late = await Peer.connect(t, port);
  late.send(`<stream:stream to='${COMPONENT}' xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>`);
  await late.expect(/<stream:stream [^>]*>/);
  late.send(`<handshake>${'0'.repeat(40)}</handshake>`);
  await handshake(await Peer.connect(t, port));
  assert.deepEqual([late.received, late.ended], ['', false]);
  late.send('<handshake/>');
  assert.match(await late.closed(), /<policy-violation .*a handshake is still pending/);
});

test('the delayed answer to a handshake arrives', async (t) => {
  const { server } = await startServer(t, { components: COMPONENTS, limits: { failedLogins: 0, failedLoginDelayMs: 20 } });
  await assert.rejects(handshake(await Peer.connect(t, server.listening.components[0] as BoundAddress), 'wrong'), /<not-authorized /);
});

test('a silent component is not pinged', async (t) => {
  const { server } = await startServer(t, { components: COMPONENTS, limits: { pingAfterMs: 5, pingTimeoutMs: 5, deadPeerCheckMs: 2 } });
  const component = await handshake(await Peer.connect(t, server.listening.components[0] as BoundAddress));
  const client = await (await Peer.connect(t, server.listening.c2s[0] as BoundAddress)).loginByRfc6120('opensrf', 'localhost', 'client');
  await client.closed();
  component.send(`<iq from='${COMPONENT}' to='localhost' type='get' id='sync'><ping xmlns='urn:xmpp:ping'/></iq>`);
  await component.expect(`<iq to='${COMPONENT}' from='localhost' type='result' id='sync'/>`);
  assert.doesNotMatch(component.transcript, /id='ping'/);
});

test('a missing handshake ends the stream', async (t) => {
  const { server } = await startServer(t, { components: COMPONENTS, limits: { loginTimeoutMs: 20 } });
  const component = await Peer.connect(t, server.listening.components[0] as BoundAddress);
  assert.match(await component.closed(), /<connection-timeout [^>]*><text [^>]*>the handshake took too long<\/text>/);
});

test('if the port for components is taken, nothing is started', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const server = new ChopChop(createConfig({ port: 0, components: { port, secret: 's' } }), recordingLog());
  t.after(() => server.stop());
  await assert.rejects(server.start(), /cannot listen on 127\.0\.0\.1:\d+: .*--component-port/);
  taken.close();
  await once(taken, 'close');
  await server.start();
  assert.equal(server.listening.components[0]?.port, port);
});

test('components are configured on the command line and in <chopchop>, whose <secret> applies to all', () => {
  const two = checked(['--component-port', '5347', '--component', 'A.localhost:s:1', '--component', 'b.localhost:s,2']);
  assert.deepEqual(two.components, { port: 5347, domains: ['a.localhost', 'b.localhost'], conflict: 'keep' });
  assert.doesNotMatch(two.stdout, /s:1|s,2/);
  const site = checked(['--config', `${FIXTURES}1.4-chopchop.xml`, '--log-file', '/dev/null', '--component-port', '0', '--component-conflict', 'replace']);
  assert.deepEqual(site.components, { port: 0, domains: ['*'], conflict: 'replace' });
  assert.deepEqual(checked([]).components, { port: null, domains: [], conflict: 'keep' });
});

test('errors in the components’ configuration are reported at the start, without secrets', () => {
  const { code, stderr } = checked([
    '--component',
    'no-colon',
    '--component',
    ':x',
    '--component',
    'a.test:',
    '--component',
    'b.test:1',
    '--component',
    'b.test:2',
  ]);
  assert.equal(code, 2);
  assert.deepEqual(stderr.match(/--component: .*/g), [
    ...Array(3).fill('--component: needs a component as DOMAIN:SECRET'),
    '--component: b.test is given twice',
  ]);
  assert.match(checked(['--component', 'a.test:1']).stderr, /--component: no component can connect without --component-port/);
  assert.match(checked(['--component-port', '1']).stderr, /--component-port: no component can connect without a secret \(--component or --component-secret\)/);
  assert.match(
    checked(['--component-port', '70000', '--component', 'localhost:1']).stderr,
    /--component-port: "70000" is not a port number[\s\S]*the server itself serves localhost/,
  );
});

test('the ready file has the addresses for components', async (t) => {
  const folder = temporaryFolder(t);
  const args = ['--host', '127.0.0.1', '--port', '0', '--component-port', '0', '--component-secret', 'secret', '--ready-file', join(folder, 'ready.json')];
  endWith(t, spawn(process.execPath, [MAIN, ...args], { stdio: 'ignore' }));
  await appeared(t, folder, 'ready.json');
  const { components } = JSON.parse(readFileSync(join(folder, 'ready.json'), 'utf8'));
  await handshake(await Peer.connect(t, components[0]));
});
