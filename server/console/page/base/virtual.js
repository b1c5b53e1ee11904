// The rows of a long table in a scrolling box: only those in sight are in the document.

import { h, keyed } from './dom.js';

/** Rows kept ready above and below the box. */
const SPARE = 10;

/**
 * @param box The scrolling element. @param rows `{keyOf, heightOf, render}`; `heightOf(item)` is the exact height of its row in pixels.
 * @returns `{parts, update(items), reveal(index)}`: the parts of the table, and functions that show items, and scroll to one and return its row.
 */
export function virtualRows(box, { keyOf, heightOf, render }) {
  const [above, below] = [0, 1].map(() => h('tr', {}, h('td', {})));
  const body = h('tbody', { class: 'seen' });
  const parts = [h('tbody', { class: 'space' }, above), body, h('tbody', { class: 'space' }, below)];
  let items = [];
  /** Where each row begins, and the last one ends. */
  let tops = [0];

  /** The row at a height. */
  function indexAt(top) {
    let [low, high] = [0, items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (tops[middle + 1] > top) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  function draw() {
    const first = Math.max(0, indexAt(box.scrollTop) - SPARE);
    const last = Math.min(items.length, indexAt(box.scrollTop + box.clientHeight) + SPARE);
    above.style.height = `${tops[first]}px`;
    below.style.height = `${tops[items.length] - tops[last]}px`;
    keyed(body, items.slice(first, last), keyOf, render);
  }

  box.addEventListener('scroll', draw, { passive: true });
  new ResizeObserver(draw).observe(box);
  return {
    parts,
    update(all) {
      items = all;
      tops = [0];
      for (const item of items) tops.push(tops.at(-1) + heightOf(item));
      draw();
    },
    reveal(index) {
      const room = box.clientHeight - SPARE * 6;
      if (tops[index] < box.scrollTop) box.scrollTop = tops[index];
      else if (tops[index + 1] > box.scrollTop + room) box.scrollTop = tops[index + 1] - room;
      draw();
      return [...body.children].find((row) => row.dataset.key === String(keyOf(items[index])));
    },
  };
}
