// Medians, ratios, and the table.

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Half of the way between the quarters, in percent of the median: how far to trust it. */
function spread(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (share) => sorted[Math.round((sorted.length - 1) * share)];
  return Math.round((50 * (at(0.75) - at(0.25))) / median(numbers));
}

/** @param rounds The measurements of each round: [{ floor, ours, prosody … }], each as printed by osrfload. */
export function summarize({ mode, title }, name, rounds) {
  const measured = rounds.filter((round) => round[name] !== undefined);
  const of = (field) => measured.map((round) => round[name][field]);
  const cpu = of('server_cpu_us_per_req');
  // A round in which the floor's CPU was below the clock's resolution says nothing.
  const compared = measured.filter((round) => round.floor?.server_cpu_us_per_req > 0);
  const ratio = (field) => (compared.length === 0 ? null : median(compared.map((round) => round[name][field] / round.floor[field])));
  return {
    mode,
    title,
    server: name,
    cpuUs: median(cpu),
    cpuSpreadPercent: spread(cpu),
    ratio: name === 'floor' ? null : ratio('server_cpu_us_per_req'),
    requestsPerSecond: median(of('req_per_s')),
    p50Us: median(of('p50_us')),
    p99Us: median(of('p99_us')),
    p99Ratio: name === 'floor' ? null : ratio('p99_us'),
    loadCpuUs: median(of('load_cpu_us_per_req')),
    rssMb: Math.round(median(of('server_rss_kb')) / 1024),
    lost: of('lost').reduce((sum, lost) => sum + lost, 0),
    errors: of('errors').reduce((sum, errors) => sum + errors, 0),
  };
}

const COLUMNS = [
  ['', 30, (row) => row.title],
  ['server', -9, (row) => row.server],
  ['us CPU/r', -9, (row) => row.cpuUs.toFixed(1)],
  ['+-', -5, (row) => `${row.cpuSpreadPercent}%`],
  ['ratio', -6, (row) => row.ratio?.toFixed(1) ?? ''],
  ['req/s', -9, (row) => Math.round(row.requestsPerSecond).toLocaleString('en')],
  ['p99 us', -8, (row) => String(row.p99Us)],
  ['ratio', -6, (row) => row.p99Ratio?.toFixed(1) ?? ''],
  ['MB', -5, (row) => String(row.rssMb)],
  ['lost/err', -8, (row) => `${row.lost}/${row.errors}`],
];

function line(cells) {
  return cells.map((cell, index) => (COLUMNS[index][1] > 0 ? cell.padEnd(COLUMNS[index][1]) : cell.padStart(-COLUMNS[index][1]))).join(' ');
}

export function printHead() {
  console.log(line(COLUMNS.map(([head]) => head)));
}

export function printRow(row) {
  console.log(line(COLUMNS.map(([, , cell]) => cell(row))));
}
