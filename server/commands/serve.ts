import type { Logger } from 'pino';
import { ChopChop } from '../chopchop.ts';
import { type ChopChopConfig, ConfigError, DEFAULT_PASSWORD } from '../config/config.ts';
import { configFromArguments, type ServerArguments } from '../config/options.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { removeFile, writeFileAtomically } from '../files.ts';
import type { LogLevel } from '../log-levels.ts';
import { createLogger } from '../logger.ts';
import { type BoundAddress, ListenError } from '../net/tcp.ts';
import { SettingsError } from '../opensrf/settings/settings-error.ts';
import { VERSION } from '../version.ts';

/** The arguments of `serve`. */
export interface ServeArguments extends ServerArguments {
  readonly logLevel: LogLevel;
  readonly readyFile?: string | undefined;
  readonly pidFile?: string | undefined;
}

/** Runs the server until a signal ends it. @throws CommandError */
export async function serve(args: ServeArguments): Promise<void> {
  const config = readConfig(args);
  const log = await createLogger(args.logLevel);
  const server = new ChopChop(config, log);
  const addresses = await start(server);
  const files = [args.pidFile, args.readyFile].filter((file) => file !== undefined);
  const stopped = stopOnSignal(server, log);
  try {
    if (args.pidFile !== undefined) writeFileAtomically(args.pidFile, `${process.pid}\n`);
    if (process.stdout.isTTY) process.stdout.write(banner(config, addresses));
    log.info({ version: VERSION, pid: process.pid, c2s: addresses, domains: config.domains }, 'listening');
    if (args.readyFile !== undefined) writeFileAtomically(args.readyFile, readyJson(config, addresses));
    await stopped;
  } finally {
    for (const file of files) removeFile(file);
    await server.stop();
  }
}

function readConfig(args: ServerArguments): ChopChopConfig {
  try {
    return configFromArguments(args);
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandError(EXIT.usage, error.message);
    throw error;
  }
}

async function start(server: ChopChop): Promise<BoundAddress[]> {
  try {
    return await server.start();
  } catch (error) {
    if (error instanceof ListenError) throw new CommandError(EXIT.network, error.message);
    if (error instanceof SettingsError) throw new CommandError(error.fault === 'file' ? EXIT.file : EXIT.usage, error.message);
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
  return domains.map((domain) => `${router.name}@${domain}/router`);
}

function banner(config: ChopChopConfig, addresses: readonly BoundAddress[]): string {
  const [first] = addresses as [BoundAddress, ...BoundAddress[]];
  const [domain] = config.domains;
  const account = config.accounts.find((one) => one.domain === domain && one.username !== config.router.name);
  const lines = [
    `opensrf-chopchop ${VERSION}`,
    '',
    `  listening  ${addresses.map(({ host, port }) => `${host}:${port}`).join('  ')}`,
    `  routers    ${routersOf(config).join('  ')}`,
    `  accounts   ${accountNames(config).join('  ')}`,
    ...(config.settings === null ? [] : [`  settings   opensrf.settings from ${config.settings.file}`]),
    '',
    '  In opensrf_core.xml (and every other domain likewise):',
    `    <domain>${domain}</domain> <port>${first.port}</port> <username>${account?.username ?? 'NAME'}</username> <passwd>${shown(account?.password)}</passwd>`,
    '  In /etc/hosts, unless these names resolve already:',
    `    ${first.host} ${config.domains.filter((name) => name !== 'localhost').join(' ')}`,
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
