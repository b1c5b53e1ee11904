import { isLocalPart, normalizeDomain } from '../../../shared/jid.ts';
import { ConfigError, DEFAULT_DOMAINS, DEFAULT_HOST, DEFAULT_PASSWORD, DEFAULT_PORT, DEFAULT_ROUTER, DEFAULT_USERNAMES } from '../config.ts';
import { domainAddresses } from '../hosts-file.ts';
import { readOpensrfCore } from './opensrf-core.ts';

/** How a command gets to a running server, as whom, and which router it speaks to. Comes out of {@link resolveConnection}. */
export interface ConnectionConfig {
  readonly host: string;
  readonly port: number;
  /** The domain of the account and of the router. */
  readonly domain: string;
  readonly username: string;
  readonly password: string;
  /** The local part of the router's address. */
  readonly router: string;
  /** As in a server's configuration: methods whose parameters may not be shown. */
  readonly logProtect: readonly string[];
}

/** An OpenSRF client's connection to a server with our defaults. */
export const DEFAULT_CONNECTION: ConnectionConfig = Object.freeze({
  host: DEFAULT_HOST,
  port: DEFAULT_PORT,
  domain: DEFAULT_DOMAINS[0],
  username: DEFAULT_USERNAMES[0],
  password: DEFAULT_PASSWORD,
  router: DEFAULT_ROUTER.name,
  logProtect: [],
});

/** The same with a router's account, for orders that a router takes from its own kind alone. */
export const DEFAULT_ROUTER_CONNECTION: ConnectionConfig = Object.freeze({ ...DEFAULT_CONNECTION, username: DEFAULT_ROUTER.name });

/** What yargs makes of {@link connectionOptions}: nothing where the user said nothing, so that a file or the environment may say it. */
export type ConnectionArguments = { readonly [Key in Exclude<keyof ConnectionConfig, 'logProtect'>]?: ConnectionConfig[Key] | undefined } & {
  readonly config?: string | undefined;
};

const OPTION = { requiresArg: true, group: 'Connection:' } as const;

/** The options of all commands that log in at a running server, for yargs. @param defaults What `--help` shows. */
export function connectionOptions(defaults: ConnectionConfig) {
  return {
    config: { ...OPTION, type: 'string', describe: "Take what is not said here from OpenSRF's opensrf_core.xml, or a .srfsh.xml" },
    host: { ...OPTION, type: 'string', defaultDescription: defaults.host, describe: 'Address of the server' },
    port: { ...OPTION, type: 'number', defaultDescription: String(defaults.port), describe: 'Its port' },
    domain: { ...OPTION, type: 'string', defaultDescription: defaults.domain, describe: 'Domain of the account and of the router' },
    username: { ...OPTION, type: 'string', defaultDescription: defaults.username, describe: 'Account to log in with' },
    password: { ...OPTION, type: 'string', defaultDescription: defaults.password, describe: 'Its password' },
    router: { ...OPTION, type: 'string', defaultDescription: defaults.router, describe: "Name of the router's account" },
  } as const;
}

/**
 * Fills in what the command line left open.
 * @param defaults Whatever is known without it.
 * @throws ConfigError with all that is wrong.
 */
export function resolveConnection(args: ConnectionArguments, defaults: ConnectionConfig): ConnectionConfig {
  const { host, port, domain: written, username, password, router, logProtect } = { ...defaults, ...fromFile(args.config, defaults), ...withoutGaps(args) };
  const domain = normalizeDomain(written);
  const problems: string[] = [];
  if (host === '') problems.push('--host: it is empty');
  if (!Number.isInteger(port) || port < 1 || port > 65_535) problems.push(`--port: ${port} is not a number from 1 to 65535`);
  if (domain === null) problems.push(`--domain: "${written}" is no domain`);
  if (!isLocalPart(username)) problems.push(`--username: "${username}" is no valid user name`);
  if (!isLocalPart(router)) problems.push(`--router: "${router}" is no valid user name`);
  if (domain === null || problems.length > 0) throw new ConfigError(problems);
  return Object.freeze({ host, port, domain, username, password, router, logProtect });
}

/**
 * What a process that `exec` has started finds in its environment. For orders that only a router's account may give, the account is the router's
 * all the same.
 */
export function connectionFromEnvironment(environment: Readonly<Record<string, string | undefined>>, defaults: ConnectionConfig): Partial<ConnectionConfig> {
  const { OSRF_HOST: host, OSRF_PORT: port, OSRF_DOMAIN: domain, OSRF_USERNAME: username, OSRF_PASSWORD: password, OSRF_ROUTER: router } = environment;
  const place = { host, port: port === undefined ? undefined : Number(port), domain, router };
  return withoutGaps(defaults.username === DEFAULT_ROUTER_CONNECTION.username ? place : { ...place, username, password });
}

/** The account of services and srfsh; for orders that only a router's account may give, the router's. */
function fromFile(file: string | undefined, { username }: ConnectionConfig): Partial<ConnectionConfig> {
  if (file === undefined) return {};
  const { clients, routers, logProtect } = readOpensrfCore(file);
  const [client] = clients;
  const router = routers.find(({ domain }) => domain === client?.domain) ?? routers[0];
  const section = username === DEFAULT_ROUTER_CONNECTION.username ? (router ?? client) : (client ?? router);
  if (section === undefined) return { logProtect };
  const [host = DEFAULT_HOST] = domainAddresses([section.domain]).hosts;
  const account = { host, domain: section.domain, username: section.username, password: section.password };
  return { ...account, router: router?.username ?? client?.routerName ?? DEFAULT_ROUTER.name, ...(section.port > 0 && { port: section.port }), logProtect };
}

function withoutGaps(args: ConnectionArguments): Partial<ConnectionConfig> {
  const { host, port, domain, username, password, router } = args;
  return Object.fromEntries(Object.entries({ host, port, domain, username, password, router }).filter(([, value]) => value !== undefined));
}
