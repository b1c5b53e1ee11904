// A table that its heads sort.

import { button, cut, h, keyed, set, setText } from './dom.js';

/**
 * @param columns `{title, of, text, kind, isCut}`: `of(row)` is what sorts, numbers from the largest; `text` shows it; `kind` is the class of its cells;
 *   a narrow page cuts the middle of one that `isCut`.
 * @param keyOf The key of a row. @returns `{element, update(rows)}`.
 */
export function sortable(columns, keyOf) {
  let by = null;
  let rows = [];
  const heads = columns.map((column) =>
    h(
      'th',
      { scope: 'col', class: column.kind },
      button(column.title, () => sort(column), { class: 'sort' }),
    ),
  );
  const body = h('tbody', {});

  function sort(column) {
    by = by === column ? null : column;
    for (const [index, head] of heads.entries()) set(head, 'aria-sort', columns[index] === by ? 'other' : null);
    draw();
  }

  function draw() {
    keyed(body, by === null ? rows : [...rows].sort((a, b) => compared(by.of(a), by.of(b))), keyOf, (row, old) => filled(columns, row, old));
  }

  return {
    element: h('table', {}, h('thead', {}, h('tr', {}, heads)), body),
    update(all) {
      rows = all;
      draw();
    },
  };
}

function filled(columns, row, old) {
  const tr =
    old ??
    h(
      'tr',
      {},
      columns.map(() => h('td', {})),
    );
  for (const [index, { of, text = String, kind, isCut }] of columns.entries()) {
    const td = tr.children[index];
    const value = of(row);
    td.className = kind ?? '';
    if (isCut) setCut(td, value);
    else setText(td, text(value, row));
  }
  return tr;
}

function setCut(td, text) {
  td.classList.add('cutting');
  if (td.title === text) return;
  td.title = text;
  td.replaceChildren(cut(text));
}

function compared(a, b) {
  return typeof a === 'string' ? a.localeCompare(b) : b - a;
}
