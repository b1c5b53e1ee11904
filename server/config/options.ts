import { dirname, join } from 'node:path';
import { ABSENT_SERVICE_ANSWERS, BALANCES, LISTENER_LOSS_POLICIES } from '../../router/options.ts';
import { normalizeDomain } from '../../shared/jid.ts';
import type { Account } from '../login/accounts.ts';
import { type ChopChopConfig, ConfigError, createConfig, DEFAULT_DOMAINS, DEFAULT_HOST, DEFAULT_PORT, DEFAULT_ROUTER, type RouterConfig } from './config.ts';

/** The options of `serve` that describe the server itself, for yargs. */
export const SERVER_OPTIONS = {
  host: { type: 'string', array: true, requiresArg: true, default: [DEFAULT_HOST], group: 'Server:', describe: 'Address to listen on (repeatable)' },
  port: { type: 'number', requiresArg: true, default: DEFAULT_PORT, group: 'Server:', describe: 'Port to listen on; 0: any free one' },
  domain: {
    type: 'string',
    array: true,
    requiresArg: true,
    default: [...DEFAULT_DOMAINS],
    group: 'Server:',
    describe: 'Jabber domain to serve, each with a router (repeatable)',
  },
  user: {
    type: 'string',
    array: true,
    requiresArg: true,
    group: 'Server:',
    describe: 'Account as NAME:PASSWORD[@DOMAIN], on every domain if none is named (repeatable; replaces the default accounts)',
    defaultDescription: 'opensrf:password and router:password',
  },
  'with-settings': {
    type: 'string',
    group: 'Settings:',
    describe: 'Serve opensrf.settings from this opensrf.xml, while no other service of that name is registered',
  },
  'settings-domain': {
    type: 'string',
    array: true,
    requiresArg: true,
    group: 'Settings:',
    describe: "Domain whose router knows the built-in opensrf.settings (repeatable). Whoever may send requests there can read the file's passwords",
    defaultDescription: 'all served domains',
  },
  balance: { choices: BALANCES, default: DEFAULT_ROUTER.balance, group: 'Router:', describe: 'How the next listener is chosen' },
  'on-listener-loss': {
    choices: LISTENER_LOSS_POLICIES,
    default: DEFAULT_ROUTER.onListenerLoss,
    group: 'Router:',
    describe:
      'Requests a lost listener had read but nobody answered: "error" answers them with status 503, "reroute" hands them to another listener (they may run twice), "ignore" leaves the client waiting',
  },
  'loss-grace': {
    type: 'number',
    requiresArg: true,
    default: DEFAULT_ROUTER.lossGraceMs / 1000,
    group: 'Router:',
    describe: 'Seconds a worker may still answer for its lost listener',
  },
  'absent-service': {
    choices: ABSENT_SERVICE_ANSWERS,
    default: DEFAULT_ROUTER.absentService,
    group: 'Router:',
    describe: 'Answer to a request for a service that is not registered: an OpenSRF status 404, or always a bounce',
  },
  hold: {
    type: 'number',
    requiresArg: true,
    default: DEFAULT_ROUTER.holdMs / 1000,
    group: 'Router:',
    describe: 'Seconds a request waits for an absent service to register',
  },
  'external-router': {
    choices: ['allow', 'refuse'] as const,
    default: DEFAULT_ROUTER.externalRouter,
    group: 'Router:',
    describe: "Whether OpenSRF's own router may log in and take over from the internal one",
  },
  'peer-router': {
    type: 'string',
    array: true,
    requiresArg: true,
    group: 'Router:',
    describe: 'Domain whose router is tried for a service without a listener (repeatable)',
  },
  'trusted-server': {
    type: 'string',
    array: true,
    requiresArg: true,
    group: 'Router:',
    describe: 'Domain that may register and query, as DOMAIN or ROUTER-DOMAIN=DOMAIN (repeatable)',
    defaultDescription: 'all served domains',
  },
  'trusted-client': {
    type: 'string',
    array: true,
    requiresArg: true,
    group: 'Router:',
    describe: 'Domain that may send requests, as DOMAIN or ROUTER-DOMAIN=DOMAIN (repeatable)',
    defaultDescription: 'all served domains',
  },
} as const;

/** What yargs makes of {@link SERVER_OPTIONS}. */
export interface ServerArguments {
  readonly host: readonly string[];
  readonly port: number;
  readonly domain: readonly string[];
  readonly user?: string[] | undefined;
  readonly withSettings?: string | undefined;
  readonly settingsDomain?: string[] | undefined;
  readonly balance: RouterConfig['balance'];
  readonly onListenerLoss: RouterConfig['onListenerLoss'];
  readonly lossGrace: number;
  readonly absentService: RouterConfig['absentService'];
  readonly hold: number;
  readonly externalRouter: RouterConfig['externalRouter'];
  readonly peerRouter?: string[] | undefined;
  readonly trustedServer?: string[] | undefined;
  readonly trustedClient?: string[] | undefined;
}

/**
 * @param configFile The file that `--config` names, beside which `--with-settings` without a value looks for opensrf.xml; null without one.
 * @throws ConfigError with all that is wrong.
 */
export function configFromArguments(args: ServerArguments, configFile: string | null = null): ChopChopConfig {
  const problems: string[] = [];
  const domains = args.domain.map(normal);
  const accounts = args.user?.flatMap((user) => parseUser(user, domains, problems));
  const trustedServers = parseTrusted('--trusted-server', args.trustedServer, domains, problems);
  const trustedClients = parseTrusted('--trusted-client', args.trustedClient, domains, problems);
  const settingsFile = settingsFileOf(args, configFile, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return createConfig({
    domains,
    hosts: args.host,
    port: args.port,
    ...(accounts === undefined ? {} : { accounts }),
    router: {
      balance: args.balance,
      onListenerLoss: args.onListenerLoss,
      lossGraceMs: args.lossGrace * 1000,
      absentService: args.absentService,
      holdMs: args.hold * 1000,
      externalRouter: args.externalRouter,
      peers: (args.peerRouter ?? []).map(normal),
      trustedServers,
      trustedClients,
    },
    settings: settingsFile === null ? null : { file: settingsFile, ...(args.settingsDomain && { domains: args.settingsDomain.map(normal) }) },
  });
}

/** The opensrf.xml to serve settings from; null if there shall be none. */
function settingsFileOf({ withSettings, settingsDomain }: ServerArguments, configFile: string | null, problems: string[]): string | null {
  if (withSettings === undefined) {
    if (settingsDomain !== undefined) problems.push('--settings-domain: there are no settings without --with-settings');
    return null;
  }
  if (withSettings !== '') return withSettings;
  if (configFile === null) problems.push('--with-settings: name the file, as --with-settings /openils/conf/opensrf.xml');
  return configFile === null ? null : join(dirname(configFile), 'opensrf.xml');
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
