#!/usr/bin/env node
// Measures what docs/cluster.md promises of a cluster in which nothing fails, with real members and nats-servers, each figure beside its goal.
//
//   npm run build && node scripts/cluster-facts.js [--only bounces] [--bounces 10000] [--logins 2000] [--requests 70000] [--jids 1000] [--large 10] [--sessions 10000]
//
// Exit code 1 if a figure misses its goal. Times are those of the clients, so a busy machine adds to them; turns are CPU time.
import { parseArgs } from 'node:util';
import { absentAddresses, freshAddresses } from './cluster-facts/bounces.js';
import { conflictsAtOnce, conflictsInSplit } from './cluster-facts/conflicts.js';
import { join } from './cluster-facts/join.js';
import { Lab } from './cluster-facts/lab.js';
import { largeStanza } from './cluster-facts/large-stanza.js';
import { rotation } from './cluster-facts/rotation.js';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    bounces: { type: 'string', default: '10000' },
    logins: { type: 'string', default: '2000' },
    requests: { type: 'string', default: '70000' },
    jids: { type: 'string', default: '1000' },
    large: { type: 'string', default: '10' },
    sessions: { type: 'string', default: '10000' },
    help: { type: 'boolean', default: false },
  },
});
const PARTS = { bounces: absentAddresses, fresh: freshAddresses, rotation, conflicts: conflictsAtOnce, split: conflictsInSplit, large: largeStanza, join };
if (options.help) {
  console.log(
    `usage: node scripts/cluster-facts.js [--only ${Object.keys(PARTS).join('|')}] [--bounces N] [--logins N] [--requests N] [--jids N] [--large N] [--sessions N]   (after npm run build)`,
  );
  process.exit(0);
}
const numbers = Object.fromEntries(Object.entries(options).map(([name, value]) => [name, Number(value)]));

let missed = 0;
for (const [part, measure] of Object.entries(PARTS)) {
  if (options.only !== '' && options.only !== part) continue;
  const lab = new Lab();
  try {
    for (const { name, value, unit, goal, note = '' } of await measure(lab, numbers)) {
      if (value > goal) missed++;
      const shown = Number.isInteger(value) ? value : value.toFixed(value < 100 ? 2 : 0);
      console.log(`${value > goal ? 'MISSED' : 'ok    '} ${name}: ${shown} ${unit} (goal ≤ ${goal})`.trimEnd() + (note === '' ? '' : `\n       ${note}`));
    }
  } finally {
    await lab.stop();
  }
}
process.exitCode = missed === 0 ? 0 : 1;
