import { isLocalPart, normalizeDomain } from '../../shared/jid.ts';
import { isObject, unknownName } from '../kernel/option-kinds.ts';
import { allOf } from './values/lists.ts';
import { good, type Reading, refused, repeatable } from './values/value-type.ts';

/** A user of one domain. */
export interface Account {
  readonly username: string;
  readonly domain: string;
  readonly password: string;
}

/** The hint for a password with an `@`. */
export const AT_SIGN_HINT = 'after a password with an "@", add "@DOMAIN"';

const WANTS = 'an account as NAME:PASSWORD[@DOMAIN]';

/** Accounts, each written as `NAME:PASSWORD[@DOMAIN]`. Without a domain, `''`: every domain. */
export const ACCOUNTS = repeatable<readonly Account[]>({
  wants: WANTS,
  parse(text) {
    const reading = parseAccount(text);
    return reading.ok ? good([reading.value]) : reading;
  },
  take: (given) => (Array.isArray(given) ? allOf(given, takeAccount) : refused('needs a list of accounts, each with username, domain and password')),
  join: (values) => good(values.flat()),
});

/** The first colon ends the name; the last `@` after it begins the domain, so a password with an `@` needs a domain. */
function parseAccount(text: string): Reading<Account> {
  if (text === '') return refused(`needs ${WANTS}`);
  const colon = text.indexOf(':');
  // A text with a colon may contain a password.
  if (colon < 1) return refused(colon === -1 ? `"${text}" is not ${WANTS}` : `needs ${WANTS}; the name is missing`);
  const username = text.slice(0, colon);
  if (!isLocalPart(username)) return refused(`"${username}" is not a user name`);
  const at = text.lastIndexOf('@');
  const password = text.slice(colon + 1, at < colon ? undefined : at);
  if (password === '') return refused(`${username} has no password`);
  if (at < colon) return good({ username, password, domain: '' });
  const domain = normalizeDomain(text.slice(at + 1));
  // Omit the text: it may be the end of a password.
  if (domain === null) return refused(`${username}: the text after the last "@" is not a domain; ${AT_SIGN_HINT}`);
  return good({ username, password, domain });
}

const MEMBERS = ['username', 'domain', 'password'];

function takeAccount(given: unknown): Reading<Account> {
  const unknown = isObject(given) ? Object.keys(given).find((name) => !MEMBERS.includes(name)) : undefined;
  if (unknown !== undefined) return refused(`"${unknown}" of an account ${unknownName(unknown, MEMBERS)}`);
  const { username, domain, password } = (typeof given === 'object' && given !== null ? given : {}) as Partial<Record<keyof Account, unknown>>;
  if (typeof username !== 'string' || typeof domain !== 'string' || typeof password !== 'string') {
    return refused('needs username, domain and password of each account, as texts');
  }
  const normal = normalizeDomain(domain);
  if (!isLocalPart(username)) return refused(`"${username}" is not a user name`);
  if (normal === null) return refused(`${username}: "${domain}" is not a domain`);
  return password === '' ? refused(`${username}@${domain} has no password`) : good({ username, domain: normal, password });
}
