// In the network namespace of the lab: loses Prosody in several ways, and talks TLS with it. Prints a line of JSON for each check.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ChopChop } from '../../server/compose/chopchop.ts';
import { type ConfigInput, createConfig } from '../../server/config/config.ts';
import { writeAuthority } from './certificate.ts';
import { LocalClient } from './local-client.ts';
import { Peer } from './peer.ts';
import { LAB, reachable } from './s2s-lab.ts';
import { recordingLog } from './server.ts';

const [, , folder = ''] = process.argv;
const { host, username } = LAB['prosody.lab'];
const scope = { after: () => {} };
const log = recordingLog();

async function startProsody(config: string): Promise<ChildProcess> {
  const child = spawn('prosody', ['--config', join(folder, 'p', config), '-F'], { stdio: 'ignore' });
  await reachable(host, 5269);
  await reachable(host, 5222);
  return child;
}

async function kill(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  child.kill(signal);
  await once(child, 'exit');
}

async function logIn(): Promise<Peer> {
  const client = await (await Peer.connect(scope, { host, port: 5222 })).loginByRfc6120(username, 'prosody.lab', 'r');
  client.send("<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq><presence/>");
  return client;
}

function start(input: ConfigInput): ChopChop {
  return new ChopChop(
    createConfig({ domains: ['chop.lab'], hosts: ['127.0.2.4'], port: 5222, limits: { peerRetryMs: 100, peerConnectMs: 1_000 }, ...input }),
    log,
  );
}

async function check(name: string, action: () => Promise<void>): Promise<void> {
  let problem = '';
  try {
    await action();
  } catch (error) {
    const lines = log.lines.slice(-6).map(({ message, fields }) => `${message} ${JSON.stringify(fields)}`);
    problem = [(error as Error).message, ...lines].join('\n');
  }
  process.stdout.write(`${JSON.stringify({ name, problem })}\n`);
}

const ADDRESS = `${username}@prosody.lab/r`;

/** Sends until a message arrives: some bounce in the pause after a failure. */
async function delivered(from: LocalClient, to: Peer): Promise<void> {
  const arrived = to.message();
  for (;;) {
    from.send(ADDRESS, 'again');
    if (await Promise.race([arrived.then(() => true), from.arrival().then(() => false)])) return;
    assert.match(await from.message(), /<remote-server-timeout /);
  }
}

/** Drops all packets to Prosody's port for servers, as a firewall does. */
function nft(...command: string[]): void {
  assert.equal(spawnSync('nft', command, { stdio: ['ignore', 'ignore', 'inherit'] }).status, 0);
}

const plain = start({ s2s: { port: 5269, peers: ['prosody.lab,tls=off'] } });
await plain.start();
let prosody = await startProsody('prosody.cfg.lua');
const client = new LocalClient(plain, 'chop.lab');

await check('Prosody is killed: stanzas bounce at once, and reach it when it is back', async () => {
  client.send(ADDRESS, 'first');
  const theirs = await logIn();
  await delivered(client, theirs);
  await kill(prosody);
  client.send(ADDRESS, 'lost');
  assert.match(await client.message(), /<thread>t1<\/thread><body>lost<\/body><error code='504' type='wait'><remote-server-timeout /);
  prosody = await startProsody('prosody.cfg.lua');
  await delivered(client, await logIn());
});

await check('a firewall drops packets to Prosody: stanzas bounce after the time to connect, and reach it afterwards', async () => {
  await kill(prosody);
  prosody = await startProsody('prosody.cfg.lua');
  const theirs = await logIn();
  nft('add', 'table', 'inet', 'lab');
  nft('add', 'chain', 'inet', 'lab', 'in', '{ type filter hook input priority 0; }');
  nft('add', 'rule', 'inet', 'lab', 'in', 'tcp', 'dport', '5269', 'ip', 'daddr', host, 'drop');
  const since = performance.now();
  client.send(ADDRESS, 'lost');
  assert.match(await client.message(), /<body>lost<\/body><error code='504' type='wait'><remote-server-timeout .*cannot connect/);
  const ms = performance.now() - since;
  assert.ok(ms > 900 && ms < 5_000, `${ms} ms`);
  nft('delete', 'table', 'inet', 'lab');
  await delivered(client, theirs);
});

await check('Prosody stands still: a stanza for a new pair bounces after the time of a negotiation, and reaches it later', async () => {
  await kill(prosody);
  prosody = await startProsody('prosody.cfg.lua');
  const theirs = await logIn();
  prosody.kill('SIGSTOP');
  client.send(ADDRESS, 'lost');
  assert.match(await client.message(), /<remote-server-timeout /);
  prosody.kill('SIGCONT');
  await delivered(client, theirs);
});
await plain.stop();
await kill(prosody);

const authority = await writeAuthority(folder, 'authority');
await authority.sign('prosody', ['prosody.lab']);
const certificate = await authority.sign('chop', ['chop.lab']);
prosody = await startProsody('tls.cfg.lua');
for (const [name, rules] of [
  ['certificates prove the domains of both servers', `auth=external,tls=required,ca=${authority.file}`],
  ['TLS with dialback', 'auth=dialback,tls=required'],
] as const) {
  await check(`Prosody with TLS: ${name}`, async () => {
    const secure = start({ tls: { certificate }, s2s: { port: 5269, peers: [`prosody.lab,${rules}`] } });
    await secure.start();
    const ours = new LocalClient(secure, 'chop.lab');
    const theirs = await logIn();
    await delivered(ours, theirs);
    theirs.send("<message to='opensrf@chop.lab/client'><body>back</body></message>");
    assert.match(await ours.message(), /back/);
    const streams = [...secure.connections].filter(({ peer }) => peer.startsWith(host));
    assert.deepEqual([...new Set(streams.map(({ kind }) => kind))], ['tls']);
    await secure.stop();
  });
}
await kill(prosody);
process.exit(0);
