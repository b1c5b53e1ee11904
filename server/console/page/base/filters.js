// The filters of the traffic view. The server filters past requests, by parameters and results too; this file filters new requests by the same rules.

import { button, h } from './dom.js';
import { isFailure } from './format.js';

/** Outcomes, as docs/console.md explains them; `not ok` is failed, refused and lost together. */
const OUTCOMES = ['', 'not ok', 'ok', 'failed', 'refused', 'lost', 'open', 'unseen'];

const FIELDS = [
  { name: 'service', label: 'Service', placeholder: 'part of a name' },
  { name: 'method', label: 'Method', placeholder: 'part, or op*' },
  { name: 'outcome', label: 'Outcome', choices: OUTCOMES },
  { name: 'code', label: 'Code', placeholder: '500', type: 'number' },
  { name: 'jid', label: 'JID', placeholder: 'part of a JID' },
  { name: 'xid', label: 'xid', placeholder: 'exact' },
  { name: 'slowerThan', label: 'Slower than', placeholder: 'ms', type: 'number' },
];

const SAVED = 'opensrf-chopchop-filters';

/**
 * The filters are in the address, and saved for the next visit.
 * @param address `?service=circ`; without it the saved ones count. @param onChange Called when the user changes a filter.
 * @returns `{element, clearButton, query, clear}`.
 */
export function filterBar(address, onChange) {
  const inputs = new Map(FIELDS.map((field) => [field.name, inputOf(field, changed)]));
  const text = h('input', {
    type: 'search',
    id: 'filter-text',
    placeholder: 'Search all text  ( / )',
    'aria-label': 'Search names, parameters and results',
    oninput: changed,
  });
  inputs.set('text', text);
  const clearButton = button('Clear filters', clear);
  const element = h(
    'form',
    { class: 'filters', 'aria-label': 'Filters', onsubmit: (event) => event.preventDefault() },
    h('div', { class: 'field wide' }, h('label', { for: 'filter-text' }, 'Text'), text),
    FIELDS.map(({ name, label }) => h('div', { class: 'field' }, h('label', { for: `filter-${name}` }, label), inputs.get(name))),
  );

  function values() {
    return [...inputs].map(([name, input]) => [name, input.value.trim()]).filter(([, value]) => value !== '');
  }

  function save() {
    const saved = new URLSearchParams(values()).toString();
    localStorage.setItem(SAVED, saved);
    history.replaceState(null, '', `#/traffic${saved === '' ? '' : `?${saved}`}`);
    clearButton.hidden = saved === '';
  }

  function changed() {
    save();
    onChange();
  }

  function clear() {
    for (const input of inputs.values()) input.value = '';
    changed();
  }

  for (const [name, value] of new URLSearchParams(address || localStorage.getItem(SAVED) || '')) {
    const input = inputs.get(name);
    if (input !== undefined) input.value = value;
  }
  save();
  return { element, clearButton, clear, query: () => new URLSearchParams(wanted(Object.fromEntries(values()))) };
}

/** The parameters of the control interface. */
function wanted({ service, method, outcome, code, ...others }) {
  const isBad = outcome === 'not ok';
  const all = { service: part(service), method: part(method), outcome: isBad ? undefined : outcome, status: isBad ? 'failed' : code, ...others };
  return Object.entries(all).filter(([, value]) => value !== undefined);
}

/** A text without a `*` matches anywhere in a name. */
function part(text) {
  return text === undefined || text.includes('*') ? text : `*${text}*`;
}

function inputOf({ name, placeholder, choices, type = 'text' }, onChange) {
  const id = `filter-${name}`;
  if (choices === undefined) return h('input', { id, type, placeholder, min: type === 'number' ? 0 : null, oninput: onChange, autocomplete: 'off' });
  return h(
    'select',
    { id, onchange: onChange },
    choices.map((choice) => h('option', { value: choice }, { '': 'any', unseen: 'not observed' }[choice] ?? choice)),
  );
}

/** Whether the summary of a request matches the filters. */
export function matches(query, request) {
  const asked = (name) => query.get(name) ?? '';
  const { service, method, xid, durationMs, client, listener, worker, to } = request;
  if (!fits(asked('service'), service) || !fits(asked('method'), method)) return false;
  if (asked('xid') !== '' && asked('xid') !== xid) return false;
  if (asked('outcome') !== '' && asked('outcome') !== request.outcome) return false;
  const slowerThan = Number(asked('slowerThan'));
  if (slowerThan > 0 && !(durationMs !== null && durationMs > slowerThan)) return false;
  return [client, listener, worker, to].some((jid) => jid.includes(asked('jid'))) && statusFits(asked('status'), request);
}

function statusFits(status, request) {
  if (status === '') return true;
  return status === 'failed' ? isFailure(request) : status === String(request.statusCode);
}

function fits(wanted, name) {
  if (wanted.startsWith('*')) return name.includes(wanted.replaceAll('*', ''));
  return wanted === '' || (wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted);
}
