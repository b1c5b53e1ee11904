// Shows parameters and results as searchable text: indented, with the class names of OpenSRF's objects.

import { button, copy, h, setText } from '../base/dom.js';
import { bytes, number } from '../base/format.js';
import { store } from '../base/store.js';

/** The panel shows more lines on demand only. */
const LINES = 400;
/** The panel truncates a longer string. */
const TEXT = 2_000;
const INDENT = '  ';
const COLON = { kind: 'plain', text: ': ' };

/** @param payload The server's `{json, length, redacted}`. */
export function payloadPanel(title, { json, length, redacted }) {
  const search = h('input', { type: 'search', 'aria-label': `Search in ${title.toLowerCase()}`, placeholder: 'Search', oninput: () => render() });
  const found = h('span', { class: 'quiet', role: 'status' });
  const text = h('pre', { class: 'payload', tabindex: '0', 'aria-label': title });
  const copyButton = button('Copy', () => copy(json, copyButton));
  const isCut = length > json.length;
  const lines = isCut ? [[{ kind: 'plain', text: json }]] : linesOf(json);
  let all = lines.length <= LINES;
  const more = button(`Show all ${number(lines.length)} lines`, () => {
    all = true;
    render();
  });

  function render() {
    const wanted = search.value.toLowerCase();
    const shown = all || wanted !== '' ? lines : lines.slice(0, LINES);
    const marks = { count: 0 };
    text.replaceChildren(...shown.flatMap((line) => [...line.map((token) => tokenElement(token, wanted, marks, isCut)), '\n']));
    more.hidden = all || wanted !== '';
    setText(found, wanted === '' ? '' : `${number(marks.count)} found`);
    text.querySelector('mark')?.scrollIntoView({ block: 'nearest' });
  }
  render();
  return h(
    'section',
    { class: 'card payload-panel', 'aria-label': title },
    h(
      'div',
      { class: 'row' },
      h('h3', {}, title),
      h('span', { class: 'quiet' }, redacted ? '' : bytes(length)),
      h('span', { class: 'spring' }),
      found,
      search,
      copyButton,
    ),
    redacted ? h('p', { class: 'notice' }, 'Hidden by log_protect.') : null,
    isCut ? h('p', { class: 'notice' }, `Truncated to the first ${bytes(json.length)} of ${bytes(length)}.`) : null,
    redacted ? null : text,
    more,
  );
}

function tokenElement({ kind, text }, wanted, marks, whole) {
  const shown = whole || text.length <= TEXT ? text : `${text.slice(0, TEXT)}… (${number(text.length)} characters)`;
  return h('span', { class: kind }, marked(shown, wanted, marks));
}

function marked(text, wanted, marks) {
  if (wanted === '') return [text];
  const parts = [];
  const lower = text.toLowerCase();
  let from = 0;
  for (let at = lower.indexOf(wanted); at !== -1; at = lower.indexOf(wanted, from)) {
    parts.push(text.slice(from, at), h('mark', {}, text.slice(at, at + wanted.length)));
    from = at + wanted.length;
    marks.count++;
  }
  return [...parts, text.slice(from)];
}

/** The lines of an array's values, without its brackets. Each line is a list of tokens. */
function linesOf(json) {
  let values;
  try {
    values = JSON.parse(json);
  } catch {
    return [[{ kind: 'plain', text: json }]];
  }
  if (!Array.isArray(values)) values = [values];
  if (values.length === 0) return [[{ kind: 'note', text: 'none' }]];
  try {
    const lines = [];
    for (const value of values) print(value, '', '', [], lines);
    return lines;
  } catch {
    // Nested too deeply to be indented.
    return [[{ kind: 'plain', text: json }]];
  }
}

/** @param before The first tokens of the first line. @param after The end of the last line. */
function print(value, indent, after, before, lines) {
  const [name, inner] = classed(value);
  const start = name === '' ? before : [...before, { kind: 'class', text: `${name} ` }];
  if (typeof inner !== 'object' || inner === null || Object.keys(inner).length === 0) {
    lines.push([{ kind: 'plain', text: indent }, ...start, { kind: kindOf(inner), text: JSON.stringify(inner) }, { kind: 'plain', text: after }]);
    return;
  }
  const isArray = Array.isArray(inner);
  const fields = store.idl[name] ?? [];
  const entries = isArray ? inner.map((item, index) => [null, item, fields[index]]) : Object.entries(inner);
  lines.push([{ kind: 'plain', text: indent }, ...start, { kind: 'plain', text: isArray ? '[' : '{' }]);
  entries.forEach(([key, item, field], index) => {
    print(item, indent + INDENT, index === entries.length - 1 ? '' : ',', headOf(key, field), lines);
  });
  lines.push([{ kind: 'plain', text: `${indent}${isArray ? ']' : '}'}${after}` }]);
}

/** A key of the JSON; or the name of a field, which the JSON has not. */
function headOf(key, field) {
  if (key !== null) return [{ kind: 'key', text: JSON.stringify(key) }, COLON];
  return field === undefined ? [] : [{ kind: 'note', text: field }, COLON];
}

/** OpenSRF's `{"__c": name, "__p": data}`. */
function classed(value) {
  const isClassed = typeof value === 'object' && value !== null && typeof value.__c === 'string' && '__p' in value && Object.keys(value).length === 2;
  return isClassed ? [value.__c, value.__p] : ['', value];
}

function kindOf(value) {
  if (typeof value === 'string') return 'string';
  return typeof value === 'number' ? 'number' : 'word';
}
