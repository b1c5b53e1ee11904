// All requests, live and past: filter, search, export.

import { api } from '../base/api.js';
import { button, copy, cut, download, h, set, setText } from '../base/dom.js';
import { asCommand, asRecording, asStubs } from '../base/export.js';
import { filterBar, matches } from '../base/filters.js';
import { clock, isFailure, ms, nameParts, number, outcome, shortName } from '../base/format.js';
import { on, store } from '../base/store.js';
import { virtualRows } from '../base/virtual.js';

/** The most requests of an answer. */
const LIMIT = 5_000;
/** The pause in typing before a search. */
const SEARCH_MS = 200;
/** Between two searches in parameters and results while requests arrive. */
const AGAIN_MS = 1_000;
/** The heights of rows in traffic.css. */
const ROW = 34;
const ROW_WITH_REASON = 56;

const COLUMNS = ['time', 'request', 'outcome', 'took', 'client', 'worker', 'copy'];
const TITLES = ['Time', 'Request', 'Outcome', 'Took', 'Client', 'Answered by', ''];

/** @param rest The filters in the address, `?service=circ`. */
export function trafficView(rest) {
  const filters = filterBar(rest, filtered);
  const pause = button('Pause', togglePause, { 'aria-pressed': 'false' });
  const count = h('span', { class: 'quiet', role: 'status' });
  const news = button('', showNews, { class: 'news', hidden: true });
  const missed = h('p', { class: 'notice', hidden: true });
  const empty = h('div', { class: 'empty' });
  const box = h('div', { class: 'card list', tabindex: '0', role: 'group', 'aria-label': 'Requests' });
  const rows = virtualRows(box, {
    keyOf: ({ id }) => id,
    heightOf: ({ reason }) => (reason === '' ? ROW : ROW_WITH_REASON),
    render: (request, old) => row(request, old, slowest),
  });
  const heads = TITLES.map((title, index) => h('th', { scope: 'col', class: COLUMNS[index] }, title));
  const table = h('table', { class: 'traffic', 'aria-label': 'Requests, newest first' }, h('thead', {}, h('tr', {}, heads)), rows.parts);
  box.append(table, empty);
  const element = h(
    'div',
    {},
    h(
      'div',
      { class: 'head' },
      h('h2', {}, 'Traffic'),
      count,
      news,
      h('span', { class: 'spring' }),
      filters.clearButton,
      pause,
      button('Export NDJSON', exportRecording),
      button('Export stubs', exportStubs),
    ),
    filters.element,
    missed,
    box,
  );
  let paused = false;
  /** The requests in the list, newest first, by number. */
  let found = new Map();
  /** The answer of the server to the filters, by number: it remembers more requests than the page, and searches in payloads. */
  let past = new Map();
  let slowest = 1;
  /** The request that the arrow keys have reached. */
  let cursor = 0;
  let timer = null;
  let generation = 0;

  async function search() {
    timer = null;
    const query = filters.query();
    const mine = ++generation;
    try {
      past = query.size === 0 ? new Map() : await searched(query);
      if (mine !== generation) return;
      filters.element.classList.remove('wrong');
      draw();
    } catch (error) {
      filters.element.classList.toggle('wrong', error.status === 400);
    }
  }

  function searchSoon(delay) {
    timer ??= setTimeout(() => void search(), delay);
  }

  function filtered() {
    clearTimeout(timer);
    timer = null;
    found = new Map();
    box.scrollTop = 0;
    if (filters.query().has('text')) searchSoon(SEARCH_MS);
    else void search();
  }

  function arrived() {
    if (filters.query().has('text')) searchSoon(AGAIN_MS);
    else draw();
  }

  /** Whether rows would move under the mouse, the focus or the eyes. */
  function isRead() {
    return paused || box.matches(':hover') || box.contains(document.activeElement) || box.scrollTop > 0;
  }

  function draw(isHeld = found.size > 0 && isRead()) {
    const query = filters.query();
    // Events may be newer than the answer.
    const all = query.has('text') ? past : new Map([...past, ...store.requests]);
    const fitting = [...all.values()].filter((request) => matches(query, request)).sort((a, b) => b.id - a.id);
    const shown = isHeld ? [...found.values()].map((request) => store.requests.get(request.id) ?? request) : fitting;
    const waiting = isHeld ? fitting.filter(({ id }) => !found.has(id)).length : 0;
    found = new Map(shown.map((request) => [request.id, request]));
    slowest = Math.max(1, ...shown.map(({ durationMs }) => durationMs ?? 0));
    rows.update(shown);
    table.hidden = found.size === 0;
    empty.hidden = !table.hidden;
    if (table.hidden) empty.replaceChildren(...nothing(query.size > 0, filters.clear));
    caption(waiting);
  }

  function caption(waiting) {
    setText(news, `${number(waiting)} new`);
    news.hidden = waiting === 0;
    setText(count, `${number(found.size)} of the ${number(store.requests.size)} latest requests${paused ? ', paused' : ''}`);
    const { unseen } = store;
    const leftOut = Math.max(0, store.leftOut - store.madeGood);
    missed.hidden = unseen + leftOut === 0;
    const lost = leftOut > 0 ? `, and ${number(leftOut)} events did not reach this page` : '';
    setText(missed, `${number(unseen)} stanzas were not observed because of high load${lost}.`);
  }

  function showNews() {
    box.scrollTop = 0;
    draw(false);
  }

  function togglePause() {
    paused = !paused;
    set(pause, 'aria-pressed', String(paused));
    setText(pause, paused ? 'Resume' : 'Pause');
    draw(paused);
  }

  /** The arrow keys go through the list, wherever the focus is; Enter follows the link that they reach. */
  function keyPressed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || found.size === 0 || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    event.preventDefault();
    const ids = [...found.keys()];
    const index = Math.max(0, Math.min(ids.length - 1, ids.indexOf(cursor) + step));
    cursor = ids[index];
    rows.reveal(index)?.querySelector('.request-link').focus();
  }

  async function entries() {
    const query = filters.query();
    query.set('limit', LIMIT);
    query.set('details', 'yes');
    return (await api(`/api/v1/requests?${query}`)).requests;
  }

  async function exportRecording() {
    download('requests.ndjson', 'application/x-ndjson', asRecording((await entries()).reverse()));
  }

  async function exportStubs() {
    download('stubs.yaml', 'application/yaml', asStubs(await entries()));
  }

  void search();
  addEventListener('keydown', keyPressed);
  const ends = [on('requests', arrived), on('state', () => void search())];
  return {
    element,
    close() {
      clearTimeout(timer);
      removeEventListener('keydown', keyPressed);
      for (const end of ends) end();
    },
  };
}

async function searched(query) {
  query.set('limit', LIMIT);
  const { requests } = await api(`/api/v1/requests?${query}`);
  return new Map(requests.map((request) => [request.id, request]));
}

function nothing(isFiltered, clear) {
  if (store.server === null) return [h('p', {}, 'Waiting for the server…')];
  if (isFiltered) return [h('p', {}, 'No request matches these filters.'), button('Clear filters', clear)];
  return [
    h('p', {}, 'No request has passed yet. The console shows the requests since the start of the server.'),
    h('p', {}, 'Run the demo in another terminal, or ', h('a', { href: '#/try' }, 'send a request'), ' yourself.'),
  ];
}

function row(request, old, slowest) {
  const tr = old ?? emptyRow(request);
  const [time, name, result, took, client, worker] = tr.children;
  const failed = isFailure(request);
  setText(time, clock(request.at));
  setText(name.lastChild, request.reason);
  set(name.lastChild, 'title', request.reason);
  tr.classList.toggle('has-reason', request.reason !== '');
  const badge = result.firstChild;
  badge.className = `badge ${failed ? 'bad' : request.outcome === 'ok' ? 'ok' : 'warn'}`;
  setText(badge, outcome(request));
  const [bar, text] = took.children;
  bar.style.width = `${request.durationMs === null ? 0 : Math.max(2, (36 * request.durationMs) / slowest)}px`;
  setText(text, ms(request.durationMs));
  who(client, request.client, '');
  who(worker, request.worker, request.service);
  return tr;
}

function who(cell, jid, service) {
  if (cell.title === jid) return;
  cell.replaceChildren(...(jid === '' ? [] : [cut(shortName(jid, service))]));
  set(cell, 'title', jid);
}

function emptyRow(request) {
  const copyButton = button('Copy', async () => {
    const { summary, detail } = await api(`/api/v1/requests/${request.id}`);
    await copy(asCommand(summary, detail, store.server?.c2s ?? []), copyButton);
  });
  copyButton.title = 'Copy as a command line';
  const [service, rest] = nameParts(request);
  const whole = `${service}${rest}`;
  const link = h('a', { class: 'request-link mono', href: `#/request/${request.id}`, title: whole, 'aria-label': whole }, cut(rest, service));
  const cells = [
    null,
    [link, h('div', { class: 'reason' })],
    h('span', { class: 'badge' }),
    [h('span', { class: 'duration-bar' }), h('span', {})],
    null,
    null,
    copyButton,
  ];
  return h(
    'tr',
    {},
    cells.map((content, index) => h('td', { class: COLUMNS[index] }, content)),
  );
}
