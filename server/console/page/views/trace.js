// The waterfall of a trace: each request with its time, nested below the one that waits for it.

import { h, requestName } from '../base/dom.js';
import { isFailure, ms, nameParts, number } from '../base/format.js';

/** The waterfall shows the first of a longer trace. */
const MAX_ROWS = 200;

/** @param rows Of traceOf(). @param chosen The number of the selected request. */
export function waterfall(rows, chosen) {
  const shown = rows.slice(0, MAX_ROWS);
  const begin = Math.min(...shown.map(({ request }) => request.at));
  const end = Math.max(...shown.map(({ request }) => request.at + (request.durationMs ?? 0)), begin + 0.001);
  const percent = (span) => `${(100 * span) / (end - begin)}%`;

  function line({ request, depth, isProbable, isCritical, waitMs }) {
    const name = h('span', { class: 'span-name' }, requestName(nameParts(request)), isProbable ? h('span', { class: 'badge warn' }, 'probable') : null);
    name.style.paddingLeft = `${16 * depth}px`;
    const total = request.durationMs ?? end - request.at;
    const first = request.firstAnswerMs === null ? total : Math.min(total, request.firstAnswerMs);
    const parts = [
      ['waiting', waitMs],
      ['working', first - waitMs],
      ['answering', total - first],
    ].filter(([, time]) => time > 0);
    const bar = h('span', { class: `span${isFailure(request) ? ' bad' : ''}${isCritical ? ' critical' : ''}` }, parts.map(part));
    bar.style.marginLeft = percent(request.at - begin);
    bar.style.width = `max(3px, ${percent(total)})`;
    return h(
      'a',
      {
        href: `#/request/${request.id}`,
        'aria-current': request.id === chosen ? 'true' : null,
        title: parts.map(([kind, time]) => `${ms(time)} ${kind}`).join(', '),
      },
      name,
      h('span', { class: 'track' }, bar),
      h('span', { class: 'right' }, ms(request.durationMs)),
    );
  }

  return h(
    'div',
    {},
    h('div', { class: 'waterfall' }, shown.map(line)),
    rows.length > shown.length ? h('p', { class: 'quiet' }, `The first ${number(shown.length)} of ${number(rows.length)} requests.`) : null,
    h('ul', { class: 'legend-list', 'aria-label': 'Legend of the trace' }, legendOf(rows)),
  );
}

function part([kind, time]) {
  const element = h('span', { class: kind });
  element.style.flexGrow = time;
  return element;
}

function legendOf(rows) {
  const entries = [
    ['waiting', 'waited for a worker, at least', rows.some(({ waitMs }) => waitMs > 0)],
    ['working', 'until the first sign of a worker', true],
    ['answering', 'until the end of the answer', true],
    ['critical', 'critical path: took the time', rows.some(({ isCritical }) => isCritical)],
  ];
  return entries.filter(([, , isThere]) => isThere).map(([kind, words]) => h('li', {}, h('span', { class: `sample ${kind}` }), words));
}
