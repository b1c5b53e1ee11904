// The filters of the traffic view. The server filters past requests, by parameters and results too; this file filters new requests by the same rules.

import { h } from './dom.js';
import { isFailure } from './format.js';

/** States, and the status codes of OpenSRF's programs. */
const STATES = ['failed', 'open', 'complete', 'refused', 'bounced', 'abandoned', 'forgotten'];
const CODES = ['205', '400', '401', '403', '404', '408', '417', '500', '503'];
const STATUSES = ['', ...STATES, ...CODES];

const FIELDS = [
  { name: 'service', label: 'Service', placeholder: 'opensrf.math' },
  { name: 'method', label: 'Method', placeholder: 'add, or op*' },
  { name: 'status', label: 'Status', choices: STATUSES },
  { name: 'jid', label: 'JID', placeholder: 'part of a JID' },
  { name: 'xid', label: 'xid', placeholder: 'exact' },
  { name: 'slowerThan', label: 'Slower than', placeholder: 'ms', type: 'number' },
];

/** @returns `{element, query}`. @param onChange Called when the user changes a filter. */
export function filterBar(onChange) {
  const inputs = new Map(FIELDS.map((field) => [field.name, inputOf(field, onChange)]));
  const text = h('input', {
    type: 'search',
    id: 'filter-text',
    placeholder: 'Search all text  ( / )',
    'aria-label': 'Search names, parameters and results',
    oninput: onChange,
  });
  inputs.set('text', text);
  const element = h(
    'form',
    { class: 'filters', 'aria-label': 'Filters', onsubmit: (event) => event.preventDefault() },
    h('div', { class: 'field wide' }, h('label', { for: 'filter-text' }, 'Text'), text),
    FIELDS.map(({ name, label }) => h('div', { class: 'field' }, h('label', { for: `filter-${name}` }, label), inputs.get(name))),
  );
  const query = () => new URLSearchParams([...inputs].filter(([, input]) => input.value.trim() !== '').map(([name, input]) => [name, input.value.trim()]));
  return { element, query };
}

function inputOf({ name, placeholder, choices, type = 'text' }, onChange) {
  const id = `filter-${name}`;
  if (choices === undefined) return h('input', { id, type, placeholder, min: type === 'number' ? 0 : null, oninput: onChange, autocomplete: 'off' });
  return h(
    'select',
    { id, onchange: onChange },
    choices.map((choice) => h('option', { value: choice }, choice || 'any')),
  );
}

/** Whether the summary of a request matches the filters. */
export function matches(query, request) {
  const wanted = (name) => query.get(name) ?? '';
  const { service, method, xid, durationMs, client, listener, worker, to } = request;
  if (!fits(wanted('service'), service) || !fits(wanted('method'), method)) return false;
  if (wanted('xid') !== '' && wanted('xid') !== xid) return false;
  const slowerThan = Number(wanted('slowerThan'));
  if (slowerThan > 0 && !(durationMs !== null && durationMs > slowerThan)) return false;
  return [client, listener, worker, to].some((jid) => jid.includes(wanted('jid'))) && statusFits(wanted('status'), request);
}

function statusFits(wanted, request) {
  if (wanted === '') return true;
  return wanted === 'failed' ? isFailure(request) : wanted === request.state || wanted === String(request.statusCode);
}

function fits(wanted, name) {
  return wanted === '' || (wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted);
}
