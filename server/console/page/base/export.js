// Exports requests as a command line, a recording (`--replay`) or a file of stubs (`--stubs`). Pure functions.

import { bareJid } from './format.js';

/**
 * A command line that repeats a request. Behind the `--` nothing is an option: a peer may call a service or method `--host=evil`.
 * @param c2s The server's addresses for logins.
 */
export function asCommand({ service, method, client, type }, { params }, c2s) {
  const domain = bareJid(client).split('@').at(-1);
  const words = [service, type === 'CONNECT' ? 'METHOD' : method, ...parametersOf(params)];
  return ['opensrf-chopchop', 'request', ...place(c2s), `--domain=${domain}`, '--', ...words].map(quoted).join(' ');
}

/** The options for the first address; none if it is the default. */
function place([first]) {
  if (first === undefined) return [];
  const { host, port } = first;
  const isDefault = host === '127.0.0.1' || host === '0.0.0.0' || host === '::';
  return [...(isDefault ? [] : [`--host=${host}`]), `--port=${port}`];
}

function parametersOf(params) {
  const values = valuesOf(params);
  return values === null ? [params.redacted ? 'REDACTED' : 'TOO_LONG'] : values.map((value) => JSON.stringify(value));
}

/** For a POSIX shell. */
function quoted(word) {
  return /^[\w./:@=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The values of a payload; null if it is truncated or redacted. */
function valuesOf({ json, length, redacted }) {
  return redacted || length > json.length ? null : JSON.parse(json);
}

/** One line of JSON per request, as `--record` writes it. Omits truncated payloads. */
export function asRecording(entries) {
  return entries.map((entry) => `${JSON.stringify(recorded(entry))}\n`).join('');
}

function recorded({ summary, detail }) {
  const { at, xid, client, to, service, type, method, worker, durationMs, state, statusCode, status } = summary;
  const params = valuesOf(detail.params) ?? '**PARAMS REDACTED**';
  const results = valuesOf(detail.results) ?? [];
  return {
    time: new Date(at).toISOString(),
    xid,
    from: client,
    to,
    service,
    type,
    method,
    params,
    worker,
    ms: durationMs ?? 0,
    state,
    statusCode,
    status,
    results,
  };
}

/** One YAML document per service; each method answers the parameters of the observed requests. Omits requests with truncated payloads. */
export function asStubs(entries) {
  const services = new Map();
  for (const { summary, detail } of [...entries].reverse()) {
    const one = stubCase(summary, detail);
    if (one === null) continue;
    const methods = services.get(summary.service) ?? new Map();
    const cases = methods.get(summary.method) ?? new Map();
    services.set(summary.service, methods.set(summary.method, cases.set(JSON.stringify(one.params), one)));
  }
  const documents = Array.from(services, ([service, methods]) => stubDocument(service, methods));
  return documents.join('---\n');
}

function stubCase({ type, service, state, statusCode, status }, detail) {
  const params = valuesOf(detail.params);
  const results = valuesOf(detail.results);
  if (type !== 'REQUEST' || service === '' || service === 'router' || params === null || results === null) return null;
  if (state === 'complete') return results.length === 1 ? { params, result: results[0] } : { params, results };
  return state === 'refused' && statusCode >= 300 ? { params, results, status: statusCode, text: status } : null;
}

/** JSON is YAML; one line per case stays readable and editable. @param methods The cases of each, in a Map. */
export function stubDocument(service, methods) {
  const lines = Array.from(methods, ([method, cases]) => {
    const list = Array.from(cases.values(), (one) => `    - ${JSON.stringify(one)}\n`).join('');
    return `  ${JSON.stringify(method)}:\n${list}`;
  });
  return `service: ${JSON.stringify(service)}\nmethods:\n${lines.join('')}`;
}

/**
 * A sequence diagram as text for Mermaid.
 * @param participants `{jid, role}`. @param steps `{from, to, label, failed}`.
 */
export function asMermaid(participants, steps) {
  const names = new Map(participants.map(({ jid }, index) => [jid, `p${index}`]));
  const people = participants.map(({ jid, role }) => `  participant ${names.get(jid)} as ${plain(`${role} ${jid}`)}\n`);
  const arrows = steps.map(({ from, to, label, failed }) => `  ${names.get(from)}${failed ? '-x' : '->>'}${names.get(to)}: ${plain(label)}\n`);
  return `sequenceDiagram\n${people.join('')}${arrows.join('')}`;
}

/** Mermaid ends a line at `;`, and reads `#` and `<` as markup. */
function plain(text) {
  return text.replace(/[#;<>&]/g, (one) => `#${one.charCodeAt(0)};`).replace(/\s+/g, ' ');
}
