// A plot of one or two lines with axes: the newest value as text, and older values by pointer or arrow keys.

import { h, set, setText, svg } from '../base/dom.js';
import { clock } from '../base/format.js';

const WIDTH = 300;
const HEIGHT = 84;
/** The plotted span of time follows the samples, from this on. */
const MIN_SPAN_MS = 60_000;
const DAY_MS = 86_400_000;

/** @param series `{title, unit, base, lines: [{name, of}]}`; `unit` formats a number; `base` is 1024 for bytes. @returns `{element, update}`. */
export function plot({ title, unit, base = 10, lines }) {
  const value = h('strong', { class: 'value' });
  const when = h('span', { class: 'quiet when' });
  const cursor = svg('line', { class: 'cursor', y1: 0, y2: HEIGHT, x1: -5, x2: -5 });
  const area = svg('path', { class: 'area' });
  const grid = svg('path', { class: 'grid', d: `M 0 1 H ${WIDTH} M 0 ${HEIGHT / 2} H ${WIDTH}` });
  const paths = lines.map((_, index) => svg('path', { class: `series s${index}` }));
  const picture = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' }, grid, area, paths, cursor);
  const heights = [1, 0.5, 0].map(() => h('span', {}));
  const times = [0, 0.5, 1].map(() => h('span', {}));
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
    h('figcaption', {}, h('h3', {}, title), when, h('span', { class: 'spring' }), lines.length > 1 ? legends : value),
    h('div', { class: 'chart' }, h('div', { class: 'axis heights' }, heights), picture, h('div', { class: 'axis times' }, times)),
  );
  let samples = [];
  let index = null;
  let span = MIN_SPAN_MS;

  function update(all) {
    samples = all;
    if (samples.length === 0) return;
    const end = samples.at(-1).at;
    span = Math.max(MIN_SPAN_MS, end - samples[0].at);
    const x = ({ at }) => WIDTH - ((end - at) / span) * WIDTH;
    const top = roundedUp(Math.max(...lines.flatMap(({ of }) => samples.map(of)), 0), base);
    const y = (number) => HEIGHT - (number / top) * (HEIGHT - 1);
    const points = ({ of }) => samples.map((sample) => `${x(sample).toFixed(1)} ${y(of(sample)).toFixed(1)}`).join(' L ');
    for (const [number, line] of lines.entries()) set(paths[number], 'd', `M ${points(line)}`);
    set(area, 'd', `M ${x(samples[0]).toFixed(1)} ${HEIGHT} L ${points(lines[0])} L ${WIDTH} ${HEIGHT} Z`);
    for (const [number, part] of [top, top / 2, 0].entries()) setText(heights[number], unit(part));
    for (const [number, part] of [1, 0.5, 0].entries()) setText(times[number], timeOf(end - part * span, span));
    look(index === null ? null : Math.min(index, samples.length - 1));
  }

  function look(at) {
    index = at;
    const sample = at === null ? samples.at(-1) : samples[at];
    if (sample === undefined) return;
    const text = lines.map(({ of }) => unit(of(sample))).join(' / ');
    const time = at === null ? '' : timeOf(sample.at, 0);
    setText(value, text);
    for (const [number, legend] of legends.entries()) setText(legend, `${lines[number].name} ${unit(lines[number].of(sample))}`);
    setText(when, time);
    const x = at === null ? -5 : WIDTH - ((samples.at(-1).at - sample.at) / span) * WIDTH;
    set(cursor, 'x1', x);
    set(cursor, 'x2', x);
    set(element, 'aria-label', `${title}: ${text}${at === null ? '' : ` at ${time}`}`);
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

/** The top of an axis: 1, 2 or 5 times a power of ten, of 1024 for bytes. */
function roundedUp(value, base) {
  const power = base === 10 ? 1 : base ** Math.floor(Math.log(Math.max(value, 1)) / Math.log(base));
  const units = Math.max(value / power, 1);
  const tens = 10 ** Math.floor(Math.log10(units));
  return power * tens * [1, 2, 5, 10].find((step) => step * tens >= units);
}

/** Hours and minutes; seconds in a short span, the day in a long one. */
function timeOf(at, span) {
  const time = clock(at);
  if (span > DAY_MS) return `${new Date(at).toLocaleDateString('en', { month: 'short', day: 'numeric' })} ${time.slice(0, 5)}`;
  return time.slice(0, span > MIN_SPAN_MS * 10 ? 5 : 8);
}
