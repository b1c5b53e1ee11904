// What the console knows, and who wants to hear of it.

import { api, listen } from './api.js';

/** As many requests as the server remembers. */
const MAX_REQUESTS = 5_000;
const MAX_SAMPLES = 300;

export const store = {
  /** `connecting`, `live`, `lost` or `refused`. */
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

function tell(topic, news) {
  for (const listener of listeners.get(topic) ?? []) listener(news);
}

export function start() {
  void listen(`/api/v1/events?past=${MAX_REQUESTS}`, happened, stateChanged);
}

/** Reads anew who is connected. Views that show it ask for that now and then; all else comes by itself. */
export async function refreshPicture() {
  try {
    const [{ routers }, { sessions, total }] = await Promise.all([api('/api/v1/routers'), api('/api/v1/sessions')]);
    Object.assign(store, { routers, sessions, sessionTotal: total });
    tell('picture');
  } catch {
    // The live part finds out and says so.
  }
}

async function stateChanged(state) {
  if (state === 'live') await connected();
  if (state === store.state) return;
  store.state = state;
  tell('state');
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
  Object.assign(store, { unseen, leftOut });
  tell('requests', requests);
  tell('steps', steps);
  if (came.length > 0 || left.length > 0) tell('sessions');
}

function sampled(sample) {
  store.samples = [...store.samples, sample].slice(-MAX_SAMPLES);
  tell('health');
}
