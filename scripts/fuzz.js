#!/usr/bin/env node
// Throws mutated conversations at the reader of streams, at a whole server and at its control interface. They are made of the transcripts of real programs in
// test/transcripts: bytes changed, cut off, repeated, spliced with others, in pieces of any size.
//
//   npm run build && node scripts/fuzz.js [--cases 10000000] [--target reader|server|control] [--seed N] [--help]
//
// Exit code 1 with the cases that did harm, each in base64, and the number that makes it again: --seed NUMBER --cases 1. The short version is test/fuzz.test.ts.
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: '10000000' },
    target: { type: 'string', default: 'reader' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    help: { type: 'boolean', default: false },
  },
});
const TARGETS = {
  reader: async () => new (await import('../dist/test/support/fuzz/reader-target.js')).ReaderTarget(),
  server: async () => new (await import('../dist/test/support/fuzz/server-target.js')).ServerTarget(),
  control: async () => new (await import('../dist/test/support/fuzz/control-target.js')).ControlTarget(),
};
if (options.help || !Object.hasOwn(TARGETS, options.target)) {
  console.log('usage: node scripts/fuzz.js [--cases N] [--target reader|server|control] [--seed N]   (after npm run build)');
  process.exit(options.help ? 0 : 2);
}

const { fuzz } = await import('../dist/test/support/fuzz/fuzz.js');
const target = await TARGETS[options.target]();
const started = Date.now();
let told = started;
// Nothing else keeps the process alive: the server that is played with has no socket.
const alive = setInterval(() => {}, 1_000);
const count = Number(options.cases);
const failure = await fuzz(target, Number(options.seed), count, (done) => {
  if (Date.now() - told < 10_000) return;
  told = Date.now();
  console.log(
    `${done.toLocaleString('en')} cases, ${Math.round(done / ((told - started) / 1_000))} a second, ${Math.round(process.memoryUsage().rss / 1e6)} MB`,
  );
});
clearInterval(alive);
await target.close();
if (failure === null) {
  console.log(`${target.name}: ${count.toLocaleString('en')} cases from ${options.seed} on did no harm, in ${Math.round((Date.now() - started) / 1_000)} s`);
} else {
  console.log(JSON.stringify(failure, null, 2));
  process.exitCode = 1;
}
