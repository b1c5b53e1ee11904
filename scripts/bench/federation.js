// Two servers that are peers against one process, in turns: CPU of all processes for a request whose client is at one server and whose listener is at the other.
import { median } from './report.js';
import { somePort } from './servers.js';
import { runLoad } from './tools.js';

const LOAD = ['--clients', '8', '--listeners', '4', '--domain', 'private.b', '--warm', '3'];
const CROSSING = ['--domain2', 'private.a', '--register-wait', '1500'];
const ROWS = [
  { name: 'window 8', load: ['--window', '8'] },
  { name: 'window 1', load: ['--window', '1'] },
];

/** B, at whose router the listeners of A register, as one server for runLoad. */
async function startPeers(oursWith) {
  const [a, b] = [somePort(), somePort()];
  const options = (own, port, other, otherPort) => [
    '--domain',
    own,
    '--s2s-port',
    String(port),
    '--s2s-peer',
    `${other}=127.0.0.1:${otherPort},auth=dialback,tls=off,router=yes`,
  ];
  const trust = ['--trusted-server', 'private.b=private.a', '--trusted-server', 'private.b=private.b'];
  const first = await oursWith([...options('private.b', b, 'private.a', a), ...trust]).start();
  const second = await oursWith(options('private.a', a, 'private.b', b)).start();
  const stop = async () => {
    for (const server of [first, second]) await server.stop();
  };
  return { ...first, secondPort: second.port, pids: () => [...first.pids(), ...second.pids()], stop };
}

async function measure(server, osrfload, load) {
  try {
    return await runLoad(osrfload, server, load);
  } finally {
    await server.stop();
  }
}

/** @returns for each row the CPU of all processes and its ratio to that of one process. */
export async function federation({ osrfload, oursWith, rounds, seconds }) {
  const found = {};
  for (const { name, load } of ROWS) {
    const results = [];
    for (let round = 0; round < rounds; round++) {
      const args = ['--seconds', String(seconds), ...LOAD, ...load];
      const alone = await measure(await oursWith(['--domain', 'private.b']).start(), osrfload, args);
      const server = await startPeers(oursWith);
      results.push({ alone, together: await measure(server, osrfload, [...args, ...CROSSING, '--port2', String(server.secondPort)]) });
    }
    const cpu = ({ server_cpu_us_per_req: us }) => us;
    found[name] = {
      aloneUs: median(results.map(({ alone }) => cpu(alone))),
      peersUs: median(results.map(({ together }) => cpu(together))),
      ratio: Math.round(100 * median(results.map(({ alone, together }) => cpu(together) / cpu(alone)))) / 100,
      lost: results.reduce((sum, { together: { lost, errors } }) => sum + lost + errors, 0),
    };
  }
  return found;
}
