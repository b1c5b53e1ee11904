#!/usr/bin/env node
// Members and NATS servers of a cluster are killed, stopped and cut off by a seed while clients at all members ask; every request must be accounted for.
//
//   npm run build && node scripts/chaos-cluster.js --seed 42 [--requests 1000000] [--rate 2000] [--only 'kill -9'] [-- --limit deadAfterMs=1s]
//
// It starts nats-servers and members, with the rights for it each on a host of its own (a network namespace), else on addresses of loopback, where nothing is cut.
// With --other, the dist/server/main.js of another version, members change between the two whenever they end in order: a rolling upgrade, and back.
// Exit code 0 only if no request was silent, executed twice, answered twice or in part, and no answer took longer than 4 s besides the stalls of this process.
import { parseArgs } from 'node:util';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    requests: { type: 'string', default: '1000000' },
    members: { type: 'string', default: '3' },
    clients: { type: 'string', default: '8' },
    listeners: { type: 'string', default: '2' },
    window: { type: 'string', default: '16' },
    rate: { type: 'string', default: '2000' },
    'large-bytes': { type: 'string', default: '20000' },
    only: { type: 'string', default: '' },
    other: { type: 'string', default: '' },
    worst: { type: 'string', default: '4000' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(
    'usage: node scripts/chaos-cluster.js [--seed N] [--requests N] [--members N] [--clients N] [--listeners N] [--window N] [--rate N] [--large-bytes N] [--only TEXT] [--other MAIN.js] [--worst MS] [-- OPTIONS OF EACH MEMBER]   (after npm run build)',
  );
  process.exit(0);
}

const { runClusterChaos } = await import('../dist/test/support/chaos-cluster/chaos.js');
const numbers = Object.fromEntries(Object.entries(options).map(([name, value]) => [name, Number(value)]));
console.log(`seed ${options.seed}`);

const COLUMNS = ['sent', 'answered', 'refused', 'abandoned', 'silent', 'torn', 'answeredTwice', 'late'];
const WIDTHS = [9, 9, 8, 10, 7, 5, 14, 6];
const cells = (values) => values.map((value, index) => String(value).padStart(WIDTHS[index])).join(' ');
const line = (name, values, more) => console.log(`${name.padEnd(42)} ${cells(values)}  ${more}`);
const measures = ({ worstMs, worstNetMs, worstThereMs, stallMs }) =>
  `worst ${Math.round(worstMs)} ms (without stalls ${Math.round(worstNetMs)}), at the disturbed ${Math.round(worstThereMs)} ms, judge stalled ${Math.round(stallMs)} ms`;

line('event', COLUMNS, '');
const { events, executedTwice, memoryBeforeKb, memoryAfterKb } = await runClusterChaos({
  ...numbers,
  only: options.only,
  cuts: true,
  other: options.other,
  largeBytes: numbers['large-bytes'],
  memberOptions: positionals,
  onStart: (canCut) => {
    if (!canCut) console.log('no network namespaces here (they need root and ip): nothing will be cut');
  },
  onEvent: (event, memory) =>
    line(
      event.name,
      COLUMNS.map((name) => event[name]),
      `${measures(event)}, members ${memory.map((kb) => Math.round(kb / 1024)).join(' ')} MB`,
    ),
});

// The outcome of the requests that were open at the end of their event is known now.
console.log('\nall events of a kind');
const kinds = [...new Set(events.map(({ name }) => name))];
const total = Object.fromEntries(COLUMNS.map((name) => [name, 0]));
let slow = 0;
for (const kind of kinds) {
  const some = events.filter(({ name }) => name === kind);
  const sums = COLUMNS.map((name) => some.reduce((sum, event) => sum + event[name], 0));
  for (const [index, name] of COLUMNS.entries()) total[name] += sums[index];
  const slowest = some.reduce((worst, event) => (event.worstNetMs > worst.worstNetMs ? event : worst));
  slow += some.filter(({ worstNetMs }) => worstNetMs > numbers.worst).length;
  line(`${kind} (${some.length})`, sums, measures(slowest));
}
line(
  'all',
  COLUMNS.map((name) => total[name]),
  `executed twice ${executedTwice}, events with an answer too late ${slow}, members ${memoryBeforeKb.join(' ')} -> ${memoryAfterKb.join(' ')} KB`,
);
process.exitCode = total.silent + total.torn + total.answeredTwice + executedTwice + slow === 0 ? 0 : 1;
