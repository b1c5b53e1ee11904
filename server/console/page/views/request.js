// One request: its trace, its sequence diagram, its payloads.

import { api } from '../base/api.js';
import { button, copy, h, keyed, requestName, set, setText } from '../base/dom.js';
import { asCommand } from '../base/export.js';
import { bareJid, clock, isFailure, ms, nameParts, outcome } from '../base/format.js';
import { on, store, upToDate } from '../base/store.js';
import { payloadPanel } from './payload.js';
import { traceOf } from './related.js';
import { sequencePanel } from './sequence-panel.js';
import { waterfall } from './trace.js';

/** Of a longer trace, the diagram shows the requests around the selected one. */
const MAX_RELATED = 24;
/** The most requests of one transaction. */
const MAX_TRACE = 500;
const RECENT = 40;
/** After a failed question. */
const RETRY_MS = 1_000;

/** @param id The number of a request, `xid:XID` for the first of a transaction, or `''` for the latest. */
export function requestView(id) {
  const list = h('div', {});
  const news = button('', showNewest, { class: 'news', hidden: true });
  const listed = h('nav', { class: 'card request-list', 'aria-label': 'Latest requests' }, h('h3', {}, 'Latest requests'), news, list);
  const place = h('div', { class: 'grow' });
  const element = h('div', { class: 'request-view' }, listed, place);
  let shown = '';
  let isClosed = false;
  let retry = null;
  /** What one reads stays: newer requests than this one are announced, and come when asked for. */
  let newest = 0;
  /** The request that is shown where the address names none. */
  let kept = 0;
  let state = 'idle';
  /** Requests that only the server remembers, by number. */
  const older = new Map();
  let wholeXid = '';

  /** Events may be newer than an answer. */
  function known() {
    return new Map([...older, ...store.requests]);
  }

  function chosen(requests = known()) {
    if (id.startsWith('xid:')) return [...requests.values()].filter(({ xid }) => xid === id.slice(4)).sort((a, b) => a.at - b.at)[0];
    if (id !== '') return requests.get(Number(id));
    const request = requests.get(kept) ?? latest();
    kept = request?.id ?? 0;
    return request;
  }

  /** Asks the server for the rest of the transaction, once. */
  async function findOlder(xid) {
    if (xid === '' || xid === wholeXid) return;
    wholeXid = xid;
    const { requests } = await api(`/api/v1/requests?${new URLSearchParams({ xid, limit: MAX_TRACE })}`);
    for (const request of requests) older.set(request.id, request);
    if (!isClosed) await update();
  }

  async function findAddressed() {
    const entry = /^\d+$/.test(id) && !store.requests.has(Number(id)) ? await detailOf({ id }) : null;
    if (entry !== null) older.set(entry.summary.id, entry.summary);
    await findOlder(id.startsWith('xid:') ? id.slice(4) : (chosen()?.xid ?? ''));
    await update();
  }

  function showNewest() {
    newest = 0;
    kept = 0;
    void update();
  }

  async function update() {
    // While the page asks the server, it notes only that it has to look again.
    if (state !== 'idle') {
      state = 'again';
      return;
    }
    state = 'asking';
    try {
      await drawAll();
    } finally {
      const again = state === 'again';
      state = 'idle';
      if (again && !isClosed) void update();
    }
  }

  function announce() {
    if (newest === 0) newest = Math.max(0, ...store.requests.keys());
    const count = [...store.requests.values()].filter((request) => request.id > newest && isListed(request)).length;
    setText(news, `${count} new`);
    news.hidden = count === 0;
  }

  async function drawAll() {
    const requests = known();
    const request = chosen(requests);
    announce();
    drawList(list, request?.id, newest);
    if (request === undefined) {
      place.replaceChildren(nothing(id));
      shown = '';
      return;
    }
    void upToDate(() => findOlder(request.xid));
    const trace = traceOf(request, requests.values());
    const signature = JSON.stringify([trace.map((row) => [row.request.id, row.request.state, row.request.length]), place.clientWidth]);
    if (signature === shown) return;
    shown = signature;
    await upToDate(() => draw(request, trace));
  }

  async function draw(request, trace) {
    try {
      const entries = await detailsOf(around(trace, request));
      if (!isClosed && chosen()?.id === request.id) place.replaceChildren(...content(request, trace, entries, place.clientWidth - 34));
    } catch (error) {
      if (!isClosed) retryLater();
      throw error;
    }
  }

  function retryLater() {
    shown = '';
    clearTimeout(retry);
    retry = setTimeout(() => void update(), RETRY_MS);
  }

  void upToDate(findAddressed);
  const resized = new ResizeObserver(() => void update());
  resized.observe(place);
  const ends = [on('requests', () => void update())];
  return {
    element,
    close() {
      isClosed = true;
      clearTimeout(retry);
      resized.disconnect();
      for (const end of ends) end();
    },
  };
}

function latest() {
  const requests = [...store.requests.values()];
  return requests.findLast(({ type, service }) => type === 'REQUEST' && service !== 'router') ?? requests.at(-1);
}

function isListed({ service }) {
  return service !== 'router';
}

function around(trace, request) {
  const related = trace.map((row) => row.request).sort((a, b) => a.at - b.at);
  const index = related.indexOf(request);
  const from = Math.max(0, Math.min(index - MAX_RELATED / 2, related.length - MAX_RELATED));
  return related.slice(from, from + MAX_RELATED);
}

/** @returns the remembered requests. @throws ApiError if the server does not answer. */
async function detailsOf(related) {
  const entries = await Promise.all(related.map(detailOf));
  return entries.filter((entry) => entry !== null);
}

async function detailOf({ id }) {
  try {
    return await api(`/api/v1/requests/${id}`);
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

function nothing(id) {
  if (id !== '')
    return h(
      'div',
      { class: 'card empty' },
      h('p', {}, `Request ${id} is unknown or no longer remembered.`),
      h('p', {}, h('a', { href: '#/traffic' }, 'All requests')),
    );
  return h(
    'div',
    { class: 'card empty' },
    h('p', {}, 'No requests yet.'),
    h('p', {}, 'Run the demo in another terminal, or ', h('a', { href: '#/try' }, 'send a request'), ' yourself.'),
  );
}

function drawList(list, chosen, newest) {
  const recent = [...store.requests.values()].filter((request) => request.id <= newest && isListed(request));
  keyed(
    list,
    recent.slice(-RECENT).reverse(),
    ({ id }) => id,
    (request, old) => listed(request, old, chosen),
  );
}

function listed(request, old, chosen) {
  const link = old ?? h('a', { href: `#/request/${request.id}` }, requestName(nameParts(request)), h('span', { class: 'result' }));
  setText(link.lastChild, `${clock(request.at)} · ${outcome(request)} · ${ms(request.durationMs)}`);
  link.classList.toggle('bad', isFailure(request));
  set(link, 'aria-current', request.id === chosen ? 'true' : null);
  return link;
}

function content(request, trace, entries, room) {
  const entry = entries.find(({ summary }) => summary.id === request.id);
  if (entry === undefined) return [nothing(String(request.id))];
  const routers = new Set(store.routers.map(({ router }) => bareJid(router)));
  const { waitMs } = trace.find((row) => row.request === request);
  return [
    heading(entry, waitMs),
    trace.length > 1 ? h('section', { class: 'card block', 'aria-label': 'Trace' }, h('h3', {}, 'Trace'), waterfall(trace, request.id)) : null,
    sequencePanel(entries, request.id, routers, room),
    h('div', { class: 'payloads' }, payloadPanel('Parameters', entry.detail.params), payloadPanel('Results', entry.detail.results)),
  ].filter((part) => part !== null);
}

/** @param waitMs At least how long it waited for a worker. */
function heading({ summary, detail }, waitMs) {
  const copyButton = button('Copy as command', () => copy(asCommand(summary, detail, store.server?.c2s ?? []), copyButton));
  const failed = isFailure(summary);
  return h(
    'div',
    { class: 'card block request-head', 'data-request': summary.id },
    h(
      'div',
      { class: 'row wrap' },
      h('h2', {}, requestName(nameParts(summary))),
      h('span', { class: `badge ${failed ? 'bad' : summary.outcome === 'ok' ? 'ok' : 'warn'}` }, outcome(summary)),
      h('span', { class: 'took' }, ms(summary.durationMs)),
      h('span', { class: 'spring' }),
      copyButton,
    ),
    summary.reason !== '' ? h('p', { class: 'why' }, summary.reason) : null,
    h(
      'dl',
      { class: 'facts' },
      ...fact('asked', `${clock(summary.at)} by `, session(summary.client)),
      ...fact('listener', session(summary.listener)),
      ...fact(bareIsRouter(summary.worker) ? 'answered by' : 'worker', session(summary.worker)),
      ...fact('time', timesOf(summary, waitMs)),
      ...fact('xid', summary.xid === '' ? 'none' : h('a', { href: `#/request/xid:${encodeURIComponent(summary.xid)}` }, summary.xid)),
      ...fact('thread', `${summary.thread}, request ${summary.threadTrace}`),
      ...(detail.browser === '' ? [] : fact('browser', detail.browser)),
      ...fact('ingress', [detail.ingress, detail.locale].filter((part) => part !== '').join(', ') || 'none'),
    ),
  );
}

/** Where the time went, as far as the server sees it. */
function timesOf({ firstAnswerMs, durationMs }, waitMs) {
  if (firstAnswerMs === null || durationMs === null) return durationMs === null ? 'no sign of a worker yet' : ms(durationMs);
  const waited = waitMs > 0 ? `at least ${ms(waitMs)} waiting for a worker, ` : '';
  return `${waited}${ms(firstAnswerMs - waitMs)} until the first sign of a worker, ${ms(Math.max(0, durationMs - firstAnswerMs))} until the end`;
}

function bareIsRouter(jid) {
  return store.routers.some(({ router }) => bareJid(router) === bareJid(jid));
}

function fact(name, ...value) {
  return [h('dt', {}, name), h('dd', { class: 'mono' }, ...value)];
}

function session(jid) {
  if (jid === '') return 'none';
  return bareIsRouter(jid) ? jid : h('a', { href: `#/connections/${encodeURIComponent(jid)}` }, jid);
}
