// What the console knows, and who wants to hear of it.

import { ApiError, api, listen } from './api.js';

/** As many requests as the server remembers. */
const MAX_REQUESTS = 5_000;
const MAX_SAMPLES = 300;
/** When events have not reached us for so long without a break, what they told is asked for. */
const CALM_MS = 2_000;

export const store = {
  /**
   * `connecting`, and `slow` when that takes long; `live`; `behind`, live but for what has to be asked for; `lost`; `refused`; `hidden`, because nobody sees the
   * page.
   */
  state: 'connecting',
  server: null,
  routers: [],
  sessions: [],
  sessionTotal: 0,
  /** By number, in the order in which they became known. */
  requests: new Map(),
  samples: [],
  unseen: 0,
  leftOut: 0,
};

const listeners = new Map();

/** Topics: `state`, `picture` (routers and sessions), `requests` (those that are new or have changed), `steps`, `health`. @returns what ends that. */
export function on(topic, listener) {
  const set = listeners.get(topic) ?? new Set();
  listeners.set(topic, set.add(listener));
  return () => set.delete(listener);
}

/** A mistake in one view is not the others', and is no loss of the connection. */
function tell(topic, news) {
  for (const listener of listeners.get(topic) ?? []) {
    try {
      listener(news);
    } catch (error) {
      reportError(error);
    }
  }
}

export function start() {
  void listen(`/api/v1/events?past=${MAX_REQUESTS}`, happened, stateChanged);
}

/** Reads anew who is connected. Views that show it ask for that now and then; all else comes by itself. */
export async function refreshPicture() {
  await upToDate(async () => {
    const [{ routers }, { sessions, total }] = await Promise.all([api('/api/v1/routers'), api('/api/v1/sessions')]);
    Object.assign(store, { routers, sessions, sessionTotal: total });
    tell('picture');
  });
}

/** Asks for what does not come by itself. Where that fails, the page is behind, and says so, until it succeeds again. */
export async function upToDate(refresh) {
  try {
    await refresh();
    if (store.state === 'behind') setState('live');
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // While there is no connection at all, that is what counts.
    if (store.state === 'live') setState('behind');
  }
}

function setState(state) {
  if (state === store.state) return;
  store.state = state;
  tell('state');
}

async function stateChanged(state) {
  if (state === 'live') await connected();
  setState(state);
}

async function connected() {
  const server = await api('/api/v1/server');
  const { samples } = await api('/api/v1/health');
  // Another process counts its requests from 1 again.
  if (store.server?.pid !== server.pid || store.server.startedAt !== server.startedAt) store.requests.clear();
  Object.assign(store, { server, samples });
  tell('requests', []);
  tell('health');
  await refreshPicture();
}

function happened(name, data) {
  if (name === 'trace') traced(data);
  else if (name === 'health') sampled(data);
}

function traced({ requests, steps, came, left, unseen, leftOut }) {
  for (const request of requests) store.requests.set(request.id, request);
  for (const id of store.requests.keys()) {
    if (store.requests.size <= MAX_REQUESTS) break;
    store.requests.delete(id);
  }
  if (leftOut > store.leftOut) catchUpSoon();
  Object.assign(store, { unseen, leftOut });
  tell('requests', requests);
  tell('steps', steps);
  if (came.length > 0 || left.length > 0) tell('sessions');
}

let calm = null;

/** What was left out may have been the end of a request that would stay open here for ever. */
function catchUpSoon() {
  clearTimeout(calm);
  calm = setTimeout(() => void upToDate(catchUp), CALM_MS);
}

async function catchUp() {
  const { requests } = await api(`/api/v1/requests?limit=${MAX_REQUESTS}`);
  for (const request of requests) store.requests.set(request.id, request);
  store.requests = new Map([...store.requests].sort(([a], [b]) => a - b).slice(-MAX_REQUESTS));
  tell('requests', requests.reverse());
}

function sampled(sample) {
  store.samples = [...store.samples, sample].slice(-MAX_SAMPLES);
  tell('health');
}
