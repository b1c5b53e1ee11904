import type { IncomingMessage, ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { jsonProblem, parseJson, writeJson } from '../../shared/osrf/json.ts';

/** A call of the control interface. */
export interface Call {
  /** The parts of the path that match the route's `*`, decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  /** The header `Accept`; `''`: none. */
  readonly accept: string;
  /** The parsed JSON; undefined without a body. */
  readonly body: unknown;
}

/** The answer to a call. */
export type Reply =
  | { readonly kind: 'json'; readonly status: number; readonly value: unknown }
  | { readonly kind: 'content'; readonly status: number; readonly type: string; readonly content: string | Buffer }
  /** Compressed content; a client that does not accept it gets it decompressed. @property policy An additional Content-Security-Policy directive, or `''`. */
  | { readonly kind: 'gzip'; readonly status: number; readonly type: string; readonly content: Buffer; readonly policy: string }
  /** Lasts until the caller disconnects. */
  | { readonly kind: 'stream'; readonly type: string; start(response: ServerResponse): void };

export function json(value: unknown, status = 200): Reply {
  return { kind: 'json', status, value };
}

/** @param text Finished JSON. */
export function jsonText(text: string): Reply {
  return { kind: 'content', status: 200, type: JSON_TYPE, content: `${text}\n` };
}

/** An error answer with one sentence. */
export function problem(status: number, error: string): Reply {
  return json({ error }, status);
}

/** A method and path with its handler. A `*` in the path matches any one part. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** Whether it needs no token. */
  readonly open?: boolean;
  handle(call: Call): Reply | Promise<Reply>;
}

/** The route of a call with the parts of the path that match its `*`, or an error. */
export type Found = { readonly route: Route; readonly path: readonly string[] } | { readonly status: 400 | 404 | 405; readonly reason: string };

export function findRoute(routes: readonly Route[], method: string, pathname: string): Found {
  const parts = pathname.split('/').map(decoded);
  if (parts.includes(null)) return { status: 400, reason: 'the path is not a valid URL' };
  const there = routes.flatMap((route) => {
    const path = matched(route.path.split('/'), parts as string[]);
    return path === null ? [] : [{ route, path }];
  });
  if (there.length === 0) return { status: 404, reason: 'not found; see docs/control.md' };
  const found = there.find(({ route }) => route.method === method || (method === 'HEAD' && route.method === 'GET'));
  return found ?? { status: 405, reason: `method not allowed; use ${there.map(({ route }) => route.method).join(' or ')}` };
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

function matched(pattern: readonly string[], parts: readonly string[]): string[] | null {
  if (pattern.length !== parts.length || !pattern.every((part, index) => part === '*' || part === parts[index])) return null;
  return parts.filter((_, index) => pattern[index] === '*');
}

/** The largest body of a call. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** @returns the parsed JSON, or an error. */
export async function readBody(request: IncomingMessage): Promise<{ readonly body: unknown } | { readonly status: 400 | 413 | 415; readonly reason: string }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return { status: 413, reason: `the body has more than ${MAX_BODY_BYTES} bytes` };
    chunks.push(chunk);
  }
  if (bytes === 0) return { body: undefined };
  // A form on a foreign page could send other types without a preflight request.
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return { status: 415, reason: 'the body must be application/json' };
  const text = Buffer.concat(chunks).toString('utf8');
  const body = parseJson(text);
  return body === undefined ? { status: 400, reason: `the body is ${jsonProblem(text)}` } : { body };
}

// The page loads nothing from other hosts, allows no framing and runs only its own script files, so message content cannot run as a script.
const POLICY = 'Content-Security-Policy';
const HEADERS = {
  [POLICY]:
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
} as const;

/** RFC 9110 §12.5.3: gzip is listed, with no weight of zero. */
const ACCEPTS_GZIP = /(?:^|,)\s*gzip\s*(?:,|$|;(?!\s*q=0(?:\.0*)?\s*(?:,|$)))/i;

const JSON_TYPE = 'application/json; charset=utf-8';
const TOO_LONG = '{"error":"the answer is too long: ask for less"}\n';

export function send(response: ServerResponse, reply: Reply): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  switch (reply.kind) {
    case 'json': {
      const text = writeJson(reply.value);
      if (text === undefined) finish(response, 500, JSON_TYPE, TOO_LONG);
      else finish(response, reply.status, JSON_TYPE, `${text}\n`);
      return;
    }
    case 'content':
      finish(response, reply.status, reply.type, reply.content);
      return;
    case 'gzip': {
      if (reply.policy !== '') response.setHeader(POLICY, `${HEADERS[POLICY]}; ${reply.policy}`);
      response.setHeader('Vary', 'Accept-Encoding');
      const accepted = ACCEPTS_GZIP.test(String(response.req.headers['accept-encoding'] ?? ''));
      if (accepted) response.setHeader('Content-Encoding', 'gzip');
      finish(response, reply.status, reply.type, accepted ? reply.content : gunzipSync(reply.content));
      return;
    }
    case 'stream':
      response.writeHead(200, { 'Content-Type': reply.type });
      if (response.req.method === 'HEAD') response.end();
      else reply.start(response);
  }
}

function finish(response: ServerResponse, status: number, type: string, content: string | Buffer): void {
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(content) });
  response.end(content);
}
