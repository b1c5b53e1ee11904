// The table of services: listeners, workers, rates, outcomes, latencies.

import { h, setText } from '../base/dom.js';
import { ms, number } from '../base/format.js';
import { sortable } from '../base/sortable.js';
import { on, store } from '../base/store.js';

/** The shortest time that a rate is of. */
const RATE_MS = 1_500;

const rate = (value) => (value === 0 ? '' : value.toFixed(1));
const time = (value) => (value === 0 ? '' : ms(value));
const count = (value) => (value === 0 ? '' : number(value));

const COLUMNS = [
  { title: 'Service', of: ({ service }) => service, kind: 'mono' },
  { title: 'Domain', of: ({ domain }) => domain, kind: 'mono' },
  { title: 'Listeners', of: ({ listeners }) => listeners.length, text: number, kind: 'right' },
  { title: 'Busy', of: ({ busy }) => busy, text: count, kind: 'right' },
  { title: 'Idle', of: ({ idle }) => idle, text: number, kind: 'right' },
  { title: 'Requests/s', of: ({ perSecond }) => perSecond, text: rate, kind: 'right' },
  { title: 'Errors/s', of: ({ badPerSecond }) => badPerSecond, text: rate, kind: 'right failed' },
  { title: 'p50', of: ({ p50Ms }) => p50Ms, text: time, kind: 'right' },
  { title: 'p95', of: ({ p95Ms }) => p95Ms, text: time, kind: 'right' },
  { title: 'p99', of: ({ p99Ms }) => p99Ms, text: time, kind: 'right' },
  { title: 'Unanswered', of: ({ unanswered }) => unanswered, text: count, kind: 'right' },
  { title: 'Stalled', of: ({ stalled }) => stalled, text: count, kind: 'right failed' },
  { title: 'Passed over', of: ({ suspects }) => suspects, text: count, kind: 'right failed' },
  { title: 'Draining', of: ({ draining }) => draining, text: count, kind: 'right' },
];

/** @returns `{element, close}`. */
export function servicesTable() {
  const table = sortable(COLUMNS, ({ domain, service }) => `${domain} ${service}`);
  const filter = h('input', { type: 'search', 'aria-label': 'Filter the services', placeholder: 'Filter the services', oninput: draw });
  const shown = h('span', { class: 'quiet', role: 'status' });
  const element = h(
    'section',
    { class: 'card block', 'aria-label': 'Services' },
    h('div', { class: 'row' }, h('h3', {}, 'Services'), shown, h('span', { class: 'spring' }), h('div', { class: 'find' }, filter)),
    h('div', { class: 'scroll dense', role: 'group', 'aria-label': 'Services', tabindex: '0' }, table.element),
  );
  const explanation = h(
    'p',
    { class: 'quiet' },
    'Percentiles are since the start. Busy workers are estimated from the open requests, because OpenSRF passes requests on inside the service.',
  );
  element.append(explanation);
  let before = null;
  let rows = [];

  function draw() {
    const wanted = filter.value.trim().toLowerCase();
    const found = rows.filter(({ service, domain }) => `${service} ${domain}`.toLowerCase().includes(wanted));
    table.update(found);
    setText(shown, `${number(found.length)} of ${number(rows.length)}`);
    element.hidden = rows.length === 0;
  }

  function update() {
    const now = { at: performance.now(), rows: rowsOf(store.services) };
    rows = now.rows.map((row) => ({ ...row, ...ratesOf(row, now, before) }));
    if (before === null || now.at - before.at > RATE_MS) before = now;
    draw();
  }

  element.hidden = true;
  return { element, close: on('picture', update) };
}

function rowsOf(counted) {
  const byService = new Map(counted.map((report) => [report.service, report]));
  const working = workingNow();
  return store.routers.flatMap(({ domain, services }) =>
    services.map(({ service, listeners }) => {
      const { failed = 0, refused = 0, lost = 0, p50Ms = 0, p95Ms = 0, p99Ms = 0 } = byService.get(service) ?? {};
      const sum = (key) => listeners.reduce((total, one) => total + Number(one[key]), 0);
      const workers = store.sessions.filter((one) => one.role === 'worker' && one.domain === domain && one.services.includes(service));
      const busy = Math.min(workers.length, sum('unanswered') + workers.filter(({ jid }) => working.has(jid)).length);
      const stalled = sum('stalled') + workers.filter((one) => one.stalled).length;
      const suspects = listeners.filter(({ suspicion }) => suspicion !== '').length;
      const counts = { requests: sum('requests'), unanswered: sum('unanswered'), draining: sum('draining'), stalled, suspects, bad: failed + refused + lost };
      return { service, domain, listeners, busy, idle: workers.length - busy, ...counts, p50Ms, p95Ms, p99Ms };
    }),
  );
}

/** The workers that have begun to answer, or were addressed in a session, by their JIDs. */
function workingNow() {
  const open = [...store.requests.values()].filter(({ outcome }) => outcome === 'open');
  return new Set(open.flatMap(({ worker, to }) => [worker, to]));
}

/** Per second since the last look; 0 at the first. */
function ratesOf(row, now, before) {
  const former = before?.rows.find(({ service, domain }) => service === row.service && domain === row.domain);
  const seconds = (now.at - (before?.at ?? 0)) / 1_000;
  const rateOf = (key) => (former === undefined ? 0 : Math.max(0, row[key] - former[key]) / seconds);
  return { perSecond: rateOf('requests'), badPerSecond: rateOf('bad') };
}
