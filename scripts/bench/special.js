// Measurements other than requests: memory of idle connections, logins, a peer that reads nothing, a neighbour with large messages, the long run.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADDRESS, logIn, message } from './client.js';
import { cluster } from './cluster.js';
import { federation } from './federation.js';
import { median } from './report.js';
import { runLoad } from './tools.js';
import { web } from './web.js';

function rssMb({ pids }) {
  const kb = pids().map((pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1]));
  return kb.reduce((sum, one) => sum + one, 0) / 1024;
}

async function withServer(candidate, action) {
  const server = await candidate.start();
  try {
    return await action(server);
  } finally {
    await server.stop();
  }
}

/** Memory of sessions that say nothing. */
async function idle({ osrfload, ours }) {
  return withServer(ours, async (server) => {
    const before = rssMb(server);
    const count = 10_000;
    const { logins_per_s: loginsPerSecond } = await runLoad(osrfload, server, ['--clients', '0', '--listeners', '0', '--idle', String(count)]);
    await sleep(2_000);
    const after = rssMb(server);
    return { connections: count, rssMb: Math.round(after), kbEach: round(((after - before) * 1024) / count), loginsPerSecond };
  });
}

/** Logins per second, one kind after the other. */
async function logins({ osrfload, ours, rounds }) {
  const found = {};
  for (const auth of ['legacy', 'plain']) {
    const results = [];
    for (let index = 0; index < rounds; index++) {
      const run = (server) => runLoad(osrfload, { ...server, auth }, ['--clients', '0', '--listeners', '0', '--idle', '2000']);
      results.push(await withServer(ours, run));
    }
    found[auth === 'legacy' ? 'jabberIqAuth' : 'saslPlain'] = median(results.map((result) => result.logins_per_s));
  }
  return found;
}

/** The usual traffic, while something else goes on. @returns CPU and p99 without and with it. */
async function beside({ osrfload, ours, seconds }, disturb) {
  return withServer(ours, async (server) => {
    const load = ['--clients', '8', '--listeners', '4', '--window', '1', '--seconds', seconds];
    const alone = await runLoad(osrfload, server, load);
    const stop = await disturb(server);
    const disturbed = await runLoad(osrfload, server, load);
    await stop();
    const shown = ({ p50_us, p99_us, req_per_s, lost, errors }) => ({ p50Us: p50_us, p99Us: p99_us, requestsPerSecond: req_per_s, lost, errors });
    return { alone: shown(alone), disturbed: shown(disturbed), rssMb: Math.round(rssMb(server)) };
  });
}

/** A session that is sent 20 MB and reads nothing. */
function stalled(bench) {
  return beside(bench, async ({ port }) => {
    const [deaf, sender] = [await logIn(port, 'deaf'), await logIn(port, 'sender')];
    deaf.pause();
    const stanza = message(ADDRESS('deaf'), 't', 'x'.repeat(8_192));
    for (let sent = 0; sent < 20_000_000; sent += stanza.length) if (!sender.write(stanza)) await once(sender, 'drain');
    return async () => {
      for (const socket of [deaf, sender]) socket.destroy();
    };
  });
}

/** A session that sends itself messages of 5 MB, and of 10 MB, which is over the limit: they come back without their body. */
function neighbour(bench) {
  return beside(bench, async ({ port }) => {
    const socket = await logIn(port, 'large');
    socket.resume();
    const stanzas = [5_000_000, 10_000_000].map((length) => message(ADDRESS('large'), 't', '{&quot;a&quot;:1},'.repeat(length / 17)));
    let turn = 0;
    const send = () => {
      while (socket.writable && socket.write(stanzas[turn++ % 2]));
    };
    socket.on('drain', send);
    send();
    return async () => socket.destroy();
  });
}

/** The usual traffic for a long time; memory is to be flat from the first tenth on. */
async function soak({ osrfload, ours, minutes }) {
  return withServer(ours, async (server) => {
    const slices = Math.max(4, minutes);
    const samples = [];
    const totals = { done: 0, lost: 0, errors: 0 };
    for (let slice = 0; slice < slices; slice++) {
      const load = ['--clients', '50', '--listeners', '8', '--window', '4', '--seconds', String((60 * minutes) / slices)];
      const result = await runLoad(osrfload, server, load);
      for (const field of Object.keys(totals)) totals[field] += result[field];
      samples.push(Math.round(rssMb(server)));
    }
    return { minutes, rssMb: samples, ...totals };
  });
}

function round(number) {
  return Math.round(10 * number) / 10;
}

/** By mode. */
export const SPECIAL = { idle, logins, stalled, neighbour, soak, web, cluster, federation };
