// All requests, live and past: filter, search, export.

import { api } from '../base/api.js';
import { button, copy, download, h, keyed, requestName, set, setText } from '../base/dom.js';
import { asCommand, asRecording, asStubs } from '../base/export.js';
import { filterBar, matches } from '../base/filters.js';
import { clock, isFailure, ms, nameParts, number, outcome, shortName } from '../base/format.js';
import { on, store } from '../base/store.js';

const ROWS = 200;
/** The pause in typing before a search. */
const SEARCH_MS = 200;

export function trafficView() {
  const filters = filterBar(changed);
  const pause = button('Pause', togglePause, { 'aria-pressed': 'false' });
  const count = h('span', { class: 'quiet', role: 'status' });
  const news = button('', showNews, { class: 'news', hidden: true });
  const missed = h('p', { class: 'notice', hidden: true });
  const body = h('tbody', {});
  const empty = h('p', { class: 'empty' }, 'No request matches these filters.');
  const table = h(
    'table',
    { class: 'traffic', 'aria-label': 'Requests, newest first' },
    h('thead', {}, h('tr', {}, ...['Time', 'Request', 'Outcome', 'Took', 'Client', 'Answered by', ''].map((title) => h('th', { scope: 'col' }, title)))),
    body,
  );
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
      pause,
      button('Export NDJSON', exportRecording),
      button('Export stubs', exportStubs),
    ),
    filters.element,
    missed,
    h('div', { class: 'card scroll', onkeydown: moved }, table, empty),
  );
  let paused = false;
  let found = [];
  /** New requests that wait to be asked for, while somebody reads the list; by number. */
  let waiting = new Map();
  let timer = null;
  let generation = 0;
  /** Requests that arrive during a query; null between queries. */
  let meanwhile = null;

  async function search() {
    const mine = ++generation;
    const query = filters.query();
    query.set('limit', ROWS);
    meanwhile = [];
    try {
      const { requests } = await api(`/api/v1/requests?${query}`);
      if (mine !== generation) return;
      found = requests;
      waiting = new Map();
      filters.element.classList.remove('wrong');
      // Events may be newer than the answer.
      if (!paused && query.get('text') === null) merge(meanwhile);
      draw();
    } catch (error) {
      filters.element.classList.toggle('wrong', error.status === 400);
    } finally {
      if (mine === generation) meanwhile = null;
    }
  }

  function changed() {
    clearTimeout(timer);
    timer = setTimeout(() => void search(), SEARCH_MS);
  }

  function arrived(requests) {
    meanwhile?.push(...requests);
    if (paused) return;
    // Only the server can search parameters and results.
    if (filters.query().get('text') !== null) {
      changed();
      return;
    }
    if (isRead()) hold(requests);
    else merge(newsAnd(requests));
    draw();
  }

  /** Whether rows would move under the mouse, the focus or the eyes. */
  function isRead() {
    const list = table.parentElement;
    return list.matches(':hover') || body.contains(document.activeElement) || list.getBoundingClientRect().top < 0;
  }

  /** Keeps new requests back; those in the list change where they are. */
  function hold(requests) {
    const query = filters.query();
    const listed = new Map(found.map((request) => [request.id, request]));
    for (const request of requests) {
      if (listed.has(request.id)) listed.set(request.id, request);
      else if (matches(query, request)) waiting.set(request.id, request);
    }
    found = [...listed.values()];
  }

  function showNews() {
    merge(newsAnd([]));
    draw();
  }

  function newsAnd(requests) {
    const all = [...waiting.values(), ...requests];
    waiting = new Map();
    return all;
  }

  function merge(requests) {
    const query = filters.query();
    const all = new Map([...found, ...requests].map((request) => [request.id, request]));
    found = [...all.values()]
      .filter((request) => matches(query, request))
      .sort((a, b) => b.id - a.id)
      .slice(0, ROWS);
  }

  function draw() {
    const slowest = Math.max(1, ...found.map(({ durationMs }) => durationMs ?? 0));
    keyed(
      body,
      found,
      ({ id }) => id,
      (request, old) => row(request, old, slowest),
    );
    empty.hidden = found.length > 0;
    setText(news, `${number(waiting.size)} new`);
    news.hidden = waiting.size === 0;
    setText(
      count,
      `${found.length === ROWS ? `the last ${ROWS}` : number(found.length)} of ${number(store.requests.size)} remembered requests${paused ? ', paused' : ''}`,
    );
    missed.hidden = store.unseen === 0 && store.leftOut === 0;
    setText(
      missed,
      `${number(store.unseen)} stanzas were not observed because of high load${store.leftOut > 0 ? `, and ${number(store.leftOut)} events did not reach this page` : ''}.`,
    );
  }

  function togglePause() {
    paused = !paused;
    set(pause, 'aria-pressed', String(paused));
    setText(pause, paused ? 'Resume' : 'Pause');
    if (paused) draw();
    else void search();
  }

  async function entries() {
    const query = filters.query();
    query.set('limit', 5_000);
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
  const ends = [on('requests', arrived), on('state', () => void search())];
  return {
    element,
    close() {
      clearTimeout(timer);
      for (const end of ends) end();
    },
  };
}

function row(request, old, slowest) {
  const tr = old ?? emptyRow(request);
  const [time, , result, took, client, worker] = tr.children;
  const failed = isFailure(request);
  setText(time, clock(request.at));
  const badge = result.firstChild;
  badge.className = `badge ${failed ? 'bad' : request.outcome === 'ok' ? 'ok' : 'warn'}`;
  setText(badge, outcome(request));
  setText(result.lastChild, request.reason);
  const [bar, text] = took.children;
  bar.style.width = `${request.durationMs === null ? 0 : Math.max(2, (60 * request.durationMs) / slowest)}px`;
  setText(text, ms(request.durationMs));
  setText(client, shortName(request.client));
  set(client, 'title', request.client);
  setText(worker, request.worker === '' ? '' : shortName(request.worker, request.service));
  set(worker, 'title', request.worker);
  return tr;
}

function emptyRow(request) {
  const copyButton = button('Copy', async () => {
    const { summary, detail } = await api(`/api/v1/requests/${request.id}`);
    await copy(asCommand(summary, detail, store.server?.c2s ?? []), copyButton);
  });
  copyButton.title = 'Copy as a command line';
  return h(
    'tr',
    {},
    h('td', { class: 'mono nowrap' }),
    h('td', { class: 'request-cell' }, h('a', { class: 'request-link', href: `#/request/${request.id}` }, requestName(nameParts(request)))),
    h('td', {}, h('span', { class: 'badge' }), h('span', { class: 'status-text' })),
    h('td', { class: 'nowrap' }, h('span', { class: 'duration-bar' }), h('span', {})),
    h('td', { class: 'mono who' }),
    h('td', { class: 'mono who' }),
    h('td', { class: 'right' }, copyButton),
  );
}

/** The arrow keys move the focus to the next or previous request. */
function moved(event) {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const tr = event.target.closest('tr');
  const next = event.key === 'ArrowDown' ? tr?.nextElementSibling : tr?.previousElementSibling;
  const link = next?.querySelector('.request-link');
  if (!link) return;
  event.preventDefault();
  link.focus();
}
