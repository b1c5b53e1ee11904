import type { Logger } from 'pino';
import { ChopChop } from '../../compose/chopchop.ts';
import { DEFAULT_HOST } from '../../config/config.ts';
import type { LogArguments } from '../../config/options/log-options.ts';
import { logOptionsFromArguments, siteLogArguments } from '../../config/sources/log-arguments.ts';
import type { OpensrfCore } from '../../config/sources/opensrf-core.ts';
import type { ResolvedConfig } from '../../config/sources/resolve.ts';
import type { Doubles } from '../../fixture/doubles.ts';
import { writeSiteFiles } from '../../fixture/site-files.ts';
import { VERSION } from '../../kernel/version.ts';
import { openLog } from '../../logging/logger.ts';
import { CrashWatch } from '../../process/crash.ts';
import { reportReady, startDaemon, startedAsDaemon } from '../../process/daemon.ts';
import { notifyReady } from '../../process/notify.ts';
import { PidFile, PROCESS_TITLE } from '../../process/pid-file.ts';
import { ignoreUserSignals, stopOnSignal } from '../../process/signals.ts';
import { banner, description, readyJson } from './announcement.ts';
import { doublesOf, wantsDoubles } from './doubles.ts';
import { ReadyFile } from './ready-file.ts';
import { reload } from './reload.ts';
import type { ReadArguments, ServeArguments } from './serve-arguments.ts';
import { describedControl, type ServedControl, serveControl, type WantedControl, wantedControl } from './serve-control.ts';
import { serveDoubles } from './serve-doubles.ts';
import { readServerConfig, startedOn } from './server-start.ts';

/** Runs the server until a signal ends it; with `--daemon`, until another process does so. @throws CommandError */
export async function serve(args: ServeArguments, readAgain: ReadArguments): Promise<void> {
  if (args.checkConfig) {
    const resolved = readServerConfig(args);
    const control = describedControl(wantedControl(args, process.stdout.isTTY === true, resolved.core), args);
    process.stdout.write(description(resolved, logOptionsFromArguments(logArguments(args, resolved.core)), control));
    return;
  }
  if (args.daemon && !startedAsDaemon()) {
    await serveInBackground(args);
    return;
  }
  process.title = args.processTitle ?? PROCESS_TITLE;
  const resolved = readServerConfig(args);
  // What is wrong with its options is to be said before anything is there.
  const wanted = wantedControl(args, process.stdout.isTTY === true, resolved.core);
  const doubles = wantsDoubles(args) ? await doublesOf(args) : null;
  const logOptions = logOptionsFromArguments(logArguments(args, resolved.core));
  const pidFile = args.pidFile === undefined ? null : new PidFile(args.pidFile);
  pidFile?.check();
  const { log, close } = await openLog(logOptions);
  const crash = new CrashWatch(log);
  try {
    const server = new ChopChop(resolved.config, log);
    process.on('SIGHUP', () => reload(server, readAgain, { args, logOptions }, log));
    await run({ server, resolved, args, wanted, doubles, pidFile, log, crashed: crash.crashed });
  } catch (error) {
    // Standard error has it too; but who looks for it will look here.
    if (logOptions.destination.kind !== 'stdout' && !crash.happened) log.fatal({ reason: (error as Error).message }, 'did not start');
    throw error;
  } finally {
    await close();
  }
}

function logArguments(args: ServeArguments, core: OpensrfCore | null): LogArguments {
  return siteLogArguments(args, core, args.daemon);
}

async function serveInBackground(args: ServeArguments): Promise<void> {
  const { logFile, syslog } = logArguments(args, readServerConfig(args).core);
  const pid = await startDaemon();
  process.stdout.write(`opensrf-chopchop runs as process ${pid}\n`);
  if (logFile === undefined && syslog === undefined) {
    process.stderr.write('opensrf-chopchop: nothing is logged: --daemon without --log-file or --syslog\n');
  }
}

/** Everything that one run takes. */
interface Run {
  readonly server: ChopChop;
  readonly resolved: ResolvedConfig;
  readonly args: ServeArguments;
  /** The control interface that there is to be. */
  readonly wanted: WantedControl | null;
  readonly doubles: Doubles | null;
  readonly pidFile: PidFile | null;
  readonly log: Logger;
  /** Rejects when a mistake has to end it. */
  readonly crashed: Promise<never>;
}

async function run({ server, resolved, args, wanted, doubles, pidFile, log, crashed }: Run): Promise<void> {
  const { config } = server;
  const c2s = await Promise.race([startedOn(server), crashed]);
  const { listening } = server;
  const running = doubles === null ? server : await serveDoubles(server, c2s, doubles, log);
  const readyFile = new ReadyFile(args.readyFile);
  const stopped = stopOnSignal(running, log);
  ignoreUserSignals(log);
  let control: ServedControl | null = null;
  try {
    pidFile?.write(log);
    control = await serveControl(server, wanted, log);
    if (process.stdout.isTTY) process.stdout.write(banner(resolved, listening, control));
    log.info({ version: VERSION, pid: process.pid, ...listening, domains: config.domains }, 'listening');
    for (const warning of resolved.core?.warnings ?? []) log.warn({}, warning);
    if (resolved.missingNames.length > 0) log.info({ missing: resolved.missingNames }, `not in /etc/hosts: ${DEFAULT_HOST} ${resolved.missingNames.join(' ')}`);
    if (args.configDir !== undefined) writeSiteFiles(args.configDir, config, c2s, []);
    readyFile.write(readyJson(config, listening, control));
    reportReady();
    notifyReady();
    await Promise.race([stopped, crashed]);
  } finally {
    pidFile?.remove();
    readyFile.remove();
    await control?.stop();
    await running.stop();
  }
}
