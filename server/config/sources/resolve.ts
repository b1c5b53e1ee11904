import { dirname, join } from 'node:path';
import { normalizeDomain } from '../../../shared/jid.ts';
import type { Account } from '../account.ts';
import { type ComponentsConfig, parseComponents } from '../components.ts';
import { type ChopChopConfig, ConfigError, type ConfigInput, createConfig, DEFAULT_DOMAINS, type RouterConfig } from '../config.ts';
import { domainAddresses } from '../hosts-file.ts';
import { parseLimits } from '../limit-values.ts';
import type { ServerArguments } from '../options/options.ts';
import { type OpensrfCore, readOpensrfCore } from './opensrf-core.ts';
import { placeInFile } from './option-place.ts';
import { transportsFrom } from './resolve-transports.ts';
import { siteConfig } from './site.ts';
import { withSrfsh } from './srfsh.ts';

/** A configuration, and what the user should know of how it came about. */
export interface ResolvedConfig {
  readonly config: ChopChopConfig;
  /** The file it was taken from; null without `--config`. */
  readonly core: OpensrfCore | null;
  /** Served domains that have no loopback address in /etc/hosts, if the addresses were chosen by that. */
  readonly missingNames: readonly string[];
}

/** Options beat the file, the file beats the defaults. @throws ConfigError with all that is wrong. */
export function resolveConfig(args: ServerArguments): ResolvedConfig {
  const core = args.config === undefined ? null : withSrfsh(readOpensrfCore(args.config), args.config);
  const site = core === null ? {} : siteConfig(core, args.config as string);
  const domains = args.domain?.map(normal) ?? site.domains ?? DEFAULT_DOMAINS;
  const addresses = args.host === undefined ? domainAddresses(domains) : { hosts: args.host, missing: [] };
  const problems: string[] = [];
  const input: ConfigInput = {
    ...site,
    domains,
    hosts: addresses.hosts,
    insecure: args.insecure,
    ...(args.port === undefined ? {} : { ports: [args.port] }),
    ...accountsFrom(args, site, domains, problems),
    router: { ...site.router, ...routerFrom(args, domains, problems) },
    ...settingsFrom(args, core, problems),
    components: componentsFrom(args, problems),
    ...transportsFrom(args, site, problems),
    logProtect: [...(site.logProtect ?? []), ...(args.logProtect ?? [])],
    limits: parseLimits(args.limit ?? [], problems),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return { config: createConfigOf(input, args, core), core, missingNames: addresses.missing };
}

/** The option that a path in a problem of {@link createConfig} comes from. */
const OPTION_OF_PATH: Readonly<Record<string, string>> = {
  domains: 'domain',
  port: 'port',
  hosts: 'host',
  accounts: 'user',
  'router.holdMs': 'hold',
  'router.lossGraceMs': 'loss-grace',
  'router.peers': 'peer-router',
  'settings.file': 'with-settings',
  'settings.domains': 'settings-domain',
};

/** What comes from `<chopchop>` is told with its place there. */
function createConfigOf(input: ConfigInput, args: ServerArguments, core: OpensrfCore | null): ChopChopConfig {
  try {
    return createConfig(input);
  } catch (error) {
    if (!(error instanceof ConfigError) || core === null) throw error;
    throw new ConfigError(error.problems.map((problem) => placed(problem, args, core)));
  }
}

function placed(problem: string, args: ServerArguments, core: OpensrfCore): string {
  const option = OPTION_OF_PATH[problem.split(':', 1)[0] as string];
  const place = option === undefined ? null : placeInFile(option, args, core);
  return place === null ? problem : `${place}: ${problem}`;
}

function accountsFrom(args: ServerArguments, site: ConfigInput, domains: readonly string[], problems: string[]): Pick<ConfigInput, 'accounts'> {
  if (args.user !== undefined) return { accounts: args.user.flatMap((user) => parseUser(user, domains, problems)) };
  return site.accounts === undefined ? {} : { accounts: site.accounts.filter(({ domain }) => domains.includes(domain)) };
}

function routerFrom(args: ServerArguments, domains: readonly string[], problems: string[]): Partial<RouterConfig> {
  const trustedServers = parseTrusted('--trusted-server', args.trustedServer, domains, problems);
  const trustedClients = parseTrusted('--trusted-client', args.trustedClient, domains, problems);
  return {
    balance: args.balance,
    onListenerLoss: args.onListenerLoss,
    lossGraceMs: args.lossGrace * 1000,
    absentService: args.absentService,
    holdMs: args.hold * 1000,
    externalRouter: args.externalRouter,
    peers: (args.peerRouter ?? []).map(normal),
    ...(trustedServers.size === 0 ? {} : { trustedServers }),
    ...(trustedClients.size === 0 ? {} : { trustedClients }),
  };
}

function componentsFrom(args: ServerArguments, problems: string[]): ComponentsConfig {
  const { component = [], componentPort: port = null, componentSecret: secret = '', componentConflict: conflict } = args;
  return { port, secrets: parseComponents('--component', component, problems), secret, conflict };
}

function settingsFrom(args: ServerArguments, core: OpensrfCore | null, problems: string[]): Pick<ConfigInput, 'settings'> {
  const file = settingsFileOf(args, core, problems);
  if (file === null) return {};
  return { settings: args.settingsDomain === undefined ? { file } : { file, domains: args.settingsDomain.map(normal) } };
}

/** The opensrf.xml to serve settings from; null if there shall be none. */
function settingsFileOf({ withSettings, settingsDomain, config }: ServerArguments, core: OpensrfCore | null, problems: string[]): string | null {
  if (withSettings === undefined) {
    if (settingsDomain !== undefined) problems.push('--settings-domain: there are no settings without --with-settings');
    return null;
  }
  if (withSettings !== '') return withSettings;
  if (config === undefined) problems.push('--with-settings: name the file, as --with-settings /openils/conf/opensrf.xml');
  return config === undefined ? null : core?.settingsConfig || join(dirname(config), 'opensrf.xml');
}

/** A domain as it is compared; what is none is reported by {@link createConfig}. */
function normal(domain: string): string {
  return normalizeDomain(domain) ?? domain;
}

/** NAME:PASSWORD[@DOMAIN]. The first colon ends the name; the last `@` begins the domain, so a password with an `@` needs one. */
function parseUser(user: string, domains: readonly string[], problems: string[]): Account[] {
  const colon = user.indexOf(':');
  const at = user.lastIndexOf('@');
  if (colon < 1) {
    problems.push(`--user: "${user}" is not NAME:PASSWORD[@DOMAIN]`);
    return [];
  }
  const username = user.slice(0, colon);
  if (at < colon) return domains.map((domain) => ({ username, domain, password: user.slice(colon + 1) }));
  const domain = normal(user.slice(at + 1));
  if (!domains.includes(domain)) {
    problems.push(`--user: ${username}: "${domain}" is not a served domain (${domains.join(', ')}); behind a password with an "@", add "@DOMAIN"`);
    return [];
  }
  return [{ username, domain, password: user.slice(colon + 1, at) }];
}

function parseTrusted(option: string, values: readonly string[] | undefined, domains: readonly string[], problems: string[]): Map<string, string[]> {
  const trusted = new Map<string, string[]>();
  for (const value of values ?? []) {
    const [left, right] = value.split('=', 2).map(normal) as [string, string | undefined];
    const routers = right === undefined ? domains : [left];
    if (right !== undefined && !domains.includes(left)) problems.push(`${option}: ${left} in "${value}" is not a served domain (${domains.join(', ')})`);
    for (const router of routers) trusted.set(router, [...(trusted.get(router) ?? []), right ?? left]);
  }
  return trusted;
}
