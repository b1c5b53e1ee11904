/** Any page may use the server. */
export const ANY_ORIGIN = '*';

/**
 * Whether a page may use the server from within somebody's browser (RFC 6455 §10.2). Without the list: pages that come from this machine or
 * from a served domain. Not from whatever host the request says it is for: a foreign name may lead here (DNS rebinding).
 *
 * @param origin Of the request; undefined where it does not come from a browser, and may.
 * @param allowed `SCHEME://HOST[:PORT]`, or {@link ANY_ORIGIN}; empty where nobody has chosen.
 */
export function mayConnect(origin: string | undefined, allowed: readonly string[], domains: readonly string[]): boolean {
  if (origin === undefined || allowed.includes(ANY_ORIGIN)) return true;
  if (allowed.length > 0) return allowed.includes(origin.toLowerCase());
  const host = hostOf(origin);
  return host === 'localhost' || host.endsWith('.localhost') || /^127\.\d+\.\d+\.\d+$/.test(host) || host === '[::1]' || domains.includes(host);
}

/** `''` where there is none (`null`, as a page says that comes from a file). */
function hostOf(origin: string): string {
  try {
    return new URL(origin).hostname;
  } catch {
    return '';
  }
}
