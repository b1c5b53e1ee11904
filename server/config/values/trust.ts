import { isMap } from 'node:util/types';
import { isLocalPart, normalizeDomain } from '../../../shared/jid.ts';
import { allOf } from './lists.ts';
import { good, onlyOne, type Reading, refused, repeatable, type ValueType } from './value-type.ts';

/** Domains that routers trust, by the router's domain. */
export type Trust = ReadonlyMap<string, readonly string[]>;

const WANTS = 'DOMAIN or ROUTER-DOMAIN=DOMAIN';

/** Trusted domains, each written as `DOMAIN` or `ROUTER-DOMAIN=DOMAIN`. `''` has the domains trusted by every router. */
export const TRUST = repeatable<Trust>({
  wants: WANTS,
  parse(text) {
    const readings = allOf(text.split(','), parseTrusted);
    return readings.ok ? good(united(readings.value)) : readings;
  },
  take: (given) => (isTrust(given) ? good(given) : refused('needs a Map of lists of domains, by the domain of the router')),
  join: (values) => good(united(values)),
});

function parseTrusted(text: string): Reading<Trust> {
  const [left = '', right, ...more] = text.split('=').map((part) => normalizeDomain(part.trim()));
  if (left === null || right === null || more.length > 0) return refused(text.trim() === '' ? `needs ${WANTS}` : `"${text.trim()}" is not ${WANTS}`);
  return good(right === undefined ? new Map([['', [left]]]) : new Map([[left, [right]]]));
}

function united(all: readonly Trust[]): Trust {
  const trust = new Map<string, readonly string[]>();
  for (const [router, domains] of all.flatMap((one) => [...one])) trust.set(router, [...(trust.get(router) ?? []), ...domains]);
  return trust;
}

function isTrust(given: unknown): given is Trust {
  if (!isMap(given)) return false;
  return [...given].every(([router, domains]) => typeof router === 'string' && Array.isArray(domains) && domains.every((one) => typeof one === 'string'));
}

/** Spreads the domains that every router trusts over the routers. */
export function spreadTrust(trust: Trust, routers: readonly string[]): Trust {
  const everywhere = trust.get('');
  if (everywhere === undefined) return trust;
  const others = [...trust.keys()].filter((router) => router !== '');
  return new Map([...new Set([...routers, ...others])].map((router) => [router, [...everywhere, ...(trust.get(router) ?? [])]]));
}

/** Accounts of routers, by domain. */
export const NAMES: ValueType<ReadonlyMap<string, string>> = {
  ...TRUST,
  wants: 'a Map of user names, by domain',
  parse: () => refused('needs a Map of user names, by domain'),
  take(given) {
    if (!isMap(given)) return refused('needs a Map of user names, by domain');
    const wrong = [...given.values()].filter((name) => typeof name !== 'string' || !isLocalPart(name));
    return wrong.length > 0 ? refused(...wrong.map((name) => `"${String(name)}" is not a user name`)) : good(given as ReadonlyMap<string, string>);
  },
  join: onlyOne,
};
