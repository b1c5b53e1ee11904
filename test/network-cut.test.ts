import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ChopChop } from '../server/compose/chopchop.ts';
import { deadPeersIn } from '../server/net/dead-peers.ts';
import { cRequest, requestBody } from './support/osrf.ts';
import { eventually } from './support/patience.ts';
import { Peer } from './support/peer.ts';
import { endWith } from './support/processes.ts';
import { startServer } from './support/server.ts';

const SERVER_ADDRESS = '10.199.77.1';
const LISTENER_ADDRESS = '10.199.77.2';
const LISTENER = fileURLToPath(new URL('./support/idle-listener.js', import.meta.url));

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function ip(...args: string[]): boolean {
  return spawnSync('ip', args, { stdio: 'ignore' }).status === 0;
}

/** A host of our own: a network namespace, `name`, with one cable to us. */
function plugIn(t: TestContext, name: string): boolean {
  t.after(() => {
    ip('link', 'del', `${name}a`);
    ip('netns', 'del', name);
  });
  return (
    ip('netns', 'add', name) &&
    ip('link', 'add', `${name}a`, 'type', 'veth', 'peer', 'name', `${name}b`, 'netns', name) &&
    ip('addr', 'add', `${SERVER_ADDRESS}/30`, 'dev', `${name}a`) &&
    ip('link', 'set', `${name}a`, 'up') &&
    ip('-n', name, 'addr', 'add', `${LISTENER_ADDRESS}/30`, 'dev', `${name}b`) &&
    ip('-n', name, 'link', 'set', `${name}b`, 'up')
  );
}

/** Waits until the listener's machine has acknowledged all that the server has sent (proc(5), net/tcp: 0 bytes in tx_queue). */
function acknowledged(): Promise<void> {
  const address = LISTENER_ADDRESS.split('.').map((part) => Number(part).toString(16).padStart(2, '0').toUpperCase());
  const waits = new RegExp(` ${address.reverse().join('')}:\\w+ 01 (?!00000000:)`);
  return eventually(() => !waits.test(readFileSync('/proc/net/tcp', 'utf8')), 'the acknowledgement');
}

interface Cut {
  readonly server: ChopChop;
  /** Waits for the server to have noticed. */
  noticed(): Promise<void>;
  cut(): void;
}

/** A listener on another host, registered and silent. */
async function listenerInNamespace(t: TestContext, name: string): Promise<Cut | null> {
  if (!plugIn(t, name)) {
    t.skip('needs root and ip(8) with network namespaces');
    return null;
  }
  const limits = { keepAliveMs: 1_000, retransmissions: 3, deadPeerCheckMs: 200 };
  const { server, address, log } = await startServer(t, {
    domains: ['localhost'],
    hosts: [SERVER_ADDRESS],
    insecure: true,
    router: { lossGraceMs: 50 },
    limits,
  });
  const command = ['netns', 'exec', name, process.execPath, LISTENER, address.host, String(address.port)];
  const child = endWith(t, spawn('ip', command, { stdio: ['ignore', 'pipe', 'inherit'] }));
  const registered = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  assert.match(String(registered), /registered/);
  assert.deepEqual([...(server.routers.get('localhost')?.classes.keys() ?? [])], ['opensrf.idle']);
  return {
    server,
    cut: () => assert.ok(ip('-n', name, 'link', 'set', `${name}b`, 'down'), 'the cable is pulled'),
    async noticed() {
      while (server.routers.get('localhost')?.classes.size !== 0) await wait(50);
      assert.equal(log.lines.find(({ message }) => message === 'session ended')?.fields['reason'], 'connection-failed');
    },
  };
}

test('a silent listener whose host has vanished is found by TCP keep-alive and leaves its classes', async (t) => {
  const listener = await listenerInNamespace(t, `ccA${process.pid}`);
  if (listener === null) return;
  // Keep-alive asks only where nothing waits for an acknowledgement.
  await acknowledged();
  listener.cut();
  await listener.noticed();
});

test('retransmissions find a listener whose host vanishes with a request in flight, and the client gets an answer', async (t) => {
  const listener = await listenerInNamespace(t, `ccB${process.pid}`);
  if (listener === null) return;
  const client = await Peer.inMemory(listener.server).login('opensrf', 'localhost', 'client');
  await acknowledged();
  listener.cut();
  client.send(cRequest('router@localhost/opensrf.idle', '', '1', requestBody('wait')));
  await listener.noticed();
  assert.match(await client.message(), /<thread>1<\/thread>.*lost its listener","statusCode":"503"/);
});

for (const [what, line, peers] of [
  ['sent again seven times', '1: 0100007F:1466 0202000A:D431 01 00000010:00000000 01:0000014C 00000007 0 0 1', ['10.0.2.2:54321']],
  ['sent again six times', '1: 0100007F:1466 0202000A:D431 01 00000010:00000000 01:0000014C 00000006 0 0 1', []],
  ['not read by a peer that is there', '1: 0100007F:1466 0202000A:D431 01 00000010:00000000 04:0000014C 00000009 0 0 1', []],
  ['of a connection being closed', '1: 0100007F:1466 0202000A:D431 04 00000010:00000000 01:0000014C 00000009 0 0 1', []],
  [
    'to an IPv6 address',
    '1: 00000000000000000000000001000000:1466 B80D0120000000000000000001000000:D431 01 00000010:00000000 01:0000014C 0000000A 0 0 1',
    ['2001:db8::1:54321'],
  ],
] as const) {
  test(`a peer is dead by proc(5) net/tcp with data ${what}: ${peers.length > 0}`, () => {
    assert.deepEqual(deadPeersIn(`  sl  local_address rem_address\n   ${line}\n`, 7), peers);
  });
}
