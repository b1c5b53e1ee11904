// A load at a fixed pace: a number of requests per second, independent of the server. For rows that are not worth measuring at full speed.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { OsrfClient } from '../../dist/server/osrf/client.js';
import { OsrfService } from '../../dist/server/osrf/service.js';

const LOGIN = { host: '127.0.0.1', domain: 'private.localhost', username: 'opensrf' };

const WARM_S = 10;

/** CPU time of all threads of a process, in microseconds. */
function cpuUs(pid) {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.reduce((sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]), 0) / 1000;
}

/** @returns measurements under the load generator's names. */
export async function runPaced({ port, password, pids }, rate, seconds) {
  const login = { ...LOGIN, port, password };
  const service = await OsrfService.start({ ...login, service: 'opensrf.load', workers: 4, methods: { add: (a, b) => a + b } });
  await service.listener.settled();
  const client = await OsrfClient.connect({ ...login, resource: 'paced' });
  const took = [];
  let errors = 0;
  const ask = async () => {
    const begin = performance.now();
    await client.request('opensrf.load', 'add', 2, 2).catch(() => errors++);
    took.push((performance.now() - begin) * 1000);
  };
  const answers = [];
  const pace = async (forSeconds) => {
    const begin = performance.now();
    for (let n = 0; n < forSeconds * rate; n++) {
      const early = begin + (n * 1000) / rate - performance.now();
      if (early > 0) await wait(early);
      answers.push(ask());
    }
  };
  // At such a pace it takes a while until everything is compiled.
  await pace(WARM_S);
  const [pid] = pids();
  const before = cpuUs(pid);
  await pace(seconds);
  await Promise.all(answers);
  const cpu = cpuUs(pid) - before;
  await client.close();
  await service.stop();
  took.sort((a, b) => a - b);
  const requests = Math.ceil(seconds * rate);
  return { server_cpu_us_per_req: cpu / requests, req_per_s: rate, p99_us: Math.round(took[Math.floor(took.length * 0.99)]), lost: 0, errors };
}
