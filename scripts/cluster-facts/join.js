import { until } from './lab.js';

/** Logins at the same time. */
const CHUNK = 200;

async function fill(lab, member, count) {
  for (let begun = 0; begun < count; begun += CHUNK) {
    const chunk = Array.from({ length: Math.min(CHUNK, count - begun) }, (_, index) => `session-${member.name}-${begun + index}`);
    await Promise.all(chunk.map((resource) => lab.login(member, resource)));
  }
}

async function knowsSessions(member, count) {
  return await until(`${member.name} knows ${count} sessions`, async () => (await member.others())[0]?.sessions === count);
}

/** A member without sessions joins one that has many, comes back to it after a cut, and begins anew. */
export async function join(lab, { sessions }) {
  const { port } = await lab.nats();
  const proxy = await lab.proxy(port);
  const [a, b] = [await lab.member('a', port), await lab.member('b', proxy.port)];
  await b.knows(1);
  const before = await b.memory();
  proxy.cut();
  await a.knows(0);
  await fill(lab, a, sessions);
  const took = await comeBack();
  const kept = (await b.memory()) - before;
  // Looking at turns costs CPU, so this is another time.
  proxy.cut();
  await a.knows(0);
  for (const member of [a, b]) await member.turns();
  await comeBack();
  const [turnsA, turnsB] = await Promise.all([a, b].map((member) => member.turns()));
  const start = performance.now();
  const third = await lab.member('c', port);
  const started = performance.now() - start;
  const known = (await third.others()).find(({ name }) => name === 'a').sessions;
  const note = `a new process served after ${Math.round(started)} ms, and knew ${known} sessions then`;
  const turns = ({ max, p999, turns }) => ({ value: max, unit: 'ms CPU', goal: 20, note: `p99.9 ${p999} of ${turns} turns` });
  return [
    { name: `a member joins one with ${sessions} sessions`, value: took, unit: 'ms', goal: 1_000, note },
    { name: 'memory of one session at another member', value: kept / sessions, unit: 'bytes', goal: 1_300, note: `${Math.round(kept / 1024)} KB` },
    { name: 'longest turn of the member that tells', ...turns(turnsA) },
    { name: 'longest turn of the member that joins', ...turns(turnsB) },
  ];

  async function comeBack() {
    const lost = (await b.others())[0]?.lost ?? 0;
    proxy.heal();
    // It learns from the other member that it was given up.
    await until('b has joined a again', async () => ((await b.others())[0]?.lost ?? lost) > lost);
    return await knowsSessions(b, sessions);
  }
}
