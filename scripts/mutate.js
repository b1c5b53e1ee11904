#!/usr/bin/env node
// Makes small changes in the code on a message's path, one at a time, and reports those that no test of the quick tier notices.
//
//   npm run build && node scripts/mutate.js [--files GLOB] [--count N] [--seed N] [--minutes N]
//
// The mistakes are made in compiled code, in scratch copies: nothing is compiled anew, and the checkout stays as it is. Against each run the test files that
// execute the changed place, the quickest first, until one fails. It ends after half an hour at most.
//
// A survivor shows a line that no test would miss. Some survive because they change nothing that can be seen from outside. Code that only the other tests execute
// (sockets, TLS) is not tried, but counted.
import { readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { generator } from '../dist/test/support/lane-fuzz.js';
import { quickFiles } from '../dist/test/support/quick-files.js';
import { changedBy, mutantsOf } from './mutation/mutants.js';
import { compile, Scratch } from './mutation/scratch.js';

const ROOMS = '{shared,router,server/net,server/sessions,server/delivery,server/streams}/**';
const MOST_MINUTES = 30;

const { values: options } = parseArgs({
  options: {
    files: { type: 'string', default: ROOMS },
    count: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    minutes: { type: 'string', default: String(MOST_MINUTES) },
  },
});

const begin = performance.now();
const deadline = begin + Math.min(MOST_MINUTES, Number(options.minutes)) * 60_000;
const compiled = compile();
const scratches = Array.from({ length: availableParallelism() }, (_, number) => new Scratch(compiled, number));

const measured = await measureAll();
const all = filesOf(options.files).flatMap((file) => mutantsOf(readFileSync(join(compiled, 'dist', file), 'utf8')).map((mutant) => ({ file, mutant })));
const chosen = shuffled(all, generator(Number(options.seed))).slice(0, Number(options.count));
console.log(`${chosen.length} of ${all.length} possible changes, seed ${options.seed}; began after ${seconds()} s`);

let tried = 0;
let survived = 0;
/** By file. */
const notExecuted = new Map();
await Promise.all(scratches.map(work));
const left = [...notExecuted].sort(([, a], [, b]) => b - a).map(([file, count]) => `  ${count} in ${file}`);
console.log(`not executed by the quick tier:\n${left.join('\n')}`);
console.log(`${tried} changes tried in ${seconds()} s, ${survived} survived`);

/** Runs each test file alone. */
async function measureAll() {
  const waiting = quickFiles();
  const results = [];
  const measure = async (scratch) => {
    for (let test = waiting.pop(); test !== undefined; test = waiting.pop()) results.push(await scratch.measure(test));
  };
  await Promise.all(scratches.map(measure));
  return results.sort((a, b) => a.ms - b.ms);
}

async function work(scratch) {
  for (let next = chosen.pop(); next !== undefined && performance.now() < deadline; next = chosen.pop()) {
    const { file, mutant } = next;
    const tests = measured.filter(({ coverage }) => coverage.has(file, mutant.start));
    if (tests.length === 0) notExecuted.set(sourceOf(file), (notExecuted.get(sourceOf(file)) ?? 0) + 1);
    else await attempt(scratch, file, mutant, tests);
  }
}

async function attempt(scratch, file, mutant, tests) {
  const code = readFileSync(join(compiled, 'dist', file), 'utf8');
  const changed = changedBy(code, mutant);
  // A change may make a test wait forever.
  const timeoutMs = 5_000 + 3 * tests.reduce((sum, { ms }) => sum + ms, 0);
  const timeLeft = deadline - performance.now();
  const names = tests.map(({ test }) => test);
  const failure = await scratch.test(file, changed, names, Math.min(timeoutMs, timeLeft));
  if (performance.now() >= deadline) return;
  tried++;
  if (failure !== '') return;
  survived++;
  console.log(described(file, code, changed, mutant));
}

function seconds() {
  return Math.round((performance.now() - begin) / 1_000);
}

/** The compiled files whose sources match the glob. */
function filesOf(glob) {
  const pattern = new RegExp(`^${patternOf(glob)}$`);
  const files = readdirSync(join(compiled, 'dist'), { recursive: true }).filter((name) => name.endsWith('.js') && !name.startsWith('test/'));
  return files.filter((name) => pattern.test(sourceOf(name))).sort();
}

/** `**`: any folders, `*`: any name, `{a,b}`: one of them. */
function patternOf(glob) {
  const parts = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '{': '(?:', '}': ')', ',': '|' };
  return glob.replace(/\*\*\/|\*\*|[*{},]|[.+?^$()|[\]\\]/g, (part) => parts[part] ?? `\\${part}`);
}

function sourceOf(file) {
  return file.replace(/\.js$/, '.ts');
}

function shuffled(list, random) {
  const rest = [...list];
  return list.map(() => rest.splice(random(rest.length), 1)[0]);
}

/** The position of the change in the source, and the compiled line before and after. */
function described(file, code, changed, { start, kind }) {
  const before = code.slice(0, start);
  const line = before.split('\n').length - 1;
  const map = new SourceMap(JSON.parse(readFileSync(join(compiled, 'dist', `${file}.map`), 'utf8')));
  const { originalLine } = map.findEntry(line, before.length - (before.lastIndexOf('\n') + 1));
  const [was, is] = [code, changed].map((text) => text.split('\n')[line].trim());
  return `${sourceOf(file)}:${originalLine + 1}: ${kind}\n  - ${was}\n  + ${is}`;
}
