import type { BalanceName } from '../../router/balance/balances.ts';
import type { AbsentServiceAnswer, ListenerLossPolicy } from '../../router/ports/options.ts';
import { isLocalPart, normalizeDomain } from '../../shared/jid.ts';
import { isLoopback } from '../kernel/loopback.ts';
import type { Account } from './account.ts';
import { type ComponentsConfig, componentProblems, DEFAULT_COMPONENTS } from './components.ts';
import { DEFAULT_LIMITS, type Limits, limitProblems } from './limits.ts';
import {
  DEFAULT_PLAINTEXT_LOGIN,
  DEFAULT_TLS,
  DEFAULT_UNIX,
  DEFAULT_WEBSOCKET,
  type PlaintextLogin,
  portProblems,
  sharedPortProblems,
  type TlsConfig,
  type TlsInput,
  tlsProblems,
  type UnixConfig,
  unixProblems,
  type WebSocketConfig,
  webSocketProblems,
} from './transports.ts';

/** What one running server is made from. Frozen; comes out of {@link createConfig}. */
export interface ChopChopConfig {
  /** Hosts (domains) it serves, in lower case. */
  readonly domains: readonly string[];
  readonly accounts: readonly Account[];
  /** Addresses to listen on, each on all ports. */
  readonly hosts: readonly string[];
  /** 0, if it is the only one: any that is free on all addresses. */
  readonly ports: readonly number[];
  /** Null: there is no TLS. */
  readonly tls: TlsConfig | null;
  readonly unix: UnixConfig;
  readonly websocket: WebSocketConfig;
  readonly plaintextLogin: PlaintextLogin;
  readonly router: RouterConfig;
  /** The built-in `opensrf.settings`; null: there is none. */
  readonly settings: SettingsConfig | null;
  /** Beginnings of the names of methods whose parameters nothing here may show; for a `LogProtect`. A reload may change them. */
  readonly logProtect: readonly string[];
  /** Programs that connect as a domain of their own. */
  readonly components: ComponentsConfig;
  readonly limits: Limits;
}

/** The configuration that a server runs by now: a reload changes it. */
export interface RunningConfig {
  config: ChopChopConfig;
}

/** What the built-in `opensrf.settings` tells, and where. */
export interface SettingsConfig {
  /** Path of opensrf.xml. */
  readonly file: string;
  /** The domains of the routers it registers with. It logs in at the first that has an account besides the router's. */
  readonly domains: readonly string[];
}

/** What all routers of a server have in common. */
export interface RouterConfig {
  /** The local part of their addresses; the account of that name may speak as the router. */
  readonly name: string;
  /** The same by domain, where it differs. */
  readonly names: ReadonlyMap<string, string>;
  /** Domains whose sessions may register and ask; by router's domain, all own hosts where there is none. */
  readonly trustedServers: ReadonlyMap<string, readonly string[]>;
  /** Domains whose sessions may send requests, likewise. */
  readonly trustedClients: ReadonlyMap<string, readonly string[]>;
  readonly balance: BalanceName;
  readonly onListenerLoss: ListenerLossPolicy;
  readonly lossGraceMs: number;
  readonly absentService: AbsentServiceAnswer;
  readonly holdMs: number;
  /** Whether a router program may log in and take the internal router's place. */
  readonly externalRouter: 'allow' | 'refuse';
  /** Domains whose routers are tried for a class without a listener, in order. */
  readonly peers: readonly string[];
}

/** What a caller may leave out. */
export type ConfigInput = Partial<Omit<ChopChopConfig, 'router' | 'settings' | 'components' | 'limits' | 'tls' | 'unix' | 'websocket'>> & {
  /** The same as `ports` with one in it. */
  readonly port?: number;
  readonly tls?: TlsInput | null;
  readonly unix?: Partial<UnixConfig>;
  readonly websocket?: Partial<WebSocketConfig>;
  readonly router?: Partial<RouterConfig>;
  readonly settings?: (Pick<SettingsConfig, 'file'> & Partial<SettingsConfig>) | null;
  readonly components?: Partial<ComponentsConfig>;
  readonly limits?: Partial<Limits>;
  /** Listen on addresses that others can reach although an account has the default password. */
  readonly insecure?: boolean;
};

export const DEFAULT_DOMAINS = ['private.localhost', 'public.localhost', 'localhost'] as const;
export const DEFAULT_USERNAMES = ['opensrf', 'router'] as const;
export const DEFAULT_PASSWORD = 'password';
export const DEFAULT_PORT = 5222;
export const DEFAULT_HOST = '127.0.0.1';

export const DEFAULT_ROUTER: RouterConfig = Object.freeze({
  name: 'router',
  names: new Map(),
  trustedServers: new Map(),
  trustedClients: new Map(),
  balance: 'round-robin',
  onListenerLoss: 'error',
  lossGraceMs: 1_000,
  absentService: 'status',
  holdMs: 0,
  externalRouter: 'allow',
  peers: [],
});

/** Something is wrong with the configuration. The message lists every problem with its place. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Fills in the defaults. @throws ConfigError with all that is wrong. */
export function createConfig(input: ConfigInput = {}): ChopChopConfig {
  const problems: string[] = [];
  const domains = [...new Set((input.domains ?? DEFAULT_DOMAINS).map((domain) => checkedDomain(domain, 'domains', problems)))];
  const { accounts = defaultAccounts(domains), hosts = [DEFAULT_HOST], ports = [input.port ?? DEFAULT_PORT], logProtect = [] } = input;
  const tls = input.tls ? { ...DEFAULT_TLS, ...input.tls } : null;
  const unix = { ...DEFAULT_UNIX, ...input.unix };
  const websocket = { ...DEFAULT_WEBSOCKET, ...input.websocket };
  const { plaintextLogin = DEFAULT_PLAINTEXT_LOGIN } = input;
  const router = { ...DEFAULT_ROUTER, ...input.router };
  const settings = input.settings ? { domains: domains.slice(0, 1), ...input.settings } : null;
  const components = { ...DEFAULT_COMPONENTS, ...input.components };
  const limits = { ...DEFAULT_LIMITS, ...input.limits };
  if (domains.length === 0) problems.push('domains: at least one is needed');
  problems.push(...portProblems('port', ports), ...tlsProblems(tls), ...unixProblems(unix), ...webSocketProblems(websocket, tls));
  problems.push(
    ...sharedPortProblems({ port: ports, 'tls.ports': tls?.ports ?? [], 'websocket.ports': websocket.ports, 'websocket.tlsPorts': websocket.tlsPorts }),
  );
  if (hosts.length === 0) problems.push('hosts: at least one is needed');
  if (input.insecure !== true) problems.push(...exposureProblems(hosts, accounts));
  problems.push(...accounts.flatMap((account) => accountProblems(account, domains)), ...routerProblems(router, domains), ...limitProblems(limits));
  problems.push(...componentProblems(components, domains));
  if (settings !== null) problems.push(...settingsProblems(settings, domains, accounts, router));
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze({ domains, accounts, hosts, ports, tls, unix, websocket, plaintextLogin, router, settings, components, logProtect, limits });
}

/** The account the built-in `opensrf.settings` runs as: not the router's, which would be believed what it says of others. */
export function settingsAccount({ domains }: SettingsConfig, accounts: readonly Account[], router: RouterConfig): Account | undefined {
  const usable = accounts.filter(({ username, domain }) => username !== routerName(router, domain));
  return domains.flatMap((domain) => usable.filter((account) => account.domain === domain))[0];
}

/** `opensrf` and `router` with password `password` on each domain. */
export function defaultAccounts(domains: readonly string[]): Account[] {
  return domains.flatMap((domain) => DEFAULT_USERNAMES.map((username) => ({ username, domain, password: DEFAULT_PASSWORD })));
}

/** The local part of the address of a domain's router. */
export function routerName({ name, names }: RouterConfig, domain: string): string {
  return names.get(domain) ?? name;
}

/** What everybody knows may not protect what everybody can reach. */
function exposureProblems(hosts: readonly string[], accounts: readonly Account[]): string[] {
  const reachable = hosts.filter((host) => !isLoopback(host));
  const known = new Set(accounts.filter(({ password }) => password === DEFAULT_PASSWORD).map(({ username }) => username));
  if (reachable.length === 0 || known.size === 0) return [];
  const who = `${[...known].join(' and ')} ${known.size === 1 ? 'has' : 'have'}`;
  return [`hosts: ${reachable.join(', ')} may be reached from other machines, and ${who} the default password: ${EXPOSURE_REMEDY}`];
}

const EXPOSURE_REMEDY = `set others (--user NAME:PASSWORD, or the file of --config), listen on ${DEFAULT_HOST}, or say --insecure`;

function checkedDomain(domain: string, path: string, problems: string[]): string {
  const normal = normalizeDomain(domain);
  if (normal === null) problems.push(`${path}: "${domain}" is no domain`);
  return normal ?? domain;
}

function accountProblems({ username, domain, password }: Account, domains: readonly string[]): string[] {
  const problems: string[] = [];
  if (!isLocalPart(username)) problems.push(`accounts: "${username}" is no valid user name`);
  if (!domains.includes(domain)) problems.push(`accounts: ${username}@${domain}: domain ${domain} is not served (served: ${domains.join(', ')})`);
  if (password === '') problems.push(`accounts: ${username}@${domain} has no password`);
  return problems;
}

function settingsProblems(settings: SettingsConfig, domains: readonly string[], accounts: readonly Account[], router: RouterConfig): string[] {
  const unknown = settings.domains.filter((domain) => !domains.includes(domain));
  const problems = unknown.map((domain) => `settings.domains: domain ${domain} is not served (served: ${domains.join(', ')})`);
  if (settings.file === '') problems.push('settings.file: the name of a file is needed, as /openils/conf/opensrf.xml');
  if (settingsAccount(settings, accounts, router) !== undefined) return problems;
  return [...problems, `settings: opensrf.settings needs an account besides "${router.name}" on ${settings.domains.join(' or ')}`];
}

function routerProblems(router: RouterConfig, domains: readonly string[]): string[] {
  const problems: string[] = [];
  for (const name of [router.name, ...router.names.values()]) if (!isLocalPart(name)) problems.push(`router.name: "${name}" is no valid user name`);
  for (const key of ['holdMs', 'lossGraceMs'] as const) {
    if (!(router[key] >= 0 && router[key] <= 86_400_000)) problems.push(`router.${key}: must be between 0 and one day`);
  }
  for (const peer of router.peers) {
    if (!domains.includes(peer)) problems.push(`router.peers: domain ${peer} is not served (served: ${domains.join(', ')})`);
  }
  return problems;
}
