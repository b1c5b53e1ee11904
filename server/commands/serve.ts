import type { Logger } from 'pino';
import { ChopChop } from '../chopchop.ts';
import { type ChopChopConfig, ConfigError, DEFAULT_HOST, DEFAULT_PASSWORD, routerName } from '../config/config.ts';
import type { ServerArguments } from '../config/options.ts';
import { type ResolvedConfig, resolveConfig } from '../config/resolve.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { removeFile, writeFileAtomically } from '../files.ts';
import type { LogLevel } from '../log-levels.ts';
import { createLogger } from '../logger.ts';
import { type BoundAddress, ListenError } from '../net/tcp.ts';
import { VERSION } from '../version.ts';

/** The arguments of `serve`. */
export interface ServeArguments extends ServerArguments {
  readonly checkConfig: boolean;
  readonly logLevel: LogLevel;
  readonly readyFile?: string | undefined;
  readonly pidFile?: string | undefined;
}

/** Runs the server until a signal ends it. @throws CommandError */
export async function serve(args: ServeArguments): Promise<void> {
  const resolved = readConfig(args);
  const { config } = resolved;
  if (args.checkConfig) {
    process.stdout.write(description(resolved));
    return;
  }
  const log = await createLogger(args.logLevel);
  const server = new ChopChop(config, log);
  const addresses = await start(server);
  const files = [args.pidFile, args.readyFile].filter((file) => file !== undefined);
  const stopped = stopOnSignal(server, log);
  process.on('SIGHUP', () => reload(server, args, log));
  try {
    if (args.pidFile !== undefined) writeFileAtomically(args.pidFile, `${process.pid}\n`);
    if (process.stdout.isTTY) process.stdout.write(banner(resolved, addresses));
    for (const warning of resolved.core?.warnings ?? []) log.warn({}, warning);
    if (resolved.missingNames.length > 0) log.info({ missing: resolved.missingNames }, `not in /etc/hosts: ${DEFAULT_HOST} ${resolved.missingNames.join(' ')}`);
    log.info({ version: VERSION, pid: process.pid, c2s: addresses, domains: config.domains }, 'listening');
    if (args.readyFile !== undefined) writeFileAtomically(args.readyFile, readyJson(config, addresses));
    await stopped;
  } finally {
    for (const file of files) removeFile(file);
    await server.stop();
  }
}

function readConfig(args: ServerArguments): ResolvedConfig {
  try {
    return resolveConfig(args);
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandError(EXIT.usage, error.message);
    throw error;
  }
}

/** SIGHUP: reads the configuration again. A bad one changes nothing and is told. */
function reload(server: ChopChop, args: ServerArguments, log: Logger): void {
  try {
    const { config, core } = resolveConfig(args);
    const restart = server.reload(config);
    for (const warning of core?.warnings ?? []) log.warn({}, warning);
    if (restart.length > 0) log.warn({ settings: restart }, 'changed settings that take a restart were left as they are');
    log.info({ accounts: config.accounts.length, file: args.config }, 'configuration reloaded');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log.error({ problems: error.problems }, 'configuration not reloaded: nothing was changed');
  }
}

async function start(server: ChopChop): Promise<BoundAddress[]> {
  try {
    return await server.start();
  } catch (error) {
    if (error instanceof ListenError) throw new CommandError(EXIT.network, error.message);
    throw error;
  }
}

/** Resolves when the first SIGINT or SIGTERM has stopped the server; the second one ends the process at once. */
function stopOnSignal(server: ChopChop, log: Logger): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopping = false;
    const onSignal = (signal: NodeJS.Signals, number: number) => {
      if (stopping) process.exit(128 + number);
      stopping = true;
      log.info({ signal }, 'stopping');
      server.stop().then(resolve, reject);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}

/** What a program that waits for the server wants to know. */
function readyJson(config: ChopChopConfig, addresses: readonly BoundAddress[]): string {
  return `${JSON.stringify({ pid: process.pid, version: VERSION, c2s: addresses, domains: config.domains, routers: routersOf(config) })}\n`;
}

function routersOf({ domains, router }: ChopChopConfig): string[] {
  return domains.map((domain) => `${routerName(router, domain)}@${domain}/router`);
}

/** What `--check-config` prints: JSON, without passwords. */
function description({ config, core, missingNames }: ResolvedConfig): string {
  const { domains, hosts, ports, router, limits } = config;
  const accounts = config.accounts.map(({ username, domain }) => `${username}@${domain}`);
  const trusted = (which: ReadonlyMap<string, readonly string[]>) => Object.fromEntries(domains.map((domain) => [domain, which.get(domain) ?? domains]));
  const routers = { ...router, names: undefined, trustedServers: trusted(router.trustedServers), trustedClients: trusted(router.trustedClients) };
  const described = { domains, hosts, ports, accounts, routers: routersOf(config), router: routers, limits, missingNames, warnings: core?.warnings ?? [] };
  return `${JSON.stringify(described, null, 2)}\n`;
}

function banner({ config, missingNames }: ResolvedConfig, addresses: readonly BoundAddress[]): string {
  const [first] = addresses as [BoundAddress, ...BoundAddress[]];
  const [domain] = config.domains;
  const account = config.accounts.find((one) => one.domain === domain && one.username !== routerName(config.router, one.domain));
  const lines = [
    `opensrf-chopchop ${VERSION}`,
    '',
    `  listening  ${addresses.map(({ host, port }) => `${host}:${port}`).join('  ')}`,
    `  routers    ${routersOf(config).join('  ')}`,
    `  accounts   ${accountNames(config).join('  ')}`,
    '',
    '  In opensrf_core.xml (and every other domain likewise):',
    `    <domain>${domain}</domain> <port>${first.port}</port> <username>${account?.username ?? 'NAME'}</username> <passwd>${shown(account?.password)}</passwd>`,
    ...(missingNames.length === 0 ? [] : ['  In /etc/hosts, unless these names resolve already:', `    ${DEFAULT_HOST} ${missingNames.join(' ')}`]),
    '',
    '  Ctrl-C stops it.',
    '',
  ];
  return `${lines.join('\n')}\n`;
}

/** Each name once if it is on every domain with one password, else with its domain. */
function accountNames({ accounts, domains }: ChopChopConfig): string[] {
  const names = [...new Set(accounts.map(({ username }) => username))];
  return names.flatMap((name) => {
    const same = accounts.filter(({ username }) => username === name);
    const everywhere = same.length === domains.length && new Set(same.map(({ password }) => password)).size === 1;
    return everywhere ? [`${name}:${shown(same[0]?.password)}`] : same.map(({ domain, password }) => `${name}:${shown(password)}@${domain}`);
  });
}

/** Only the password that everybody knows is shown. */
function shown(password: string | undefined): string {
  return password === DEFAULT_PASSWORD ? password : '***';
}
