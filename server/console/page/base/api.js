// The control interface, as docs/control.md has it. The token comes behind the # of the address, is kept for this tab, and goes into a header and nowhere else.

const TOKEN = 'opensrf-chopchop-token';
const RETRY_MS = 1_000;
/** Whoever has waited so long wants to know why. */
const SLOW_MS = 4_000;
const HIDDEN_MS = 3_000;
/** A question that was not answered by then is given up. */
const PATIENCE_MS = 15_000;

let token = sessionStorage.getItem(TOKEN) ?? '';

/** Takes the token out of the address, so that it does not stay in sight. */
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

/** @returns what was answered. @throws ApiError; its status is 0 where nobody answers. */
export async function api(path, method = 'GET', body = undefined) {
  const signal = method === 'GET' ? AbortSignal.timeout(PATIENCE_MS) : undefined;
  const response = await fetched(path, { method, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  try {
    return await response.json();
  } catch {
    throw new ApiError(0, 'the server broke off');
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
 * Listens to the live part for ever, and connects again whenever that has ended; but not while nobody sees the page: a browser makes six connections to a server
 * for all its tabs together, and the server need not look for those who do not.
 * @param onEvent `(name, data)`. @param onState Called with `connecting`, `slow`, `live`, `lost`, `refused` or `hidden`; when it is refused, a new token is needed.
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

/** @returns how it ended. */
async function listenOnce(path, onEvent, onState) {
  // A stream that nobody reads any more would keep one of the few connections that a browser makes to a server.
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

/** Who only looks at another tab for a moment finds everything as it was. @returns what ends that. */
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
