#!/usr/bin/env node
// Checks that the fast lane of the stream reader reads exactly like saxes: stanzas, changed and cut at random, go through
// both readers, and every field of the output is compared.
//
//   npm run build && node scripts/fuzz-reader.js --cases 1000000
//   node scripts/fuzz-reader.js --captures DIRECTORY     also with stanzas found in recorded conversations (*.txt)
//   node scripts/fuzz-reader.js --seed N                 the same cases again
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compareReaders, generator, randomCase, SEEDS } from '../dist/test/support/lane-fuzz.js';

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    captures: { type: 'string', default: '' },
  },
});

function stanzasIn(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.txt'));
  return files
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').match(/<(message|iq|presence)\b[\s\S]{0,2000}?<\/\1>/g) ?? [])
    .filter((stanza) => !stanza.includes('\n+'));
}

const seeds = options.captures === '' ? SEEDS : [...SEEDS, ...new Set(stanzasIn(options.captures))];
const cases = Number(options.cases);
const random = generator(Number(options.seed));
console.log(`${seeds.length} stanzas to begin with, seed ${options.seed}`);
let agreed = 0;
for (let index = 1; index <= cases; index++) {
  const { chunks, limits } = randomCase(seeds, random);
  agreed += compareReaders(chunks, limits);
  if (index % 100_000 === 0 || index === cases) console.log(`${index} cases, ${agreed} stanzas read alike`);
}
