// A sequence diagram of requests: participants side by side, time downwards, one arrow per stanza.

import { h, svg } from '../base/dom.js';
import { bareJid, brief, isFailure, ms, number, resource, shortName } from '../base/format.js';

const GUTTER = 84;
const HEAD = 84;
const ROW = 42;
/** The least width of a participant's column. */
const MIN_COLUMN = 108;
/** The width of a character, in pixels. */
const CHARACTER = 7;

/**
 * @param entries `{summary, detail}` in chronological order. @param chosen The number of the selected request.
 * @param routers Bare JIDs of the server's routers. @param room The available width.
 * @returns `{element, diagram, participants, steps}`.
 */
export function sequenceOf(entries, chosen, routers, room) {
  const steps = stepsOf(entries);
  const participants = participantsOf(steps, entries, routers);
  for (const step of steps) step.role = participants.find(({ jid }) => jid === step.from).role;
  const column = Math.max(MIN_COLUMN, Math.floor((room - GUTTER) / participants.length));
  const width = GUTTER + participants.length * column;
  const height = HEAD + steps.length * ROW + 24;
  const x = (jid) => GUTTER + (participants.findIndex((one) => one.jid === jid) + 0.5) * column;
  const diagram = svg(
    'svg',
    { class: 'sequence', viewBox: `0 0 ${width} ${height}`, width, height, 'aria-hidden': 'true' },
    participants.map((one) => lifeline(one, x(one.jid), column, height)),
    steps.map((step, index) => arrow(step, x, HEAD + index * ROW + 26, step.id === chosen, steps[0].at, width)),
  );
  const drawn = h('div', { class: 'scroll drawn', role: 'group', 'aria-label': 'Sequence diagram', tabindex: '0' }, diagram);
  return { element: h('div', {}, drawn, inWords(steps, participants)), diagram, participants, steps };
}

/** The diagram, and the same in words. */
export function sequence(entries, chosen, routers, room) {
  return sequenceOf(entries, chosen, routers, room).element;
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
      part: step.kind === 'answer' && index !== last ? 1 : 0,
    }));
  });
  return folded(steps.sort((a, b) => a.at - b.at));
}

/** Parts of one answer that follow each other become one arrow. */
function folded(steps) {
  const shown = [];
  for (const step of steps) {
    const before = shown.at(-1);
    if (before?.part > 0 && step.part > 0 && before.id === step.id) {
      before.part++;
      before.label = `${number(before.part)} parts of the answer`;
    } else shown.push(step);
  }
  return shown;
}

function labelOf(step, summary, detail, isLast) {
  switch (step.kind) {
    case 'asked':
      return summary.type === 'CONNECT' ? 'CONNECT' : `${summary.method}(${brief(detail.params, 24)})`;
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
      return isLast ? answerLabel(summary, detail) : 'part of the answer';
  }
}

function answerLabel(summary, detail) {
  if (isFailure(summary)) return `${summary.statusCode} ${summary.status.trim()}`;
  if (summary.type === 'CONNECT') return 'connected';
  return detail.results.json === '[]' ? 'complete' : brief(detail.results, 48);
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

function arrow(step, x, y, isChosen, begin, width) {
  const [from, to] = [x(step.from), x(step.to)];
  const direction = Math.sign(to - from) || 1;
  const kind = step.failed ? ' bad' : '';
  // A label may be longer than its arrow: it begins at the left end, and has the rest of the width.
  const left = Math.min(from, to) + 8;
  const room = Math.floor((width - left) / CHARACTER);
  return svg(
    'g',
    { class: `step ${step.role}${kind}${isChosen ? ' chosen' : ''}` },
    svg('title', {}, step.label),
    svg('text', { class: 'time', x: GUTTER - 14, y: y + 4 }, `+${ms(step.at - begin)}`),
    svg('path', { class: 'arrow', d: `M ${from} ${y} H ${to}` }),
    svg('path', { class: 'origin', d: `M ${to} ${y} l ${-9 * direction} -4 v 8 z` }),
    svg('circle', { class: 'origin', cx: from, cy: y, r: 3 }),
    svg('text', { class: 'label', x: left, y: y - 7 }, middle(step.label, room)),
    step.folded > 0 ? svg('text', { class: 'folded', x: left, y: y + 14 }, `and ${number(step.folded)} more before it`) : null,
  );
}

/** The same as text: for screen readers, and instead of the diagram on a narrow screen. */
function inWords(steps, participants) {
  const begin = steps[0]?.at ?? 0;
  const named = new Map(participants.map(({ jid, role, service }) => [jid, `${role} ${shortName(jid, service)}`]));
  const words = ({ at, from, to, label }) => `${ms(at - begin)}: ${named.get(from)} to ${named.get(to)}: ${label}`;
  return h(
    'ol',
    { class: 'told' },
    steps.map((step) => h('li', { class: step.failed ? 'bad' : step.role }, words(step))),
  );
}
