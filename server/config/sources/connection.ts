import { DEFAULT_DOMAINS, DEFAULT_HOST, DEFAULT_PASSWORD, DEFAULT_PORT, DEFAULT_ROUTER_NAME, DEFAULT_USERNAMES } from '../defaults.ts';
import { Problems } from '../problem.ts';
import { option, type ValuesOf } from '../setting.ts';
import { REMOTE_PORT } from '../values/numbers.ts';
import { DOMAIN, FILE, LOCAL_PART, secret, text } from '../values/texts.ts';
import { givenInEnvironment } from './environment.ts';
import { addressLiteral, addressOf } from './hosts-file.ts';
import { readOpensrfCore } from './opensrf-core.ts';
import { readValues } from './read-values.ts';

/** The address of a running server, the account to log in with, and the router to query. {@link resolveConnection} makes it. */
export interface ConnectionConfig {
  readonly host: string;
  readonly port: number;
  /** The domain of the account and of the router. */
  readonly domain: string;
  readonly username: string;
  readonly password: string;
  /** The local part of the router's address. */
  readonly router: string;
  /** Prefixes of methods whose parameters stay secret, as in a server's configuration. */
  readonly logProtect: readonly string[];
}

/** An OpenSRF client's connection to a server with our defaults. */
export const DEFAULT_CONNECTION: ConnectionConfig = Object.freeze({
  host: DEFAULT_HOST,
  port: DEFAULT_PORT,
  domain: DEFAULT_DOMAINS[0],
  username: DEFAULT_USERNAMES[0],
  password: DEFAULT_PASSWORD,
  router: DEFAULT_ROUTER_NAME,
  logProtect: [],
});

/** The address and the account of a connection. */
export function loginOf({ host, port, domain, username, password }: ConnectionConfig): Omit<ConnectionConfig, 'router' | 'logProtect'> {
  return { host, port, domain, username, password };
}

/** The same with a router's account, for commands restricted to router accounts. */
export const DEFAULT_ROUTER_CONNECTION: ConnectionConfig = Object.freeze({ ...DEFAULT_CONNECTION, username: DEFAULT_ROUTER_NAME });

const GROUP = 'Connection';

/** The options of all commands that log in at a running server. @param defaults The defaults that `--help` shows. */
export function connectionOptions(defaults: ConnectionConfig) {
  return {
    config: option({ option: 'config', type: FILE, group: GROUP, describe: "Read the other options from OpenSRF's opensrf_core.xml, or a .srfsh.xml" }),
    host: option({ option: 'host', type: text('the address of the server'), group: GROUP, shownDefault: defaults.host, describe: 'Connect to this address' }),
    port: option({ option: 'port', type: REMOTE_PORT, group: GROUP, shownDefault: String(defaults.port), describe: 'Connect to this port' }),
    domain: option({ option: 'domain', type: DOMAIN, group: GROUP, shownDefault: defaults.domain, describe: 'Use the account and the router of this domain' }),
    username: option({ option: 'username', type: LOCAL_PART, group: GROUP, shownDefault: defaults.username, describe: 'Log in with this account' }),
    password: option({ option: 'password', type: secret('a password'), group: GROUP, shownDefault: defaults.password, describe: 'Log in with this password' }),
    router: option({ option: 'router', type: LOCAL_PART, group: GROUP, shownDefault: defaults.router, describe: "Ask the router with this account's name" }),
  } as const;
}

/** The values of {@link connectionOptions}; null if absent from the command line, so that a file or the environment can set it. */
export type ConnectionValues = ValuesOf<ReturnType<typeof connectionOptions>>;

/** The variables that `exec` sets for its command. */
const ENVIRONMENT = {
  host: { environment: 'OSRF_HOST' },
  port: { environment: 'OSRF_PORT' },
  domain: { environment: 'OSRF_DOMAIN' },
  username: { environment: 'OSRF_USERNAME' },
  password: { environment: 'OSRF_PASSWORD' },
  router: { environment: 'OSRF_ROUTER' },
} as const;

/**
 * Fills the gaps of the command line from the file, then from the environment, then from the defaults.
 * @throws ConfigError with every problem.
 */
export function resolveConnection(given: ConnectionValues, environment: NodeJS.ProcessEnv, defaults: ConnectionConfig): ConnectionConfig {
  const { config, ...ofCommandLine } = given;
  const said = { ...(config === null ? {} : fromFile(config, defaults)), ...withoutNulls(ofCommandLine) };
  const { host, port, domain, username, password, router, logProtect } = { ...defaults, host: null, ...fromEnvironment(environment, defaults, said), ...said };
  // OpenSRF's programs connect to the host named by the domain.
  const address = host ?? addressLiteral(domain) ?? defaults.host;
  return Object.freeze({ host: address, port, domain, username, password, router, logProtect });
}

/** The values that no stronger source sets. A command for router accounts only keeps that account. */
function fromEnvironment(environment: NodeJS.ProcessEnv, defaults: ConnectionConfig, said: Partial<ConnectionConfig>): Partial<ConnectionConfig> {
  const ofRouter = defaults.username === DEFAULT_ROUTER_NAME;
  const asked = Object.entries(ENVIRONMENT).filter(([key]) => !(key in said) && !(ofRouter && ACCOUNT.has(key)));
  const problems = new Problems();
  const { values } = readValues(connectionOptions(defaults), [givenInEnvironment(Object.fromEntries(asked), environment)], problems);
  problems.throwAll();
  return withoutNulls(values);
}

const ACCOUNT = new Set(['username', 'password']);

/** The account of services and srfsh; for commands restricted to router accounts, the router's. */
function fromFile(file: string, { username }: ConnectionConfig): Partial<ConnectionConfig> {
  const { clients, routers, logProtect } = readOpensrfCore(file);
  const [client] = clients;
  const router = routers.find(({ domain }) => domain === client?.domain) ?? routers[0];
  const section = username === DEFAULT_ROUTER_NAME ? (router ?? client) : (client ?? router);
  if (section === undefined) return { logProtect };
  const account = { host: addressOf(section.domain), domain: section.domain, username: section.username, password: section.password };
  return { ...account, router: router?.username ?? client?.routerName ?? DEFAULT_ROUTER_NAME, ...(section.port > 0 && { port: section.port }), logProtect };
}

type NonNull<Values> = { readonly [Key in keyof Values]?: NonNullable<Values[Key]> };

function withoutNulls<Values extends object>(values: Values): NonNull<Values> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as NonNull<Values>;
}
