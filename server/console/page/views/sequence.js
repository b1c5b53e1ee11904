// A sequence diagram of requests: participants side by side, time downwards, one arrow per stanza.

import { h, svg } from '../base/dom.js';
import { bareJid, isFailure, ms, number, resource, shortName } from '../base/format.js';
import { brief } from './payload.js';

const GUTTER = 84;
const HEAD = 84;
const ROW = 42;
/** The bounds of the width of a participant's column. */
const MIN_COLUMN = 108;
const MAX_COLUMN = 190;
/** The width of a character, in pixels. */
const CHARACTER = 7;

/**
 * @param entries `{summary, detail}` in chronological order. @param chosen The number of the selected request.
 * @param routers Bare JIDs of the server's routers. @param room The available width.
 */
export function sequence(entries, chosen, routers, room) {
  const steps = stepsOf(entries);
  const participants = participantsOf(steps, entries, routers);
  const column = Math.max(MIN_COLUMN, Math.min(MAX_COLUMN, Math.floor((room - GUTTER) / participants.length)));
  const width = GUTTER + participants.length * column;
  const height = HEAD + steps.length * ROW + 24;
  const x = (jid) => GUTTER + (participants.findIndex((one) => one.jid === jid) + 0.5) * column;
  const diagram = svg(
    'svg',
    { class: 'sequence', viewBox: `0 0 ${width} ${height}`, width, height, 'aria-hidden': 'true' },
    arrowheads(),
    participants.map((one) => lifeline(one, x(one.jid), column, height)),
    steps.map((step, index) => arrow(step, x, HEAD + index * ROW + 26, step.id === chosen, steps[0].at)),
  );
  return h('div', {}, h('div', { class: 'scroll', role: 'group', 'aria-label': 'Sequence diagram', tabindex: '0' }, diagram), inWords(steps));
}

function stepsOf(entries) {
  const steps = entries.flatMap(({ summary, detail }) => {
    const last = detail.steps.length - 1;
    return detail.steps.map((step, index) => ({
      ...step,
      id: summary.id,
      failed: ['bounce', 'again', 'late', 'timeout'].includes(step.kind) || (index === last && isFailure(summary)),
      label: labelOf(step, summary, detail, index === last),
      folded: index === last ? detail.folded : 0,
    }));
  });
  return steps.sort((a, b) => a.at - b.at);
}

function labelOf(step, summary, detail, isLast) {
  switch (step.kind) {
    case 'asked':
      return summary.type === 'CONNECT' ? 'CONNECT' : `${summary.method.split('.').slice(-2).join('.')}(${brief(detail.params, 14)})`;
    case 'handed':
      return 'routed';
    case 'again':
      return 'to another listener';
    case 'late':
      return 'too late: the request is over';
    case 'timeout':
      return '408: the worker ended the session';
    case 'bounce':
      return `bounced: ${summary.statusCode || 'error'}`;
    default:
      return isLast ? answerLabel(summary, detail) : 'partial answer';
  }
}

function answerLabel(summary, detail) {
  if (isFailure(summary)) return `${summary.statusCode} ${summary.status.trim()}`;
  if (summary.type === 'CONNECT') return 'connected';
  return detail.results.json === '[]' ? 'complete' : brief(detail.results);
}

function participantsOf(steps, entries, routers) {
  const parts = new Map();
  for (const { summary } of entries) {
    const { client, listener, worker, service } = summary;
    parts.set(client, parts.get(client) ?? { role: 'client', service: '' });
    if (listener !== '') parts.set(listener, { role: 'listener', service });
    if (worker !== '') parts.set(worker, { role: 'worker', service });
  }
  const participants = new Map();
  for (const jid of steps.flatMap(({ from, to }) => [from, to])) {
    const part = routers.has(bareJid(jid)) ? { role: 'router', service: resource(jid) } : (parts.get(jid) ?? { role: 'client', service: '' });
    participants.set(jid, { jid, ...part });
  }
  return [...participants.values()];
}

function arrowheads() {
  const head = (id, kind) =>
    svg(
      'marker',
      {
        id,
        class: kind,
        viewBox: '0 0 10 10',
        refX: 9,
        refY: 5,
        markerUnits: 'userSpaceOnUse',
        markerWidth: 10,
        markerHeight: 10,
        orient: 'auto-start-reverse',
      },
      svg('path', { d: 'M 0 1 L 9 5 L 0 9 z' }),
    );
  return svg('defs', {}, head('arrow', 'arrowhead'), head('arrow-bad', 'arrowhead bad'));
}

function lifeline({ jid, role, service }, x, column, height) {
  const fits = Math.floor((column - 24) / CHARACTER);
  const lines = role === 'router' ? [service, bareJid(jid)] : [service, shortName(jid, service)];
  return svg(
    'g',
    { class: role },
    svg('title', {}, jid),
    svg('line', { class: 'life', x1: x, x2: x, y1: HEAD - 14, y2: height }),
    svg('rect', { class: 'person', x: x - column / 2 + 5, y: 4, width: column - 10, height: 62, rx: 8 }),
    svg('text', { class: 'person-role', x, y: 21 }, role),
    lines
      .filter((line) => line !== '')
      .map((line, index) => svg('text', { class: index === 0 ? 'person-name' : 'person-name second', x, y: 38 + 16 * index }, middle(line, fits))),
  );
}

/** The beginning and the end of a long name, which distinguish it best. */
function middle(text, length) {
  if (text.length <= length) return text;
  const half = Math.floor((length - 1) / 2);
  return `${text.slice(0, half)}…${text.slice(-half)}`;
}

function arrow(step, x, y, isChosen, begin) {
  const [from, to] = [x(step.from), x(step.to)];
  const direction = Math.sign(to - from) || 1;
  const kind = step.failed ? ' bad' : '';
  return svg(
    'g',
    { class: `step${kind}${isChosen ? ' chosen' : ''}` },
    svg('text', { class: 'time', x: GUTTER - 14, y: y + 4 }, `+${ms(step.at - begin)}`),
    svg('line', { class: 'arrow', x1: from, x2: to - 3 * direction, y1: y, y2: y, 'marker-end': step.failed ? 'url(#arrow-bad)' : 'url(#arrow)' }),
    svg('circle', { class: 'origin', cx: from, cy: y, r: 3 }),
    svg('text', { class: 'label', x: (from + to) / 2, y: y - 7 }, middle(step.label, Math.max(24, Math.floor(Math.abs(to - from) / 7)))),
    step.folded > 0 ? svg('text', { class: 'folded', x: (from + to) / 2, y: y + 14 }, `and ${number(step.folded)} more before it`) : null,
  );
}

/** The same as text, for screen readers. */
function inWords(steps) {
  const begin = steps[0]?.at ?? 0;
  return h(
    'ol',
    { class: 'unseen' },
    steps.map(({ at, from, to, label }) => h('li', {}, `${ms(at - begin)}: ${from} to ${to}: ${label}`)),
  );
}
