// Formats numbers, times and addresses.

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

export function bytes(count) {
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${rounded(value)} ${UNITS[unit]}`;
}

export function number(count) {
  return count.toLocaleString('en');
}

/** A duration in milliseconds. */
export function ms(value) {
  if (value === null || value === undefined) return '…';
  if (value >= 60_000) return `${rounded(value / 60_000)} min`;
  if (value >= 1_000) return `${rounded(value / 1_000)} s`;
  return `${rounded(value)} ms`;
}

function rounded(value) {
  if (value >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en');
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** The time of day, with milliseconds. */
export function clock(at) {
  const date = new Date(at);
  const two = (part) => String(part).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** The time since then. */
export function since(at, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`;
}

export function bareJid(jid) {
  const slash = jid.indexOf('/');
  return slash === -1 ? jid : jid.slice(0, slash);
}

export function resource(jid) {
  return jid.slice(bareJid(jid).length + 1);
}

/** A resource without the prefix that all programs of the service share. */
export function shortName(jid, service = '') {
  const name = resource(jid) || jid;
  const prefix = service === '' ? '' : `${service}_`;
  return name.startsWith(prefix) && name.length > prefix.length ? name.slice(prefix.length) : name;
}

/** The service and the rest of a request's name. Most methods repeat the name of their service, which the console shows once. */
export function nameParts({ service, method, type }) {
  const name = method || type;
  return name.startsWith(`${service}.`) ? [service, name.slice(service.length)] : [service, ` ${name}`];
}

/** The outcome of a request, in a word or two. */
export function outcome(request) {
  if (request.outcome === 'unseen') return 'not observed';
  return isFailure(request) && request.statusCode !== 0 ? `${request.outcome} ${request.statusCode}` : request.outcome;
}

/** Whether something went wrong. */
export function isFailure({ outcome: word }) {
  return word === 'failed' || word === 'refused' || word === 'lost';
}

/** The beginning of a payload, for a label of the diagram. */
export function brief({ json, redacted }, length = 28) {
  if (redacted) return 'redacted';
  const inner = json.startsWith('[') ? json.slice(1, json.endsWith(']') ? -1 : undefined) : json;
  return inner.length > length ? `${inner.slice(0, length - 1)}…` : inner;
}
