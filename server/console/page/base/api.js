// The control interface of docs/control.md. The token comes from the fragment of the address; this tab keeps it and sends it in a header only.

const TOKEN = 'opensrf-chopchop-token';
const RETRY_MS = 1_000;
/** The page explains a connection attempt that takes longer. */
const SLOW_MS = 4_000;
const HIDDEN_MS = 3_000;
/** The time-out of a query. */
const PATIENCE_MS = 15_000;

let token = sessionStorage.getItem(TOKEN) ?? '';

/** Removes the token from the visible address and keeps it. */
export function takeTokenFromAddress() {
  const found = /^#token=([^&]+)/.exec(location.hash);
  if (found === null) return;
  useToken(decodeURIComponent(found[1]));
  history.replaceState(null, '', '#/connections');
}

/** @param text A token, or the console's whole address. */
export function useToken(text) {
  token = /#token=([^&\s]+)/.exec(text)?.[1] ?? text.trim();
  sessionStorage.setItem(TOKEN, token);
}

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** @returns the answer's JSON. @throws ApiError; its status is 0 if there is no answer. */
export async function api(path, method = 'GET', body = undefined) {
  const signal = method === 'GET' ? AbortSignal.timeout(PATIENCE_MS) : undefined;
  const response = await fetched(path, { method, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  try {
    return await response.json();
  } catch {
    throw new ApiError(0, 'the answer of the server is incomplete');
  }
}

async function fetched(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' } });
  } catch {
    throw new ApiError(0, 'the server does not answer');
  }
  if (response.ok) return response;
  const { error } = await response.json().catch(() => ({ error: response.statusText }));
  throw new ApiError(response.status, error);
}

/**
 * Listens to live events forever and reconnects whenever the stream ends. Disconnects while the page is hidden: a browser opens six connections to a server for all
 * tabs together, and the server observes less without listeners.
 * @param onEvent `(name, data)`. @param onState Called with `connecting`, `slow`, `live`, `lost`, `refused` (a new token is needed) or `hidden`.
 */
export async function listen(path, onEvent, onState) {
  for (;;) {
    if (document.visibilityState === 'hidden') {
      onState('hidden');
      await becomesVisible();
      onState('connecting');
    }
    const state = await listenOnce(path, onEvent, onState);
    if (document.visibilityState === 'hidden') continue;
    onState(state);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** @returns `lost` or `refused`. */
async function listenOnce(path, onEvent, onState) {
  // An unread stream would keep one of the browser's few connections to the server.
  const abort = new AbortController();
  const slow = setTimeout(() => onState('slow'), SLOW_MS);
  const end = whenHidden(() => abort.abort());
  try {
    const response = await fetched(path, { signal: abort.signal });
    clearTimeout(slow);
    await onState('live');
    await readEvents(response.body.getReader(), onEvent);
    return 'lost';
  } catch (error) {
    return error.status === 401 || error.status === 403 ? 'refused' : 'lost';
  } finally {
    clearTimeout(slow);
    end();
    abort.abort();
  }
}

/** Calls an action when the page has been hidden for {@link HIDDEN_MS}, so that a brief switch to another tab changes nothing. @returns A function that cancels. */
function whenHidden(action) {
  let timer = null;
  const changed = () => {
    clearTimeout(timer);
    timer = document.visibilityState === 'hidden' ? setTimeout(action, HIDDEN_MS) : null;
  };
  document.addEventListener('visibilitychange', changed);
  changed();
  return () => {
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', changed);
  };
}

function becomesVisible() {
  return new Promise((resolve) => {
    const changed = () => {
      if (document.visibilityState === 'hidden') return;
      document.removeEventListener('visibilitychange', changed);
      resolve();
    };
    document.addEventListener('visibilitychange', changed);
  });
}

async function readEvents(reader, onEvent) {
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (text + decoder.decode(value, { stream: true })).split('\n\n');
    text = blocks.pop();
    for (const block of blocks) {
      const found = /^event: (.*)\ndata: (.*)$/.exec(block);
      if (found !== null) onEvent(found[1], JSON.parse(found[2]));
    }
  }
}
