import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogOptions } from '../config/log-values.ts';
import type { ValuesOf } from '../config/setting.ts';
import { wantedPort } from '../config/sources/control.ts';
import type { GivenByKey } from '../config/sources/given.ts';
import { resolveSettings } from '../config/sources/resolve.ts';
import { ChopChopFixture } from '../fixture/fixture.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { checkWritable } from '../kernel/files.ts';
import { OsrfTimeout } from '../osrf/errors.ts';
import { Child, Interruption } from '../process/child.ts';
import { Guardian } from '../process/guardian.ts';
import type { ParsedArguments } from './arguments.ts';
import type { EXEC_OPTIONS } from './client-options.ts';
import { startServer } from './serve/server-start.ts';
import { loadTestDoubles, testDoublesFailure } from './serve/test-doubles.ts';
import { summary } from './text/exec-summary.ts';
import { oneLine } from './text/one-line.ts';
import { sayWhileWaiting } from './text/progress.ts';

/** The arguments of `exec` besides the server's settings. */
export interface ExecArguments extends ValuesOf<typeof EXEC_OPTIONS> {
  readonly command: readonly string[];
}

/** The defaults: any free port, and a domain that every resolver knows. */
const DEFAULTS: GivenByKey = new Map(
  Object.entries({ ports: '0', domains: 'localhost' }).map(([path, text]) => [path, [{ text, place: { source: 'default', name: path, file: '', line: 0 } }]]),
);

/**
 * Runs a command with a private server, and passes the server's address in the environment.
 * @returns the command's exit code.
 * @throws CommandError or ConfigError if the command could not run.
 */
export async function exec(parsed: ParsedArguments, args: ExecArguments): Promise<number> {
  if (args.command.length === 0) throw new CommandError(EXIT.usage, 'exec: name a command: exec [options] -- COMMAND');
  const folder = args.configDir ?? temporaryFolder();
  try {
    return await execIn(folder, parsed, args);
  } finally {
    if (args.configDir === null) rmSync(folder, { recursive: true, force: true });
  }
}

/** @param folder For the configuration files. */
async function execIn(folder: string, parsed: ParsedArguments, args: ExecArguments): Promise<number> {
  const sources = { command: 'exec', args: parsed, environment: {}, defaults: DEFAULTS, isTerminal: false, inBackground: false } as const;
  const { settings, config, log: logOptions } = resolveSettings(sources);
  if (args.report !== null) checkWritable(args.report);
  const testDoubles = await loadTestDoubles(settings);
  const { log, close } = logOptions.destination.kind === 'stdout' ? SILENT : await openLogOf(logOptions);
  const { server, addresses } = await startServer(config, log);
  const fixture = await ChopChopFixture.around(server, addresses, testDoubles).catch((error) => Promise.reject(testDoublesFailure(error)));
  const [program, ...parameters] = args.command as [string, ...string[]];
  const beside: Child[] = [];
  const interruption = new Interruption();
  const guardian = new Guardian();
  let ending = 'was interrupted';
  try {
    await openConsole(fixture, args.console);
    const environment = { ...process.env, ...environmentOf(fixture, folder, args.service) };
    for (const line of args.start) beside.push(new Child(line, null, environment, guardian));
    await Promise.race([waitForServices(fixture, args.service, args.timeoutMs, beside), interruption.ended]);
    interruption.stop();
    const exitCode = await new Child(program, parameters, environment, guardian).exitCode();
    ending = `ended with exit code ${exitCode}`;
    if (exitCode !== 0) process.stderr.write(summary(args.command, exitCode, fixture));
    return exitCode;
  } finally {
    interruption.stop();
    await Promise.all(beside.map((child) => child.end()));
    guardian.end();
    await report(fixture, args, ending).finally(async () => {
      await fixture.stop();
      await close();
    });
  }
}

async function openConsole(fixture: ChopChopFixture, port: ExecArguments['console']): Promise<void> {
  if (port === null || port === 'off') return;
  const { ControlListenError } = await import('../control/control-server.ts');
  await fixture.openConsole({ ...wantedPort(port), socket: null }).catch((error) => {
    throw error instanceof ControlListenError ? new CommandError(EXIT.network, `exec: ${error.message}`) : error;
  });
}

async function report(fixture: ChopChopFixture, { report: file, command }: ExecArguments, ending: string): Promise<void> {
  if (file === null) return;
  const { page } = await fixture.report(file, { title: `${oneLine(command.join(' '))} ${ending}` });
  process.stderr.write(`opensrf-chopchop: report: ${page}\n`);
}

/** Made before the server starts, which a failure would leave running. @throws CommandError */
function temporaryFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'opensrf-chopchop-'));
  } catch (error) {
    throw new CommandError(EXIT.file, `exec: cannot make a temporary folder: ${(error as Error).message}; see TMPDIR, or name a folder by --config-dir`);
  }
}

const SILENT = { log: { debug() {}, info() {}, warn() {}, error() {} }, close: () => {} };

async function openLogOf(options: LogOptions) {
  const { openLog } = await import('../logging/logger.ts');
  return openLog(options);
}

function environmentOf(fixture: ChopChopFixture, folder: string, services: readonly string[]): Record<string, string> {
  const { core } = fixture.writeConfig(folder, [...new Set([...fixture.services(), ...services])]);
  return { ...fixture.env(), OSRF_CONFIG: core, OSRF_CONFIG_DIR: folder };
}

async function waitForServices(fixture: ChopChopFixture, services: readonly string[], timeoutMs: number, beside: readonly Child[]): Promise<void> {
  const ended = beside.map(async (child) => {
    const code = await child.exitCode();
    // The first process of a daemon ends with success.
    if (code !== 0) throw new CommandError(EXIT.failed, `exec: ${child.name} ended with exit code ${code} before ${services.join(', ')} registered`);
    return new Promise<never>(() => {});
  });
  for (const one of ended) one.catch(() => {});
  const missing = () => services.filter((service) => !fixture.services().includes(service));
  const stop = sayWhileWaiting(() => `not registered: ${missing().join(', ')}`);
  const registered = Promise.all(services.map((service) => fixture.waitForService(service, { timeoutMs })));
  try {
    await (services.length === 0 ? registered : Promise.race([registered, ...ended]));
  } catch (error) {
    if (!(error instanceof OsrfTimeout)) throw error;
    throw new CommandError(EXIT.timeout, `exec: after ${timeoutMs / 1000} s not registered: ${missing().join(', ')}`);
  } finally {
    stop();
  }
}
