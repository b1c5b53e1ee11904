// A cluster of two members on NATS against one process, in turns: CPU of all processes for a request whose client and listener are at different members.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './report.js';
import { end, somePort } from './servers.js';
import { runLoad } from './tools.js';

const LOAD = ['--clients', '8', '--listeners', '4'];

/** `at`: the ports that osrfload gets, of the members. */
const ROWS = [
  { name: 'all crossing, window 8', load: ['--window', '8'], at: ([, second]) => ['--port2', String(second)] },
  { name: 'all crossing, window 1', load: ['--window', '1'], at: ([, second]) => ['--port2', String(second)] },
  { name: 'half crossing, window 8', load: ['--window', '8'], at: ([, second]) => ['--port2', String(second), '--split', '1'] },
  { name: 'none crossing (local), window 8', load: ['--window', '8'], at: () => [], options: ['--cluster-balance', 'local'] },
];

async function natsServer() {
  for (;;) {
    const port = somePort();
    const child = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    await once(child, 'spawn');
    await sleep(200);
    if (child.exitCode === null && (await accepts(port))) return { url: `nats://127.0.0.1:${port}`, child };
    await end(child);
  }
}

async function accepts(port) {
  const socket = connect(port, '127.0.0.1');
  const opened = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return opened;
}

/** Two members as one server for runLoad. */
async function startCluster(oursWith, options) {
  const nats = await natsServer();
  const members = [];
  const stop = async () => {
    for (const member of members) await member.stop();
    await end(nats.child);
  };
  try {
    for (const member of ['a', 'b']) members.push(await oursWith(['--cluster', 'bench', '--member', member, '--nats', nats.url, ...options]).start());
  } catch (error) {
    await stop();
    throw error;
  }
  const [first] = members;
  return { ...first, ports: members.map(({ port }) => port), pids: () => [...members.flatMap(({ pids }) => pids()), nats.child.pid], stop };
}

/** The load before each measurement: two processes compile twice as much as one. */
const WARM_UP_SECONDS = 2;

async function measure(server, osrfload, load) {
  try {
    await runLoad(osrfload, server, [...load, '--seconds', String(WARM_UP_SECONDS)]);
    return await runLoad(osrfload, server, load);
  } finally {
    await server.stop();
  }
}

/** @returns for each row the CPU of all processes and its ratio to that of one process. */
export async function cluster({ osrfload, ours, oursWith, rounds, seconds }) {
  const found = {};
  for (const { name, load, at, options = [] } of ROWS) {
    const results = [];
    for (let round = 0; round < rounds; round++) {
      const args = ['--seconds', String(seconds), ...LOAD, ...load];
      const alone = await measure(await ours.start(), osrfload, args);
      const server = await startCluster(oursWith, options);
      results.push({ alone, together: await measure(server, osrfload, [...args, ...at(server.ports)]) });
    }
    const cpu = ({ server_cpu_us_per_req: us }) => us;
    found[name] = {
      aloneUs: median(results.map(({ alone }) => cpu(alone))),
      clusterUs: median(results.map(({ together }) => cpu(together))),
      ratio: Math.round(100 * median(results.map(({ alone, together }) => cpu(together) / cpu(alone)))) / 100,
      lost: results.reduce((sum, { together: { lost, errors } }) => sum + lost + errors, 0),
    };
  }
  return found;
}
