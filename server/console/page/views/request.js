// One request: its sequence diagram, its related requests, its payloads.

import { api } from '../base/api.js';
import { button, copy, h, keyed, requestName, set, setText } from '../base/dom.js';
import { asCommand } from '../base/export.js';
import { bareJid, clock, isFailure, ms, nameParts, outcome } from '../base/format.js';
import { on, store, upToDate } from '../base/store.js';
import { payloadPanel } from './payload.js';
import { depthsOf, relatedTo } from './related.js';
import { sequence } from './sequence.js';

/** Of a longer session, the view shows the requests around the selected one. */
const MAX_RELATED = 24;
const RECENT = 40;
/** After a failed question. */
const RETRY_MS = 1_000;

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

  function chosen() {
    if (id !== '') return store.requests.get(Number(id));
    const request = store.requests.get(kept) ?? latest();
    kept = request?.id ?? 0;
    return request;
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
    const request = chosen();
    announce();
    drawList(list, request?.id, newest);
    if (request === undefined) {
      place.replaceChildren(nothing(id));
      shown = '';
      return;
    }
    const related = around(relatedTo(request, store.requests.values()), request);
    const signature = JSON.stringify(related.map((one) => [one.id, one.state, one.length]));
    if (signature === shown) return;
    shown = signature;
    await upToDate(() => draw(request, related));
  }

  async function draw(request, related) {
    try {
      const entries = await detailsOf(related);
      if (!isClosed && chosen()?.id === request.id) place.replaceChildren(...content(request, entries, place.clientWidth - 34));
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

  void update();
  const ends = [on('requests', () => void update())];
  return {
    element,
    close() {
      isClosed = true;
      clearTimeout(retry);
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

function around(related, request) {
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

function content(request, entries, room) {
  const entry = entries.find(({ summary }) => summary.id === request.id);
  if (entry === undefined) return [nothing(String(request.id))];
  const routers = new Set(store.routers.map(({ router }) => bareJid(router)));
  const many = entries.length > 1;
  return [
    heading(entry),
    many ? h('section', { class: 'card block', 'aria-label': 'Related requests' }, h('h3', {}, 'Related requests'), waterfall(entries, request.id)) : null,
    h('section', { class: 'card block', 'aria-label': 'Sequence' }, h('h3', {}, 'Sequence'), sequence(entries, request.id, routers, room)),
    h('div', { class: 'payloads' }, payloadPanel('Parameters', entry.detail.params), payloadPanel('Results', entry.detail.results)),
  ].filter((part) => part !== null);
}

function heading({ summary, detail }) {
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
      ...fact('xid', summary.xid === '' ? 'none' : summary.xid),
      ...fact('thread', `${summary.thread}, request ${summary.threadTrace}`),
      ...(detail.browser === '' ? [] : fact('browser', detail.browser)),
      ...fact('ingress', [detail.ingress, detail.locale].filter((part) => part !== '').join(', ') || 'none'),
    ),
  );
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

/** The durations of related requests, nested by cause. */
function waterfall(entries, chosen) {
  const summaries = entries.map(({ summary }) => summary);
  const depths = depthsOf(summaries);
  const begin = summaries[0].at;
  const end = Math.max(...summaries.map(({ at, durationMs }) => at + (durationMs ?? 0)), begin + 0.001);
  const percent = (span) => `${(100 * span) / (end - begin)}%`;
  return h(
    'div',
    { class: 'waterfall' },
    summaries.map((summary) => {
      const bar = h('span', { class: `span${isFailure(summary) ? ' bad' : ''}` });
      bar.style.marginLeft = percent(summary.at - begin);
      bar.style.width = `max(3px, ${percent(summary.durationMs ?? end - summary.at)})`;
      const name = requestName(nameParts(summary));
      name.style.paddingLeft = `${16 * depths.get(summary.id)}px`;
      const link = h(
        'a',
        { href: `#/request/${summary.id}`, 'aria-current': summary.id === chosen ? 'true' : null },
        name,
        h('span', { class: 'track' }, bar),
        h('span', { class: 'right' }, ms(summary.durationMs)),
      );
      return link;
    }),
  );
}
