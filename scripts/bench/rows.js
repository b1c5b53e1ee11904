// The measurements. `load` goes to osrfload; a row with `floor: false` is not compared with nullrelay, which cannot play it.
const EIGHT = ['--clients', '8', '--listeners', '4'];

/** Rows that osrfload plays alone: requests from client to listener and back. */
export const LOAD_ROWS = [
  { mode: 'routed', title: '8 clients, window 8', load: [...EIGHT, '--window', '8'] },
  { mode: 'routed', title: '8 clients, window 1', load: [...EIGHT, '--window', '1'] },
  { mode: 'direct', title: 'without the router', load: [...EIGHT, '--window', '8', '--mode', 'direct'] },
  { mode: 'fan-in', title: '200 clients, window 8', load: ['--clients', '200', '--listeners', '8', '--window', '8'] },
  { mode: 'fan-in', title: '50 clients, window 16', load: ['--clients', '50', '--listeners', '8', '--window', '16'] },
  { mode: 'large', title: 'bodies of 8 KB', load: [...EIGHT, '--window', '8', '--bytes', '8192'] },
  { mode: 'large', title: 'bodies of 200 KB', load: [...EIGHT, '--window', '2', '--bytes', '200000'] },
  { mode: 'large', title: 'bodies of 2 MB', load: [...EIGHT, '--window', '1', '--bytes', '2000000'] },
  { mode: 'plain', title: 'bodies with plain quotes', load: [...EIGHT, '--window', '8', '--plain', '1'] },
  { mode: 'classes', title: '2,000 classes', load: [...EIGHT, '--window', '8'], classes: 2_000, floor: false },
  { mode: 'listeners', title: '1 listener', load: ['--clients', '8', '--listeners', '1', '--window', '8'] },
  { mode: 'listeners', title: '1,000 listeners', load: ['--clients', '8', '--listeners', '1000', '--window', '8'] },
  ...[10, 100, 1_000, 10_000].map((clients) => ({
    mode: 'connections',
    title: `${clients.toLocaleString('en')} clients, window 1`,
    load: ['--clients', String(clients), '--listeners', '8', '--window', '1'],
  })),
  { mode: 'silent', title: 'and 1,000 silent neighbours', load: [...EIGHT, '--window', '8', '--idle', '1000'] },
  { mode: 'silent', title: 'and 10,000 silent neighbours', load: [...EIGHT, '--window', '8', '--idle', '10000'], floor: false },
];

/** The default rows. */
export const USUAL = [
  'routed',
  'direct',
  'fan-in',
  'large',
  'plain',
  'classes',
  'listeners',
  'connections',
  'silent',
  'idle',
  'logins',
  'stalled',
  'neighbour',
];
