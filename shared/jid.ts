/**
 * A Jabber address, `local@domain/resource` (RFC 7622 §3). Only {@link parseJid} makes one.
 *
 * Only the domain is case-folded. Node and resource are compared exactly, without the PRECIS preparation of RFC 7622:
 * OpenSRF's router keys its listeners by the string it receives.
 */
export interface Jid {
  /** The account, `''` for a host's own address. */
  readonly local: string;
  /** In lower case, without a final dot. */
  readonly domain: string;
  /** `''` for a bare JID. */
  readonly resource: string;
  readonly [parsed]: true;
}

declare const parsed: unique symbol;

/** The longest local, domain or resource part (RFC 7622 §3.2, §3.3, §3.4). */
export const MAX_PART_BYTES = 1023;

// RFC 7622 §3.3.1 forbids these in the local part; its string class forbids white space and controls.
// biome-ignore lint/suspicious/noControlCharactersInRegex: to find them
const BAD_LOCAL = /["&'/:<>@\s\u0000-\u001f\u007f-\u009f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: to find them
const BAD_DOMAIN = /["&'/<>@\s\u0000-\u001f\u007f-\u009f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: to find them
const BAD_RESOURCE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff\ufffe\uffff]/u;

/** Parses an address; null if it is invalid. The first `/` ends the bare JID, the first `@` in that the local part. */
export function parseJid(text: string): Jid | null {
  const slash = text.indexOf('/');
  const bare = slash === -1 ? text : text.slice(0, slash);
  const at = bare.indexOf('@');
  const local = at === -1 ? '' : bare.slice(0, at);
  const domain = normalizeDomain(bare.slice(at + 1));
  if (domain === null) return null;
  if (at !== -1 && !isLocalPart(local)) return null;
  const resource = slash === -1 ? '' : text.slice(slash + 1);
  if (slash !== -1 && !isResource(resource)) return null;
  return { local, domain, resource } as Jid;
}

/** Lower case, no final dot; null if the text is not a valid domain. */
export function normalizeDomain(text: string): string | null {
  const domain = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  return fits(domain) && !domain.endsWith('.') && !BAD_DOMAIN.test(domain) ? domain : null;
}

/** Whether the text is a valid local part. */
export function isLocalPart(text: string): boolean {
  return fits(text) && !BAD_LOCAL.test(text);
}

/** Whether the text is a valid resource. */
export function isResource(text: string): boolean {
  return fits(text) && !BAD_RESOURCE.test(text);
}

function fits(part: string): boolean {
  return part !== '' && (part.length <= MAX_PART_BYTES / 3 || Buffer.byteLength(part) <= MAX_PART_BYTES);
}

/** The address as text, its domain in lower case. */
export function formatJid(jid: Jid): string {
  const bare = bareJid(jid);
  return jid.resource === '' ? bare : `${bare}/${jid.resource}`;
}

/** `local@domain`, or the domain alone. */
export function bareJid(jid: Jid): string {
  return jid.local === '' ? jid.domain : `${jid.local}@${jid.domain}`;
}
