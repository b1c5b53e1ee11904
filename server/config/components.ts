import { normalizeDomain } from '../../shared/jid.ts';

/** Who has a domain when a second component comes for it: the first one, or the second, and the first is ended. */
export const COMPONENT_CONFLICTS = ['keep', 'replace'] as const;
export type ComponentConflict = (typeof COMPONENT_CONFLICTS)[number];

/** Programs that connect as a domain of their own (XEP-0114). */
export interface ComponentsConfig {
  /** Where they connect, on all hosts; 0: any free port; null: nowhere. */
  readonly port: number | null;
  /** Secrets by domain. */
  readonly secrets: ReadonlyMap<string, string>;
  /** For any other domain that is not served; `''`: there are no others. */
  readonly secret: string;
  readonly conflict: ComponentConflict;
}

/** No components. */
export const DEFAULT_COMPONENTS: ComponentsConfig = Object.freeze({ port: null, secrets: new Map(), secret: '', conflict: 'keep' });

/** Reads `DOMAIN:SECRET` values. */
export function parseComponents(option: string, values: readonly string[], problems: string[]): Map<string, string> {
  const secrets = new Map<string, string>();
  for (const value of values) {
    const colon = value.indexOf(':');
    const domain = normalizeDomain(value.slice(0, Math.max(0, colon)));
    // Not the value: most of it may be a secret.
    if (domain === null || colon === value.length - 1) problems.push(`${option}: needs DOMAIN:SECRET`);
    else if (secrets.has(domain)) problems.push(`${option}: ${domain} is given twice`);
    else secrets.set(domain, value.slice(colon + 1));
  }
  return secrets;
}

/** What is wrong with them, on a server of these domains. */
export function componentProblems({ port, secrets, secret }: ComponentsConfig, domains: readonly string[]): string[] {
  const served = [...secrets.keys()].filter((domain) => domains.includes(domain));
  const problems = served.map((domain) => `components: ${domain} is served itself, so no component can have it`);
  for (const [domain, ofDomain] of secrets) {
    if (normalizeDomain(domain) !== domain) problems.push(`components: "${domain}" is no domain in lower case`);
    if (ofDomain === '') problems.push(`components: ${domain} has no secret`);
  }
  if (port !== null && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) problems.push(`components: port: ${port} is not a number from 0 to 65535`);
  if (port === null && secrets.size > 0) problems.push('components: without a port (--component-port) none can connect');
  if (port !== null && secrets.size === 0 && secret === '') problems.push('components: none can connect without a secret (--component or --component-secret)');
  return problems;
}

/** The secret a component for a domain needs; null where there can be none. */
export function componentSecret({ secrets, secret }: ComponentsConfig, domain: string, served: readonly string[]): string | null {
  if (served.includes(domain)) return null;
  return secrets.get(domain) ?? (secret === '' ? null : secret);
}
