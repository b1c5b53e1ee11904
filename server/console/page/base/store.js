// The console's data, and the subscriptions to its changes.

import { ApiError, api, listen } from './api.js';

/** The number of requests that the server remembers. */
const MAX_REQUESTS = 5_000;
const MAX_SAMPLES = 300;
/** The page catches up after this long without a lost event. */
const CALM_MS = 2_000;

export const store = {
  /**
   * `connecting`; `slow`: connecting takes long; `live`; `behind`: events arrive, but queries fail; `lost`; `refused`; `hidden`: the page is not visible.
   */
  state: 'connecting',
  server: null,
  /** The names of the fields of Evergreen's classes. */
  idl: {},
  routers: [],
  sessions: [],
  sessionTotal: 0,
  /** Outcomes and latencies, by service. */
  services: [],
  /** By number, in the order of arrival. */
  requests: new Map(),
  samples: [],
  unseen: 0,
  leftOut: 0,
  /** How many of these the page has made good by a query. */
  madeGood: 0,
};

const listeners = new Map();

/** Topics: `state`, `picture` (routers, sessions, outcomes by service), `requests` (new or changed ones), `steps`, `health`. @returns A function that unsubscribes. */
export function on(topic, listener) {
  const set = listeners.get(topic) ?? new Set();
  listeners.set(topic, set.add(listener));
  return () => set.delete(listener);
}

/** An error in one view affects neither the others nor the connection. */
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

/** Reloads routers, sessions and outcomes by service. Views that show them poll this; everything else arrives as events. */
export async function refreshPicture() {
  await upToDate(async () => {
    const { routers, sessions, total, services } = await api('/api/v1/picture');
    Object.assign(store, { routers, sessions, sessionTotal: total, services });
    tell('picture');
  });
}

/** Runs a query. If it fails, the page shows that it is behind until a query succeeds again. */
export async function upToDate(refresh) {
  try {
    await refresh();
    if (store.state === 'behind') setState('live');
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // A lost connection takes precedence.
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
  // A new process numbers its requests from 1 again.
  if (store.server?.pid !== server.pid || store.server.startedAt !== server.startedAt) store.requests.clear();
  Object.assign(store, { server, samples });
  tell('requests', []);
  tell('health');
  if (server.idl !== null) void upToDate(loadIdl);
  await refreshPicture();
}

async function loadIdl() {
  store.idl = (await api('/api/v1/idl')).classes;
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

/** A lost event may have been the end of a request, which would stay open here forever. */
function catchUpSoon() {
  clearTimeout(calm);
  calm = setTimeout(() => void upToDate(catchUp), CALM_MS);
}

async function catchUp() {
  const { leftOut } = store;
  const { requests } = await api(`/api/v1/requests?limit=${MAX_REQUESTS}`);
  store.madeGood = leftOut;
  for (const request of requests) store.requests.set(request.id, request);
  store.requests = new Map([...store.requests].sort(([a], [b]) => a - b).slice(-MAX_REQUESTS));
  tell('requests', requests.reverse());
}

function sampled(sample) {
  store.samples = [...store.samples, sample].slice(-MAX_SAMPLES);
  tell('health');
}
