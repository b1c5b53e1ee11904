import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { messageXml } from '../load/peer.js';
import { wait } from '../load/server.js';
import { quantile, RawClient } from './lab.js';

// Its start tag and thread count too: the limit of a stanza is 8 MiB.
const BYTES = 8 * 1_048_576 - 1_024;
const PAUSE_MS = 200;

/** Messages of 8 MiB from member to member, while another client and a listener of the same two members exchange requests. */
export async function largeStanza(lab, { large }) {
  const [a, b] = await lab.three();
  const neighbour = await Neighbour.start(a, b);
  const sender = await RawClient.login(lab, a, 'large-sender');
  const receiver = await RawClient.login(lab, b, 'large-receiver');
  // The first one meets cold code.
  await send(0);
  await wait(1_000);
  await neighbour.times();
  await wait(2_000);
  const before = await neighbour.times();
  const during = [];
  const took = [];
  let broken = 0;
  for (let count = 0; count < large; count++) {
    await neighbour.times();
    const { ms, isWhole } = await send(count);
    during.push(...(await neighbour.times()));
    took.push(ms);
    if (!isWhole) broken++;
    await wait(PAUSE_MS);
  }
  await neighbour.stop();
  // Looking at turns costs CPU, so these are other messages.
  for (const member of [a, b]) await member.turns();
  for (let count = 0; count < large; count++) await send(count);
  const [turnsA, turnsB] = await Promise.all([a, b].map((member) => member.turns()));
  const all = (times) =>
    `p50 ${quantile(times, 0.5).toFixed(1)}, p99 ${quantile(times, 0.99).toFixed(1)}, max ${quantile(times, 1).toFixed(1)} ms of ${times.length}`;
  const note = `${all(during)}; before: ${all(before)}; longest turns without it: ${turnsA.max} and ${turnsB.max} ms of CPU`;
  return [
    {
      name: `stanzas of 8 MiB that did not arrive whole, of ${large}`,
      value: broken,
      unit: '',
      goal: 0,
      note: `median ${quantile(took, 0.5).toFixed(0)} ms each`,
    },
    { name: `a neighbour's requests meanwhile, p99`, value: quantile(during, 0.99), unit: 'ms', goal: 50, note },
  ];

  async function send(count) {
    const body = `${count} ${'payload '.repeat(BYTES / 8)}`.slice(0, BYTES);
    const xml = messageXml(receiver.jid, '', `t${count}`, body);
    const start = performance.now();
    sender.send(xml);
    const stanza = await receiver.next();
    return { ms: performance.now() - start, isWhole: stanza.includes(`<body>${body}</body>`) };
  }
}

class Neighbour {
  static async start(from, to) {
    const neighbour = new Neighbour();
    neighbour.worker = new Worker(new URL('neighbour.js', import.meta.url), { workerData: { from: from.port, to: to.port } });
    await once(neighbour.worker, 'message');
    return neighbour;
  }

  /** Of its requests since the last call. */
  async times() {
    this.worker.postMessage('report');
    return (await once(this.worker, 'message'))[0];
  }

  async stop() {
    await this.worker.terminate();
  }
}
