// The table of services: listeners, workers, rates, outcomes, latencies.

import { api } from '../base/api.js';
import { h } from '../base/dom.js';
import { ms, number } from '../base/format.js';
import { sortable } from '../base/sortable.js';
import { store, upToDate } from '../base/store.js';

const REFRESH_MS = 2_000;

const rate = (value) => (value === 0 ? '' : value.toFixed(1));
const count = (value) => (value === 0 ? '' : number(value));

const COLUMNS = [
  { title: 'Service', of: ({ service }) => service, kind: 'mono' },
  { title: 'Domain', of: ({ domain }) => domain, kind: 'mono' },
  { title: 'Listeners', of: ({ listeners }) => listeners.length, text: number, kind: 'right' },
  { title: 'Workers', of: ({ workers }) => workers, text: number, kind: 'right' },
  { title: 'Requests/s', of: ({ perSecond }) => perSecond, text: rate, kind: 'right' },
  { title: 'Not ok/s', of: ({ badPerSecond }) => badPerSecond, text: rate, kind: 'right failed' },
  { title: 'Unanswered', of: ({ unanswered }) => unanswered, text: count, kind: 'right' },
  { title: 'p50', of: ({ p50Ms }) => p50Ms, text: ms, kind: 'right' },
  { title: 'p95', of: ({ p95Ms }) => p95Ms, text: ms, kind: 'right' },
  { title: 'p99', of: ({ p99Ms }) => p99Ms, text: ms, kind: 'right' },
  { title: 'State', of: ({ state }) => state },
];

/** @returns `{element, close}`. */
export function servicesTable() {
  const table = sortable(COLUMNS, ({ domain, service }) => `${domain} ${service}`);
  const element = h(
    'section',
    { class: 'card block', 'aria-label': 'Services' },
    h('h3', {}, 'Services, with latencies since the start'),
    h('div', { class: 'scroll', role: 'group', 'aria-label': 'Services', tabindex: '0' }, table.element),
  );
  let before = null;

  async function refresh() {
    const { services } = await api('/api/v1/health');
    const now = { at: performance.now(), rows: rowsOf(services) };
    table.update(now.rows.map((row) => ({ ...row, ...ratesOf(row, now, before) })));
    element.hidden = now.rows.length === 0;
    before = now;
  }

  element.hidden = true;
  void upToDate(refresh);
  const timer = setInterval(() => void upToDate(refresh), REFRESH_MS);
  return { element, close: () => clearInterval(timer) };
}

function rowsOf(counted) {
  const byService = new Map(counted.map((report) => [report.service, report]));
  return store.routers.flatMap(({ domain, services }) =>
    services.map(({ service, listeners }) => {
      const { failed = 0, refused = 0, lost = 0, p50Ms = 0, p95Ms = 0, p99Ms = 0 } = byService.get(service) ?? {};
      const sum = (key) => listeners.reduce((total, one) => total + one[key], 0);
      const workers = store.sessions.filter((one) => one.role === 'worker' && one.domain === domain && one.services.includes(service)).length;
      const state = [...new Set(listeners.flatMap((one) => [one.stalled ? 'stalled' : '', one.draining ? 'draining' : '', one.suspicion]))];
      const counts = { requests: sum('requests'), unanswered: sum('unanswered'), bad: failed + refused + lost };
      return { service, domain, listeners, workers, ...counts, p50Ms, p95Ms, p99Ms, state: state.filter(Boolean).join(', ') || 'ok' };
    }),
  );
}

/** Per second since the last look; 0 at the first. */
function ratesOf(row, now, before) {
  const former = before?.rows.find(({ service, domain }) => service === row.service && domain === row.domain);
  const seconds = (now.at - (before?.at ?? 0)) / 1_000;
  const rateOf = (key) => (former === undefined ? 0 : Math.max(0, row[key] - former[key]) / seconds);
  return { perSecond: rateOf('requests'), badPerSecond: rateOf('bad') };
}
