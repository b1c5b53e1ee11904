// A small plot of the last five minutes: one or two lines, the newest value as text, and older values by pointer or arrow keys.

import { h, set, setText, svg } from '../base/dom.js';
import { clock } from '../base/format.js';

const WIDTH = 300;
const HEIGHT = 72;
/** The plotted time span follows the samples, within these bounds. */
const MIN_SPAN_MS = 60_000;
const MAX_SPAN_MS = 300_000;

/** @param series `{title, unit, lines: [{name, of}]}`; `unit` formats a number. @returns `{element, update}`. */
export function plot({ title, unit, lines }) {
  const value = h('strong', { class: 'value' });
  const when = h('span', { class: 'quiet when' });
  const cursor = svg('line', { class: 'cursor', y1: 0, y2: HEIGHT, x1: -5, x2: -5 });
  const area = svg('path', { class: 'area' });
  const paths = lines.map((_, index) => svg('path', { class: `series s${index}` }));
  const picture = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' }, area, paths, cursor);
  const scale = h('span', { class: 'quiet scale' });
  const legends = lines.length > 1 ? lines.map((_, index) => h('span', { class: `legend s${index}` })) : [];
  const element = h(
    'figure',
    {
      class: 'card plot',
      tabindex: '0',
      'aria-label': title,
      onpointermove: pointed,
      onpointerleave: () => look(null),
      onkeydown: moved,
      onblur: () => look(null),
    },
    h('figcaption', {}, h('h3', {}, title), lines.length > 1 ? scale : value),
    picture,
    h('div', { class: 'row under' }, legends, h('span', { class: 'spring' }), when, lines.length > 1 ? null : scale),
  );
  let samples = [];
  let index = null;
  let span = MIN_SPAN_MS;

  function update(all) {
    samples = all;
    if (samples.length === 0) return;
    const end = samples.at(-1).at;
    span = Math.min(MAX_SPAN_MS, Math.max(MIN_SPAN_MS, end - samples[0].at));
    const x = ({ at }) => WIDTH - ((end - at) / span) * WIDTH;
    const highest = Math.max(...lines.flatMap(({ of }) => samples.map(of)), 0);
    const y = (number) => HEIGHT - 2 - (highest === 0 ? 0 : (number / highest) * (HEIGHT - 8));
    const points = ({ of }) => samples.map((sample) => `${x(sample).toFixed(1)} ${y(of(sample)).toFixed(1)}`).join(' L ');
    for (const [number, line] of lines.entries()) set(paths[number], 'd', `M ${points(line)}`);
    set(area, 'd', `M ${x(samples[0]).toFixed(1)} ${HEIGHT} L ${points(lines[0])} L ${WIDTH} ${HEIGHT} Z`);
    setText(scale, `max ${unit(highest)}`);
    look(index === null ? null : Math.min(index, samples.length - 1));
  }

  function look(at) {
    index = at;
    const sample = at === null ? samples.at(-1) : samples[at];
    if (sample === undefined) return;
    const text = lines.map(({ of }) => unit(of(sample))).join(' / ');
    setText(value, text);
    for (const [number, legend] of legends.entries()) setText(legend, `${lines[number].name} ${unit(lines[number].of(sample))}`);
    setText(when, at === null ? '' : clock(sample.at).slice(0, 8));
    const x = at === null ? -5 : WIDTH - ((samples.at(-1).at - sample.at) / span) * WIDTH;
    set(cursor, 'x1', x);
    set(cursor, 'x2', x);
    set(element, 'aria-label', `${title}: ${text}${at === null ? '' : ` at ${clock(sample.at).slice(0, 8)}`}`);
  }

  function pointed(event) {
    const box = picture.getBoundingClientRect();
    const at = (samples.at(-1)?.at ?? 0) - span * (1 - (event.clientX - box.left) / box.width);
    const next = samples.findIndex((sample) => sample.at >= at);
    look(next === -1 ? null : next);
  }

  function moved({ key }) {
    if (key !== 'ArrowLeft' && key !== 'ArrowRight') return;
    const from = index ?? samples.length - 1;
    look(Math.max(0, Math.min(samples.length - 1, from + (key === 'ArrowLeft' ? -1 : 1))));
  }

  return { element, update };
}
