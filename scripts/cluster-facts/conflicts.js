import { loginXml, messageXml } from '../load/peer.js';
import { wait } from '../load/server.js';
import { RawClient, until } from './lab.js';

const AFTER_MS = 1_000;
/** Connections that are opened at the same time. */
const CHUNK = 100;

/** One login at one member. */
class Claimant {
  text = '';
  open = true;

  static async connect(lab, member, resource) {
    const claimant = new Claimant();
    claimant.resource = resource;
    claimant.socket = await lab.connect(member);
    claimant.socket.on('close', () => {
      claimant.open = false;
    });
    claimant.socket.on('data', (text) => {
      claimant.text += text;
      if (text.includes('</stream:stream>')) claimant.open = false;
    });
    return claimant;
  }

  login() {
    this.socket.write(loginXml(this.resource));
  }

  get isLoggedIn() {
    return this.text.includes("type='result' id='login'/>");
  }

  /** The number of probes that have arrived. */
  get probes() {
    return this.text.split('probe</body>').length - 1;
  }
}

async function claimants(lab, member, prefix, count) {
  const all = [];
  while (all.length < count) {
    const chunk = Array.from({ length: Math.min(CHUNK, count - all.length) }, (_, index) => `${prefix}-${all.length + index}`);
    all.push(...(await Promise.all(chunk.map((resource) => Claimant.connect(lab, member, resource)))));
  }
  return all;
}

/** Counts the addresses that do not have exactly one session, which a probe from another member reaches. */
async function judge(name, [ones, others], lab, witness) {
  const wrong = ones.filter((one, index) => Number(one.open) + Number(others[index].open) !== 1).length;
  const prober = await RawClient.login(lab, witness, `prober-${name}`);
  for (const { resource } of ones) prober.send(messageXml(`opensrf@localhost/${resource}`, '', 'probe', 'probe'));
  const arrived = () => [...ones, ...others].reduce((sum, { probes }) => sum + probes, 0);
  const start = performance.now();
  await until('probes arrive', () => arrived() >= ones.length || performance.now() - start > 5_000);
  const misled = ones.filter(
    (one, index) => one.probes + others[index].probes !== 1 || [one, others[index]].some(({ open, probes }) => probes > 0 && !open),
  ).length;
  const won = ones.filter(({ open }) => open).length;
  return [
    {
      name: `${name}: addresses without exactly one session after ${AFTER_MS / 1_000} s, of ${ones.length}`,
      value: wrong,
      unit: '',
      goal: 0,
      note: `${won} at a, ${others.filter(({ open }) => open).length} at b`,
    },
    { name: `${name}: addresses that a message from the third member misses`, value: misled, unit: '', goal: 0 },
  ];
}

/** The same addresses log in at two members at the same moment. */
export async function conflictsAtOnce(lab, { jids }) {
  const [a, b, c] = await lab.three();
  const both = [await claimants(lab, a, 'once', jids), await claimants(lab, b, 'once', jids)];
  for (let index = 0; index < jids; index++) for (const all of both) all[index].login();
  await until('all have logged in', () => both.flat().every((one) => one.isLoggedIn || !one.open));
  await wait(AFTER_MS);
  return await judge('logins at once', both, lab, c);
}

/** The same addresses log in on both sides of a cut between two nats-servers, which is healed then. */
export async function conflictsInSplit(lab, { jids }) {
  const first = await lab.nats();
  const proxy = await lab.proxy(first.routes);
  const second = await lab.nats(proxy.port);
  const [a, b, c] = await Promise.all([lab.member('a', first.port), lab.member('b', second.port), lab.member('c', second.port)]);
  for (const member of [a, b, c]) await member.knows(2);
  proxy.cut();
  const givenUp = await a.knows(0);
  await b.knows(1);
  const both = [await claimants(lab, a, 'split', jids), await claimants(lab, b, 'split', jids)];
  for (const all of both) for (const one of all) one.login();
  await until('all have logged in', () => both.flat().every((one) => one.isLoggedIn || !one.open));
  const before = both.flat().filter(({ open }) => open).length;
  proxy.heal();
  const healed = await a.knows(2);
  await b.knows(2);
  await wait(AFTER_MS);
  const found = await judge('split and healed', both, lab, c);
  found[0].note += `; ${before} sessions before the heal, members gave each other up after ${Math.round(givenUp)} ms, and were together ${Math.round(healed)} ms after the heal`;
  return found;
}
