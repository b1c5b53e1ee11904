// Loaded into a server: notes how much CPU its thread takes for each turn of the event loop, which is how long it makes all others wait, whatever else the machine does.
// On SIGUSR2 it prints what it has noted since the last time. Linux only.
const { openSync, readSync, writeSync } = require('node:fs');

const schedstat = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
const bytes = Buffer.alloc(64);
const turns = [];
let last = 0;

/** Milliseconds of CPU of this thread (proc(5): schedstat has nanoseconds). */
function cpuMs() {
  const length = readSync(schedstat, bytes, 0, bytes.length, 0);
  return Number(bytes.toString('latin1', 0, length).split(' ')[0]) / 1e6;
}

function turn() {
  const now = cpuMs();
  turns.push(now - last);
  last = now;
  setImmediate(turn);
}

process.on('SIGUSR2', () => {
  const sorted = turns.splice(0).sort((a, b) => a - b);
  const at = (share) => Number((sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(2));
  writeSync(1, `${JSON.stringify({ turns: sorted.length, p99: at(0.99), p999: at(0.999), max: at(1) })}\n`);
  const begun = last > 0;
  last = cpuMs();
  if (!begun) turn();
});
