// The server's health: plots of a span of time, latencies by method, limits and the peers closest to them.

import { api } from '../base/api.js';
import { button, h, keyed, set, setText } from '../base/dom.js';
import { bytes, ms, nameParts, number } from '../base/format.js';
import { sortable } from '../base/sortable.js';
import { on, store, upToDate } from '../base/store.js';
import { membersTable } from './members.js';
import { peersTable } from './peers.js';
import { plot } from './plot.js';

const PLOTS = [
  { title: 'Requests', unit: (value) => `${number(value)}/s`, lines: [{ name: 'requests', of: ({ requests }) => requests }] },
  {
    title: 'Latency',
    unit: ms,
    lines: [
      { name: 'p50', of: ({ p50Ms }) => p50Ms },
      { name: 'p95', of: ({ p95Ms }) => p95Ms },
    ],
  },
  {
    title: 'Errors',
    unit: (value) => `${number(value)}/s`,
    lines: [
      { name: 'not ok', of: ({ failed }) => failed },
      { name: 'not observed', of: ({ unseen }) => unseen },
    ],
  },
  { title: 'Unanswered', unit: number, lines: [{ name: 'unanswered', of: ({ unanswered }) => unanswered }] },
  { title: 'Sessions', unit: number, lines: [{ name: 'sessions', of: ({ sessions }) => sessions }] },
  {
    title: 'Bytes',
    unit: (value) => `${bytes(value)}/s`,
    base: 1024,
    lines: [
      { name: 'in', of: ({ bytesRead }) => bytesRead },
      { name: 'out', of: ({ bytesWritten }) => bytesWritten },
    ],
  },
  { title: 'Outbox backlog', unit: bytes, base: 1024, lines: [{ name: 'outboxes', of: ({ outboxBytes }) => outboxBytes }] },
  {
    title: 'Memory',
    unit: bytes,
    base: 1024,
    lines: [
      { name: 'rss', of: ({ rssBytes }) => rssBytes },
      { name: 'heap', of: ({ heapBytes }) => heapBytes },
    ],
  },
  {
    title: 'Event loop',
    unit: ms,
    lines: [
      { name: 'delay', of: ({ loopDelayMs }) => loopDelayMs },
      { name: 'turn', of: ({ longestTurnMs }) => longestTurnMs },
    ],
  },
  { title: 'CPU', unit: (value) => `${number(value)} %`, lines: [{ name: 'of one core', of: ({ cpuPercent }) => cpuPercent }] },
];

/** Each limit's label, format, and the consequence of reaching it. */
const LIMITS = {
  memoryBytes: ['Memory kept for peers', bytes, 'peers closed'],
  outboxBytes: ['Outbox of one peer', bytes, 'peers closed'],
  heldRequests: ['Requests held for a first listener', number, ''],
  unansweredRequests: ['Unanswered requests', number, 'forgotten'],
  stanzaBytes: ['Stanza size', bytes, 'bounced'],
  loginTimeoutMs: ['Login time', ms, 'timed out'],
};

/** The figures of the server's load, in words. */
const LOAD = [
  ['Turns of the event loop', ({ turns }) => number(turns)],
  ['Longest turn', ({ longestTurnMs }) => ms(longestTurnMs)],
  ['Slices of long jobs', ({ slices }) => number(slices)],
  ['Long jobs that wait', ({ waitingJobs }) => number(waitingJobs)],
  ['Failures of observers and timers', ({ observerFailures }) => failures(observerFailures)],
  ['Log lines lost', ({ lostLogLines }) => number(lostLogLines)],
  ['Log lines left out', ({ suppressedLogLines }) => number(suppressedLogLines)],
];

const count = (value) => (value === 0 ? '' : number(value));

const METHODS = [
  { title: 'Method', of: ({ service, method }) => nameParts({ service, method }).join(''), kind: 'mono', isCut: true },
  { title: 'Requests', of: ({ requests }) => requests, text: number, kind: 'right' },
  { title: 'Failed', of: ({ failed }) => failed, text: count, kind: 'right failed' },
  { title: 'Refused', of: ({ refused }) => refused, text: count, kind: 'right failed' },
  { title: 'Lost', of: ({ lost }) => lost, text: count, kind: 'right failed' },
  { title: 'p50', of: ({ p50Ms }) => p50Ms, text: ms, kind: 'right' },
  { title: 'p95', of: ({ p95Ms }) => p95Ms, text: ms, kind: 'right' },
  { title: 'p99', of: ({ p99Ms }) => p99Ms, text: ms, kind: 'right' },
  { title: 'Longest', of: ({ maxMs }) => maxMs, text: ms, kind: 'right' },
];

const RANGES = { '5m': 'Last 5 minutes', '1h': 'Last hour', start: 'Since the start' };

const REFRESH_MS = 2_000;

export function healthView() {
  const plots = PLOTS.map(plot);
  const methods = sortable(METHODS, ({ service, method }) => `${service} ${method}`);
  const members = membersTable(scrolled);
  const peers = peersTable(scrolled);
  const limits = h('tbody', {});
  const load = h('tbody', {});
  const unseen = h('p', { class: 'quiet', hidden: true });
  const noMethods = h('p', { class: 'empty' }, 'No request has been answered yet.');
  const ranges = Object.entries(RANGES).map(([name, words]) =>
    button(words, () => choose(name), { 'data-range': name, 'aria-pressed': String(name === '5m') }),
  );
  const element = h(
    'div',
    {},
    h(
      'div',
      { class: 'head' },
      h('h2', {}, 'Health'),
      h('span', { class: 'spring' }),
      h('div', { class: 'row wrap', role: 'group', 'aria-label': 'Range' }, ranges),
    ),
    h(
      'div',
      { class: 'plots' },
      plots.map((one) => one.element),
    ),
    h(
      'section',
      { class: 'card block', 'aria-label': 'Methods' },
      h('h3', {}, 'Methods since the start, most frequent first'),
      scrolled('Methods', methods.element),
      unseen,
      noMethods,
    ),
    members.element,
    peers.element,
    h(
      'section',
      { class: 'card block', 'aria-label': 'Limits' },
      h('h3', {}, 'Limits, and the peers closest to them'),
      scrolled('Limits', table(['Limit', 'Now', 'Max', 'Allowed', 'Use', 'Exceeded', 'Peer'], limits)),
    ),
    h(
      'section',
      { class: 'card block', 'aria-label': 'Load' },
      h('h3', {}, 'Event loop, observers, log'),
      scrolled('Load', table(['Since the start', ''], load)),
    ),
  );

  let range = '5m';
  /** The samples of a range longer than the page's own. */
  let longer = [];

  function choose(name) {
    range = name;
    for (const one of ranges) set(one, 'aria-pressed', String(one.dataset.range === name));
    void upToDate(refresh);
  }

  function draw() {
    for (const one of plots) one.update(range === '5m' ? store.samples : longer);
  }

  async function refresh() {
    const asked = range;
    const health = await api(`/api/v1/health?range=${asked === '5m' ? 'none' : asked}`);
    if (asked !== range) return;
    longer = health.samples;
    if (range !== '5m') draw();
    methods.update(health.methods.slice(0, 500));
    members.update(health.cluster);
    peers.update(health.peers);
    keyed(
      limits,
      health.limits.filter(({ limit }) => limit in LIMITS),
      ({ limit }) => limit,
      limitRow,
    );
    keyed(
      load,
      LOAD.map(([words, of]) => ({ words, text: of(health.load) })),
      ({ words }) => words,
      ({ words, text }, old) =>
        cells(old, [
          [words, ''],
          [text, 'right'],
        ]),
    );
    noMethods.hidden = health.methods.length > 0;
    setText(unseen, notObserved(health));
    unseen.hidden = unseen.textContent === '';
  }

  draw();
  void upToDate(refresh);
  const timer = setInterval(() => void upToDate(refresh), REFRESH_MS);
  const end = on('health', draw);
  return {
    element,
    close() {
      clearInterval(timer);
      end();
    },
  };
}

/** The requests without an outcome, which is no outcome. */
function notObserved({ methods, notObserved: { requests } }) {
  const toTheEnd = methods.reduce((sum, { unseen }) => sum + unseen, 0);
  const parts = [];
  if (requests > 0) parts.push(`${number(requests)} more requests were not observed, because there were too many at a time: they are in no row.`);
  if (toTheEnd > 0) parts.push(`${number(toTheEnd)} requests were not followed to their end: they have no outcome and no duration.`);
  return parts.join(' ');
}

function failures(byName) {
  const each = Object.entries(byName).map(([name, count]) => `${name}: ${number(count)}`);
  return each.length === 0 ? '0' : each.join(', ');
}

/** A container that the keyboard can scroll on a narrow screen. */
function scrolled(label, content) {
  return h('div', { class: 'scroll dense', role: 'group', 'aria-label': label, tabindex: '0' }, content);
}

function table(titles, body) {
  return h(
    'table',
    {},
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        titles.map((title, index) => h('th', { scope: 'col', class: index > 0 && title !== 'Peer' ? 'right' : null }, title)),
      ),
    ),
    body,
  );
}

function cells(old, texts) {
  const tr =
    old ??
    h(
      'tr',
      {},
      texts.map(([, kind]) => h('td', { class: kind })),
    );
  texts.forEach(([text, kind], index) => {
    setText(tr.children[index], text);
    tr.children[index].className = kind;
  });
  return tr;
}

/** The part of a limit from which on its use is marked. */
const NEAR = 0.8;

function percent(part) {
  const value = 100 * part;
  return value > 0 && value < 1 ? '< 1' : String(Math.round(value));
}

function limitRow({ limit, value, now, peak, who, met }, old) {
  const [words, unit, verb] = LIMITS[limit];
  return cells(old, [
    [words, ''],
    [now === null ? '' : unit(now), 'right'],
    [peak === null ? '' : unit(peak), 'right'],
    [unit(value), 'right'],
    [peak === null || value === 0 ? '' : `${percent(peak / value)} %`, `right${peak > value * NEAR ? ' failed' : ''}`],
    [met === 0 ? '' : `${number(met)} ${verb}`, `right${met > 0 ? ' failed' : ''}`],
    [who, 'mono cutting'],
  ]);
}
