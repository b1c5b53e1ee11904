import type { BalanceName } from '../../router/balance/balances.ts';
import type { AbsentServiceAnswer, ListenerLossPolicy } from '../../router/ports/options.ts';
import type { Account } from './account.ts';
import { checkAccounts, checkExposure, checkPeers, checkServed } from './checks.ts';
import { type ClusterConfig, type ClusterInput, checkCluster } from './cluster.ts';
import { type ComponentsConfig, checkComponents } from './components.ts';
import { defaultAccounts } from './defaults.ts';
import { nested, readInput } from './input.ts';
import { checkLimits, DEFAULT_LIMITS, type Limits } from './limits.ts';
import { Problems } from './problem.ts';
import { EXPOSURE_SETTINGS } from './server-settings.ts';
import type { ConfigPath, ConfigValues } from './settings.ts';
import {
  CERTIFICATE,
  checkSharedPorts,
  checkUnix,
  type PlaintextLogin,
  type TlsConfig,
  type TlsInput,
  type UnixConfig,
  type WebSocketConfig,
} from './transports.ts';
import type { PeerServer } from './values/peers.ts';
import type { Trust } from './values/trust.ts';
import type { WebConfig } from './web-settings.ts';

/** The configuration of one server. Frozen; {@link createConfig} makes it. */
export interface ChopChopConfig {
  /** The served domains (hosts), in lower case. */
  readonly domains: readonly string[];
  readonly accounts: readonly Account[];
  /** Addresses to listen on, each on all ports. */
  readonly hosts: readonly string[];
  /** 0, if alone: any port that is free on all addresses. */
  readonly ports: readonly number[];
  /** Null: no TLS. */
  readonly tls: TlsConfig | null;
  readonly unix: UnixConfig;
  readonly websocket: WebSocketConfig;
  readonly web: WebConfig;
  readonly plaintextLogin: PlaintextLogin;
  readonly router: RouterConfig;
  /** The built-in `opensrf.settings`; null: none. */
  readonly settings: SettingsConfig | null;
  /** Prefixes of the methods whose parameters stay secret; for a `LogProtect`. A reload may change them. */
  readonly logProtect: readonly string[];
  /** External components. */
  readonly components: ComponentsConfig;
  /** Null: the server is alone. */
  readonly cluster: ClusterConfig | null;
  /** Other Jabber servers. */
  readonly s2s: S2sConfig;
  readonly limits: Limits;
}

/** Streams to and from other Jabber servers. */
export interface S2sConfig {
  /** Its port on all hosts; 0: any free port; null: none. */
  readonly port: number | null;
  /** The only servers that this one talks to. */
  readonly peers: readonly PeerServer[];
  /** For dialback keys; `''`: a random one. */
  readonly secret: string;
}

/** The running configuration, which a reload changes. */
export interface RunningConfig {
  config: ChopChopConfig;
}

/** The file of the built-in `opensrf.settings`, and its routers. */
export interface SettingsConfig {
  /** Path of opensrf.xml. */
  readonly file: string;
  /** The domains of its routers. It logs in at the first one with an account besides the router's. */
  readonly domains: readonly string[];
}

/** The configuration that all routers of a server share. */
export interface RouterConfig {
  /** The local part of their addresses, and the name of their accounts. */
  readonly name: string;
  /** The same by domain, if it differs. */
  readonly names: ReadonlyMap<string, string>;
  /** Domains whose sessions may register and query, by the router's domain; by default all served domains. */
  readonly trustedServers: Trust;
  /** Domains whose sessions may send requests, likewise. */
  readonly trustedClients: Trust;
  readonly balance: BalanceName;
  readonly onListenerLoss: ListenerLossPolicy;
  readonly lossGraceMs: number;
  readonly stuckListenerMs: number;
  readonly absentService: AbsentServiceAnswer;
  readonly holdMs: number;
  /** Whether an external router may log in and replace the internal one. */
  readonly externalRouter: 'allow' | 'refuse';
  /** Domains whose routers to try for a class without a listener, in order. */
  readonly peers: readonly string[];
}

/** The input of {@link createConfig}, all optional. */
export type ConfigInput = Partial<
  Omit<ChopChopConfig, 'router' | 'settings' | 'components' | 'cluster' | 's2s' | 'limits' | 'tls' | 'unix' | 'websocket' | 'web'>
> & {
  /** Like `ports`, with a single one. */
  readonly port?: number;
  readonly tls?: TlsInput | null;
  readonly unix?: Partial<UnixConfig>;
  readonly websocket?: Partial<WebSocketConfig>;
  readonly web?: Partial<WebConfig>;
  readonly router?: Partial<RouterConfig>;
  readonly settings?: (Pick<SettingsConfig, 'file'> & Partial<SettingsConfig>) | null;
  readonly components?: Partial<ComponentsConfig>;
  readonly cluster?: ClusterInput | null;
  readonly s2s?: { readonly port?: number | null; readonly peers?: readonly (string | PeerServer)[]; readonly secret?: string };
  readonly limits?: Partial<Limits>;
  /** Listen on addresses reachable from other machines although an account has the default password, and reach NATS on others without TLS. */
  readonly insecure?: boolean;
};

/** The value at a path of an object, as `router.holdMs`. */
type At<Config, Path extends string> = Path extends `${infer Key}.${infer Rest}`
  ? Key extends keyof Config
    ? At<NonNullable<Config[Key]>, Rest>
    : never
  : Path extends keyof Config
    ? Config[Path]
    : never;

/** A value for each setting, of its type in {@link ChopChopConfig}; null if its section is null. */
type Leaves = {
  readonly [Path in ConfigPath]:
    | At<ChopChopConfig, Path>
    | (Path extends 'tls.certificate' | 'settings.file' | 'cluster.name' | 'cluster.member' ? null : never);
};

/** Fills in the defaults. @param problems Collects problems, and may contain some already. @throws ConfigError with all of them. */
export function createConfig(input: ConfigInput = {}, problems = new Problems()): ChopChopConfig {
  const { port, ports = port, ...others } = input;
  if (input.ports === undefined && port !== undefined) problems.nameInLibrary('ports', 'port');
  const leaves = complete(readInput({ ...others, ports }, problems));
  const { tls, settings, cluster, ...config } = nested(leaves) as ChopChopConfig;
  const created = Object.freeze({
    ...config,
    tls: input.tls == null ? null : tls,
    settings: input.settings == null ? null : settings,
    cluster: input.cluster == null ? null : cluster,
  });
  checkConfig(created, insecure(input, problems), problems);
  problems.throwAll();
  return created;
}

/** Fills in the defaults that depend on other settings. */
function complete(values: ConfigValues): Leaves {
  const domains = [...new Set(values.domains)];
  const accounts = values.accounts ?? defaultAccounts(domains);
  const limits = { ...DEFAULT_LIMITS, ...values.limits };
  return { ...values, domains, accounts, limits, 'settings.domains': values['settings.domains'] ?? domains.slice(0, 1) };
}

function insecure(input: ConfigInput, problems: Problems): boolean {
  const reading = EXPOSURE_SETTINGS.insecure.type.take(input.insecure ?? false);
  if (reading.ok) return reading.value;
  for (const wrong of reading.wrong) problems.add('insecure', wrong);
  return false;
}

/** Checks settings against each other, except invalid ones. */
function checkConfig(config: ChopChopConfig, mayBeExposed: boolean, problems: Problems): void {
  const { domains, accounts, hosts, ports, tls, unix, websocket, web, router, settings, components, cluster, limits } = config;
  const httpPorts = { 'websocket.ports': websocket.ports, 'websocket.tlsPorts': websocket.tlsPorts, 'web.ports': web.ports, 'web.tlsPorts': web.tlsPorts };
  checkSharedPorts({ ports, 'tls.ports': tls?.ports ?? [], ...httpPorts }, problems);
  checkUnix(unix, problems);
  checkLimits(limits, problems);
  checkTls(config, problems);
  if (!mayBeExposed && !problems.has('accounts', 'insecure')) checkExposure([...hosts, ...(servesWeb(web) ? web.hosts : [])], accounts, problems);
  checkComponents(components, domains, problems);
  if (cluster !== null) checkCluster(cluster, mayBeExposed, problems);
  checkPeers(config, problems);
  if (problems.has('domains', 'accounts')) return;
  checkAccounts(accounts, domains, problems);
  checkServed('router.peers', router.peers, domains, problems);
  if (settings !== null) checkSettings(settings, config, problems);
  if (servesWeb(web)) checkWeb(config, problems);
}

/** Whether there is a port for the gateways. */
export function servesWeb({ ports, tlsPorts }: Pick<WebConfig, 'ports' | 'tlsPorts'>): boolean {
  return ports.length + tlsPorts.length > 0;
}

function checkWeb(config: ChopChopConfig, problems: Problems): void {
  if (gatewayAccount(config) !== undefined || problems.has('web.user')) return;
  const { user } = config.web;
  problems.add(
    'web.user',
    user === null ? `the gateways need an account besides "${config.router.name}"` : `${user} is not an account, or is the router's`,
    user ?? undefined,
  );
}

function checkTls({ tls, websocket, web }: ChopChopConfig, problems: Problems): void {
  if (tls?.certificate === null && !problems.has('tls', 'tls.certificate')) problems.add('tls.certificate', `needs ${CERTIFICATE.wants}`);
  if (tls !== null) return;
  if (websocket.tlsPorts.length > 0 && !problems.has('websocket.tlsPorts')) problems.add('websocket.tlsPorts', 'there is no TLS');
  if (web.tlsPorts.length > 0 && !problems.has('web.tlsPorts')) problems.add('web.tlsPorts', 'there is no TLS');
}

function checkSettings(settings: SettingsConfig, { domains, accounts, router }: ChopChopConfig, problems: Problems): void {
  checkServed('settings.domains', settings.domains, domains, problems);
  if (settingsAccount(settings, accounts, router) !== undefined || problems.has('settings.domains')) return;
  problems.add('settings.file', `opensrf.settings needs an account besides "${router.name}" on ${settings.domains.join(' or ')}`);
}

/** The account of the built-in `opensrf.settings`. Not the router's: the server trusts its `router_from`. */
export function settingsAccount({ domains }: SettingsConfig, accounts: readonly Account[], router: RouterConfig): Account | undefined {
  const usable = accounts.filter(({ username, domain }) => username !== routerName(router, domain));
  return domains.flatMap((domain) => usable.filter((account) => account.domain === domain))[0];
}

/** The account of the web gateways. Not the router's: the server trusts its `router_from`. */
export function gatewayAccount({ web, accounts, router, domains }: Pick<ChopChopConfig, 'web' | 'accounts' | 'router' | 'domains'>): Account | undefined {
  const usable = accounts.filter(({ username, domain }) => username !== routerName(router, domain));
  if (web.user !== null) return usable.find(({ username, domain }) => `${username}@${domain}` === web.user);
  return domains.flatMap((domain) => usable.filter((account) => account.domain === domain))[0];
}

/** The local part of the address of a domain's router. */
export function routerName({ name, names }: RouterConfig, domain: string): string {
  return names.get(domain) ?? name;
}
