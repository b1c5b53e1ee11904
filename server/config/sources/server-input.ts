import { dirname, join, resolve } from 'node:path';
import { isOwnAddress } from '../../kernel/loopback.ts';
import { type Account, AT_SIGN_HINT } from '../account.ts';
import { notServed } from '../checks.ts';
import type { ConfigInput } from '../config.ts';
import { DEFAULT_DOMAINS } from '../defaults.ts';
import { nested, valueAt } from '../input.ts';
import { inFile, type Place, type Problem, type Problems } from '../problem.ts';
import { CONFIG_PATHS, type ConfigPath, type SettingPath } from '../settings.ts';
import { spreadTrust, type Trust } from '../values/trust.ts';
import { certificateOf } from './certificate.ts';
import { clusterOf, credentialsWarnings } from './cluster.ts';
import { domainAddresses } from './hosts-file.ts';
import type { OpensrfCore } from './opensrf-core.ts';
import type { PlacedSettings } from './placed-settings.ts';

/** The input of a configuration, and remarks for the user. */
export interface ServerInput {
  readonly input: ConfigInput;
  /** Served domains without a loopback address in /etc/hosts, if the addresses were chosen by that file. */
  readonly missingNames: readonly string[];
  readonly warnings: readonly Problem[];
}

/** The settings and their context. */
interface Reading {
  readonly settings: PlacedSettings;
  /** The configuration in the rest of the site's file. */
  readonly site: ConfigInput;
  readonly core: OpensrfCore | null;
  readonly domains: readonly string[];
  readonly problems: Problems;
}

/** Builds a configuration: settings override the rest of the site's file. */
export function serverInput(settings: PlacedSettings, core: OpensrfCore | null, site: ConfigInput, problems: Problems): ServerInput {
  const domains = [...new Set(settings.isGiven('domains') ? settings.values.domains : (site.domains ?? DEFAULT_DOMAINS))];
  const reading: Reading = { settings, site, core, domains, problems };
  const addresses = addressesOf(reading);
  const values: Partial<Record<ConfigPath, unknown>> = {
    ...asGiven(reading),
    domains,
    hosts: addresses.hosts,
    accounts: accountsOf(reading),
    'unix.paths': settings.isGiven('unix.paths') ? settings.values['unix.paths'].map((path) => resolve(path)) : site.unix?.paths,
    'router.trustedServers': trustOf('router.trustedServers', reading),
    'router.trustedClients': trustOf('router.trustedClients', reading),
    logProtect: [...(site.logProtect ?? []), ...settings.values.logProtect],
  };
  checkOrigins(reading);
  const input = {
    ...nested({ ...values, insecure: settings.values.insecure }),
    ...tlsOf(values, reading),
    ...settingsOf(values, reading),
    ...clusterOf((nested(values) as ConfigInput).cluster, settings, problems),
  };
  return { input, missingNames: addresses.missing, warnings: [...addresses.warnings, ...credentialsWarnings(settings)] };
}

/** The addresses to listen on, with warnings. */
function addressesOf(reading: Reading): { hosts: readonly string[]; missing: readonly string[]; warnings: readonly Problem[] } {
  const { settings, domains } = reading;
  const foreign = settings.values.hosts.filter((host) => isPlaceholder(host, settings.placeOf('hosts', host)));
  const hosts = settings.values.hosts.filter((host) => !foreign.includes(host));
  const warnings = foreign.map((host) =>
    warning(settings.placeOf('hosts', host), `${host} is not an address of this machine; the server does not listen there`),
  );
  if (settings.isGiven('hosts') && hosts.length > 0) return { hosts, missing: [], warnings };
  const { notLoopback, ...addresses } = domainAddresses(domains);
  const unheard = notLoopback.map((domain) =>
    warning(placeOfDomain(domain, reading), `programs of ${domain} connect to that address; to listen there, add --host ${domain}`),
  );
  return { ...addresses, warnings: [...warnings, ...unheard] };
}

/** The stock files of OpenSRF 1.0 to 1.4 have an example address in `<listen_address>`. `<host>` and `--host` are never examples. */
function isPlaceholder(host: string, { name }: Place): boolean {
  return name === '<listen_address>' && !['0.0.0.0', '::'].includes(host) && !isOwnAddress(host);
}

function placeOfDomain(domain: string, { settings, core }: Reading): Place {
  const { config } = settings.values;
  const section = [...(core?.clients ?? []), ...(core?.routers ?? [])].find((one) => one.domain === domain);
  return settings.isGiven('domains') || config === null || section === undefined ? settings.placeOf('domains', domain) : inFile(config, section.line);
}

function warning(place: Place, text: string): Problem {
  return { place, text, fault: 'content' };
}

/** The values set by a source or the site. */
function asGiven({ settings, site }: Reading): Partial<Record<ConfigPath, unknown>> {
  const values = CONFIG_PATHS.map((path) => [path, settings.isGiven(path) ? settings.values[path] : valueAt(site, path)] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

function accountsOf({ settings, site, domains, problems }: Reading): readonly Account[] | undefined {
  if (!settings.isGiven('accounts')) return site.accounts?.filter(({ domain }) => domains.includes(domain));
  return settings.values.accounts?.flatMap((account) => {
    if (account.domain === '') return domains.map((domain) => ({ ...account, domain }));
    if (domains.includes(account.domain)) return [account];
    // The text may be the end of a password, so the message omits it.
    problems.add('accounts', `${account.username}: the text after the last "@" is not a served domain (${domains.join(', ')}); ${AT_SIGN_HINT}`, account);
    return [];
  });
}

function trustOf(path: 'router.trustedServers' | 'router.trustedClients', { settings, site, domains, problems }: Reading): Trust | undefined {
  if (!settings.isGiven(path)) return valueAt(site, path) as Trust | undefined;
  const trust = settings.values[path];
  for (const router of trust.keys()) if (router !== '' && !domains.includes(router)) problems.add(path, notServed(router, domains), router);
  return spreadTrust(trust, domains);
}

function checkOrigins({ settings, problems }: Reading): void {
  const served = (['websocket.ports', 'websocket.tlsPorts', 'web.ports', 'web.tlsPorts'] as const).some((path) => settings.isGiven(path));
  if (served) return;
  if (settings.isGiven('websocket.origins')) problems.add('websocket.origins', 'there are no WebSockets without --websocket-port or --websocket-tls-port');
  if (settings.isGiven('web.origins')) problems.add('web.origins', 'there is no HTTP without --web-port, --web-tls-port or --websocket-port');
}

/** The TLS configuration, if there is a certificate. */
function tlsOf(values: Partial<Record<ConfigPath, unknown>>, { settings, problems }: Reading): Pick<ConfigInput, 'tls'> {
  const certificate = certificateOf(settings, problems);
  if (certificate !== null) return { tls: { ...(nested(values) as ConfigInput).tls, certificate } };
  const useless: readonly SettingPath[] = ['tls.ports', 'tls.required', 'websocket.tlsPorts', 'web.tlsPorts'];
  for (const path of useless) {
    const given = settings.isGiven(path) && settings.values[path] !== false;
    if (given && !problems.has('tls.certificate')) problems.add(path, 'there is no TLS without --tls-cert or --tls-self-signed');
  }
  return { tls: null };
}

/** The built-in opensrf.settings, if there is a file. */
function settingsOf(values: Partial<Record<ConfigPath, unknown>>, reading: Reading): Pick<ConfigInput, 'settings'> {
  const file = settingsFile(reading);
  return file === null ? { settings: null } : { settings: { ...(nested(values) as ConfigInput).settings, file } };
}

function settingsFile({ settings, core, problems }: Reading): string | null {
  const { 'settings.file': file, config } = settings.values;
  if (file === null) {
    if (settings.isGiven('settings.domains')) problems.add('settings.domains', 'there are no settings without --with-settings');
    return null;
  }
  if (file !== '') return file;
  if (config === null) problems.add('settings.file', 'needs the name of a file, as /openils/conf/opensrf.xml');
  return config === null ? null : core?.settingsConfig || join(dirname(config), 'opensrf.xml');
}
