import { isMap } from 'node:util/types';
import { normalizeDomain } from '../../shared/jid.ts';
import type { Problems } from './problem.ts';
import { good, type Reading, refused, repeatable } from './values/value-type.ts';

/** How the server decides between two components for one domain: `keep` refuses the second, `replace` ends the first. */
export const COMPONENT_CONFLICTS = ['keep', 'replace'] as const;
export type ComponentConflict = (typeof COMPONENT_CONFLICTS)[number];

/** Programs that connect as a domain of their own (XEP-0114). */
export interface ComponentsConfig {
  /** Its port on all hosts; 0: any free port; null: none. */
  readonly port: number | null;
  /** Secrets by domain. */
  readonly secrets: Secrets;
  /** The secret for any other unserved domain; `''`: refuse these. */
  readonly secret: string;
  readonly conflict: ComponentConflict;
}

/** Secrets of components, by their domains. */
export type Secrets = ReadonlyMap<string, string>;

const WANTS = 'a component as DOMAIN:SECRET';

/** Secrets of components, each written as `DOMAIN:SECRET`. No message shows them. */
export const SECRETS = repeatable<Secrets>({
  wants: WANTS,
  parse(text) {
    const colon = text.indexOf(':');
    const domain = normalizeDomain(text.slice(0, Math.max(0, colon)));
    return domain === null || colon === text.length - 1 ? refused(`needs ${WANTS}`) : good(new Map([[domain, text.slice(colon + 1)]]));
  },
  take(given) {
    if (!isMap(given)) return refused('needs a Map of secrets, by the domain of the component');
    const wrong = [...given].flatMap(([domain, secret]) => secretProblem(domain, secret));
    return wrong.length > 0 ? refused(...wrong) : good(given as Secrets);
  },
  join: united,
});

function united(all: readonly Secrets[]): Reading<Secrets> {
  const secrets = new Map<string, string>();
  for (const [domain, secret] of all.flatMap((one) => [...one])) {
    if (secrets.has(domain)) return refused(`${domain} is given twice`);
    secrets.set(domain, secret);
  }
  return good(secrets);
}

function secretProblem(domain: unknown, secret: unknown): string[] {
  if (typeof domain !== 'string' || normalizeDomain(domain) !== domain) return [`"${String(domain)}" is not a domain in lower case`];
  return typeof secret === 'string' && secret !== '' ? [] : [`${domain} has no secret`];
}

/** Checks components against the served domains, and their port against their secrets. */
export function checkComponents({ port, secrets, secret }: ComponentsConfig, domains: readonly string[], problems: Problems): void {
  for (const domain of problems.has('domains') ? [] : secrets.keys()) {
    if (domains.includes(domain)) problems.add('components.secrets', `the server itself serves ${domain}, so no component can have it`, domain);
  }
  if (problems.has('components.port', 'components.secrets', 'components.secret')) return;
  if (port === null && secrets.size > 0) problems.add('components.secrets', 'no component can connect without --component-port');
  if (port !== null && secrets.size === 0 && secret === '') {
    problems.add('components.port', 'no component can connect without a secret (--component or --component-secret)');
  }
}

/** The secret for a component's domain; null: no component may have it. */
export function componentSecret({ secrets, secret }: ComponentsConfig, domain: string, served: readonly string[]): string | null {
  if (served.includes(domain)) return null;
  return secrets.get(domain) ?? (secret === '' ? null : secret);
}
