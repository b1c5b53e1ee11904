// The control interface, as docs/control.md has it. The token comes behind the # of the address, is kept for this tab, and goes into a header and nowhere else.

const TOKEN = 'opensrf-chopchop-token';
const RETRY_MS = 1_000;

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
  const response = await fetched(path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  return await response.json();
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
 * Listens to the live part for ever, and connects again whenever that has ended.
 * @param onEvent `(name, data)`. @param onState Called with `live`, `lost` or `refused`; when it is refused, a new token is needed.
 */
export async function listen(path, onEvent, onState) {
  for (;;) {
    // A stream that nobody reads any more would keep one of the few connections that a browser makes to a server.
    const abort = new AbortController();
    try {
      const response = await fetched(path, { signal: abort.signal });
      await onState('live');
      await readEvents(response.body.getReader(), onEvent);
      onState('lost');
    } catch (error) {
      onState(error.status === 401 || error.status === 403 ? 'refused' : 'lost');
    }
    abort.abort();
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
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
