// A form that sends a request and shows the answer. The services list their own methods.

import { api } from '../base/api.js';
import { button, h, keyed, setText } from '../base/dom.js';
import { ms } from '../base/format.js';
import { on, refreshPicture, store } from '../base/store.js';
import { payloadPanel } from './payload.js';

const INTROSPECTION = 'opensrf.system.method.all';

export function tryView() {
  const services = h('datalist', { id: 'try-services' });
  const methods = h('datalist', { id: 'try-methods' });
  const service = h('input', {
    id: 'try-service',
    list: 'try-services',
    required: true,
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: 'opensrf.math',
    onchange: introspect,
  });
  const method = h('input', {
    id: 'try-method',
    list: 'try-methods',
    required: true,
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: 'add',
    oninput: describe,
  });
  const domain = h('select', { id: 'try-domain', onchange: introspect });
  const params = h('textarea', {
    id: 'try-params',
    class: 'mono',
    rows: '6',
    spellcheck: 'false',
    placeholder: '2\n2',
    'aria-describedby': 'try-hint try-wrong',
  });
  const hint = h('p', { id: 'try-hint', class: 'quiet' }, 'JSON: one parameter per line, or one array. Strings need quotes.');
  const wrong = h('p', { id: 'try-wrong', class: 'why', role: 'alert' });
  const about = h('p', { class: 'quiet', role: 'status' });
  const send = button('Send', submit, { class: 'primary', type: 'submit' });
  const answer = h(
    'div',
    { class: 'answer', 'aria-live': 'polite' },
    h('div', { class: 'card empty' }, h('p', {}, 'The answer appears here.'), h('p', {}, 'Ctrl+Enter sends.')),
  );
  const form = h(
    'form',
    { class: 'card block', 'aria-label': 'Request', onsubmit: submit, onkeydown: (event) => event.key === 'Enter' && event.ctrlKey && submit(event) },
    services,
    methods,
    labelled('Domain', domain),
    labelled('Service', service),
    labelled('Method', method),
    about,
    labelled('Parameters', params),
    hint,
    wrong,
    h('div', { class: 'row' }, send),
  );
  const element = h('div', {}, h('div', { class: 'head' }, h('h2', {}, 'Try a request')), h('div', { class: 'try' }, form, answer));
  let described = new Map();

  function fillLists() {
    const names = new Set(store.routers.flatMap(({ services: registered }) => registered.map((one) => one.service)));
    keyed(
      domain,
      store.server?.domains ?? [],
      (name) => name,
      (name, old) => old ?? h('option', { value: name }, name),
    );
    keyed(
      services,
      [...names].sort(),
      (name) => name,
      (name, old) => old ?? h('option', { value: name }),
    );
    // Preselect the domain whose router has the most services.
    if (service.value === '' && domain.dataset.chosen === undefined) {
      const best = [...store.routers].sort((a, b) => b.services.length - a.services.length)[0];
      if (best !== undefined) domain.value = best.domain;
    }
  }

  async function introspect() {
    domain.dataset.chosen = 'yes';
    described = new Map();
    const registered = store.routers.some((one) => one.domain === domain.value && one.services.some(({ service: name }) => name === service.value));
    if (registered) described = await methodsOf(service.value, domain.value);
    keyed(
      methods,
      [...described.keys()].sort(),
      (name) => name,
      (name, old) => old ?? h('option', { value: name }),
    );
    describe();
  }

  function describe() {
    const found = described.get(method.value);
    if (found === undefined) setText(about, described.size === 0 ? '' : `${described.size} methods`);
    else
      setText(
        about,
        [parameterCount(found.argc ?? 0), found.stream ? 'a stream of results' : '', found.desc ?? found.notes ?? ''].filter((part) => part !== '').join(' · '),
      );
  }

  async function submit(event) {
    event.preventDefault();
    const values = parse(params.value);
    setText(wrong, typeof values === 'string' ? values : '');
    if (typeof values === 'string' || !form.reportValidity()) return;
    send.disabled = true;
    answer.replaceChildren(h('div', { class: 'card empty' }, h('p', {}, 'Waiting for the answer…')));
    try {
      const report = await api('/api/v1/call', 'POST', { service: service.value, method: method.value, params: values, domain: domain.value });
      answer.replaceChildren(...answered(report));
    } catch (error) {
      answer.replaceChildren(h('div', { class: 'card block' }, h('p', { class: 'why' }, error.message)));
    }
    send.disabled = false;
  }

  void refreshPicture().then(introspectIfEmpty);
  function introspectIfEmpty() {
    fillLists();
    const [only, ...others] = services.children;
    if (service.value !== '' || only === undefined || others.length > 0) return;
    service.value = only.value;
    void introspect();
  }
  fillLists();
  const ends = [on('picture', fillLists)];
  return {
    element,
    close() {
      for (const end of ends) end();
    },
  };
}

function parameterCount(count) {
  return `${count} parameter${count === 1 ? '' : 's'}`;
}

function labelled(label, input) {
  return h('div', { class: 'field' }, h('label', { for: input.id }, label), input);
}

async function methodsOf(service, domain) {
  try {
    const { results } = await api('/api/v1/call', 'POST', { service, method: INTROSPECTION, params: [], domain, timeoutMs: 5_000 });
    return new Map(
      results
        .flat()
        .filter((one) => typeof one?.api_name === 'string')
        .map((one) => [one.api_name, one]),
    );
  } catch {
    return new Map();
  }
}

/** @returns the parameters, or an error message. */
function parse(text) {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const whole = parseJson(trimmed);
  if (Array.isArray(whole.value)) return whole.value;
  const values = [];
  for (const [index, line] of trimmed.split('\n').entries()) {
    if (line.trim() === '') continue;
    const { value, error } = parseJson(line);
    if (error !== undefined) return whole.error === undefined ? [whole.value] : `Line ${index + 1} is not JSON: ${error}`;
    values.push(value);
  }
  return values;
}

function parseJson(text) {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { error: error.message };
  }
}

function answered({ results, error, from, ms: took, client }) {
  const json = JSON.stringify(results);
  const way = button('Show sequence', () => void showSequence(client), { class: 'link' });
  const head = h(
    'div',
    { class: 'card block' },
    h(
      'div',
      { class: 'row wrap' },
      h('span', { class: `badge ${error === null ? 'ok' : 'bad'}` }, error === null ? 'complete' : `failed ${error.statusCode || ''}`),
      h('span', { class: 'took' }, ms(took)),
      h('span', { class: 'spring' }),
      way,
    ),
    error === null ? null : h('p', { class: 'why' }, error.text),
    from === '' ? null : h('p', { class: 'mono quiet' }, `answered by ${from}`),
  );
  return [head, payloadPanel('Results', { json, length: json.length, redacted: false })];
}

/** Finds the request by its client, whose JID is unique. */
async function showSequence(client) {
  const { requests } = await api(`/api/v1/requests?jid=${encodeURIComponent(client)}&limit=1`);
  if (requests.length > 0) location.hash = `#/request/${requests[0].id}`;
}
