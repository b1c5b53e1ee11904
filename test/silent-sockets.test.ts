import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { serve, temporaryFolder } from './support/command.ts';
import { GatewaySocket, request } from './support/gateway-socket.ts';

const SOCKETS = 10_000;
/** Of this process and the server, besides the sockets. */
const OTHER_FILES = 500;
/** The default of `pendingConnections`. */
const KEPT = 8_192;
const MB = 1_048_576;

/** The files that a process may have open; Node raises its own limit to that. */
function mostFiles(): number {
  try {
    return Number(/^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Opens sockets that say nothing, from several addresses. */
async function openSilent(t: TestContext, port: number, count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  t.after(() => sockets.forEach((socket) => void socket.destroy()));
  while (sockets.length < count) {
    const batch = Array.from({ length: 100 }, (_, number) => connect({ port, host: '127.0.0.1', localAddress: `127.0.1.${1 + (number % 4)}` }));
    sockets.push(...batch);
    await Promise.all(
      batch.map((socket) =>
        once(
          socket.on('error', () => {}),
          'connect',
        ),
      ),
    );
  }
  return sockets;
}

const bytesOf = (pid: number) => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1_024;
const ADD = { service: 'opensrf.absent', thread: 't', osrf_msg: [request('add', [1, 1])] };

const skip = mostFiles() < SOCKETS + OTHER_FILES && `a process may open ${mostFiles()} files`;

test('10,000 sockets that say nothing: they make room, and browsers notice nothing', { skip }, async (t) => {
  const serving = await serve(t, temporaryFolder(t), '--web-port', '0', '--limit', 'loginTimeoutMs=600000');
  const [{ port }] = (serving.ready as unknown as { web: [{ port: number }] }).web;
  const url = `http://127.0.0.1:${port}`;
  const early = await GatewaySocket.open(t, url);
  await early.ask(ADD);
  const pid = serving.ready.pid;
  const before = bytesOf(pid);
  const silent = await openSilent(t, port, SOCKETS);
  while (silent.filter(({ closed }) => closed).length < SOCKETS - KEPT) await turn();
  assert.ok(bytesOf(pid) - before < 200 * MB, `${(bytesOf(pid) - before) / MB} MB`);
  assert.equal((await early.ask(ADD)).transport_error, true);
  assert.match(await (await fetch(url)).text(), /osrf-websocket-translator/);
  const late = await GatewaySocket.open(t, url);
  assert.equal((await late.ask(ADD)).transport_error, true);
  const open = silent.filter(({ closed }) => !closed);
  // The memory budget of connections before login may leave fewer.
  assert.ok(open.length <= KEPT && open.length > 1_000, `${open.length} are left`);
  assert.equal(silent.at(-1)?.closed, false);
});
