#!/usr/bin/env node
// Sends mutated conversations to the reader of streams, the logins, the router, a whole server and its control interface. They are made from the
// transcripts in test/transcripts and other recordings of real programs: bytes changed, cut off, repeated, spliced with others, in pieces of any size.
//
//   npm run build && node scripts/fuzz.js [--cases 10000000] [--target reader|login|router|server|control|all] [--seed N] [--help]
//
// `all` shares the cases out: the same goes on in another process with another --seed, a million or more away. Exit code 1 with the cases that did harm, each in base64,
// and the number that makes it again: --target TARGET --seed NUMBER --cases 1. The short version is test/fuzz.test.ts.
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: '10000000' },
    target: { type: 'string', default: 'all' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    help: { type: 'boolean', default: false },
  },
});
/** For each target: its constructor, and its share of all cases. The targets take about equal times. */
const TARGETS = {
  reader: [async () => new (await import('../dist/test/support/fuzz/reader-target.js')).ReaderTarget(), 0.4],
  login: [async () => new (await import('../dist/test/support/fuzz/login-target.js')).LoginTarget(), 0.2],
  router: [async () => new (await import('../dist/test/support/fuzz/router-target.js')).RouterTarget(), 0.2],
  server: [async () => new (await import('../dist/test/support/fuzz/server-target.js')).ServerTarget(), 0.15],
  control: [async () => new (await import('../dist/test/support/fuzz/control-target.js')).ControlTarget(), 0.05],
};
const { target, seed } = options;
if (options.help || !(target === 'all' || Object.hasOwn(TARGETS, target))) {
  console.log(`usage: node scripts/fuzz.js [--cases N] [--target ${Object.keys(TARGETS).join('|')}|all] [--seed N]   (after npm run build)`);
  process.exit(options.help ? 0 : 2);
}

const { fuzz } = await import('../dist/test/support/fuzz/fuzz.js');

/** @returns whether all went well. */
async function play(name, make, count) {
  const victim = await make();
  const started = Date.now();
  let reportedAt = started;
  // Keeps the process alive: the tested server has no socket.
  const alive = setInterval(() => {}, 1_000);
  const failure = await fuzz(victim, Number(seed), count, (done) => {
    if (Date.now() - reportedAt < 10_000) return;
    reportedAt = Date.now();
    const rate = Math.round(done / ((reportedAt - started) / 1_000));
    console.log(`${name}: ${done.toLocaleString('en')} cases, ${rate} a second, ${Math.round(process.memoryUsage().rss / 1e6)} MB`);
  });
  clearInterval(alive);
  await victim.close();
  if (failure !== null) console.log(JSON.stringify(failure, null, 2));
  else console.log(`${name}: ${count.toLocaleString('en')} cases from ${seed} on did no harm, in ${Math.round((Date.now() - started) / 1_000)} s`);
  return failure === null;
}

for (const [name, [make, share]] of Object.entries(TARGETS)) {
  if (target !== 'all' && target !== name) continue;
  const count = Math.round(Number(options.cases) * (target === 'all' ? share : 1));
  if (!(await play(name, make, count))) process.exitCode = 1;
}
