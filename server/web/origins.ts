import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from '../kernel/loopback.ts';
import type { WebRequest } from './door.ts';

/** Any page may use the server. */
export const ANY_ORIGIN = '*';

/** The answer to a page whose origin is refused. */
export const FOREIGN_ORIGIN = 'Pages of this origin may not use this server: see --web-origin (and --websocket-origin).';

/** The pages that may use the server from within a browser. */
export interface AllowedOrigins {
  /** `SCHEME://HOST[:PORT]`, or {@link ANY_ORIGIN}; empty: this server's and this machine's origins. */
  readonly origins: readonly string[];
  /** OpenSRF's `<cross_origin>`: `HOST[:PORT]` of either scheme, or {@link ANY_ORIGIN}. */
  readonly crossOrigins: readonly string[];
  /** The served domains. */
  readonly domains: readonly string[];
}

/**
 * Whether a page may open a WebSocket; browsers do not ask for permission first (RFC 6455 §10.2).
 *
 * Without a list, these may: pages of this machine, of a served domain, and of the requested host. A request without `Origin` comes from a program.
 */
export function mayConnect({ message }: Pick<WebRequest, 'message'>, allowed: AllowedOrigins): boolean {
  const { origin } = message.headers;
  if (origin === undefined || isListed(origin, allowed)) return true;
  const host = hostOf(origin);
  if (host === '') return false;
  if (isOwnHost(host, message)) return true;
  return allowed.origins.length === 0 && (isThisMachine(host) || allowed.domains.includes(host));
}

/** Whether a page of another origin may read answers (the Fetch Standard's CORS protocol). */
export function isListed(origin: string, { origins, crossOrigins }: AllowedOrigins): boolean {
  if (origins.includes(ANY_ORIGIN) || crossOrigins.includes(ANY_ORIGIN)) return true;
  const wanted = origin.toLowerCase();
  return origins.includes(wanted) || crossOrigins.includes(wanted.replace(/^https?:\/\//, ''));
}

/**
 * Whether the page comes from the requested host. A foreign name may resolve to 127.0.0.1 (DNS rebinding), so on a loopback address only a proxy's headers
 * count: a page cannot add headers to a WebSocket request.
 */
function isOwnHost(host: string, { headers, socket }: WebRequest['message']): boolean {
  const proxied = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined;
  if (isLoopback(socket.localAddress ?? '') && !proxied && !isThisMachine(host)) return false;
  return hostsAsked(headers, proxied).includes(host);
}

function hostsAsked({ host = '', 'x-forwarded-host': forwarded = '' }: IncomingHttpHeaders, proxied: boolean): string[] {
  const named = [host, ...(proxied ? String(forwarded).split(',') : [])];
  return named.map((name) => hostOf(`http://${name.trim()}`));
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || /^127\.\d+\.\d+\.\d+$/.test(host) || host === '[::1]';
}

/** `''` for an opaque origin (`null`, as sent for a page from a file). */
function hostOf(origin: string): string {
  try {
    return new URL(origin).hostname;
  } catch {
    return '';
  }
}
