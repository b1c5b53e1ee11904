import type { Logger } from 'pino';
import { ChopChop } from '../../compose/chopchop.ts';
import { DEFAULT_HOST } from '../../config/defaults.ts';
import { formatProblem, Problems } from '../../config/problem.ts';
import { SETTINGS } from '../../config/settings.ts';
import { givenInEnvironment } from '../../config/sources/environment.ts';
import { givenOnCommandLine } from '../../config/sources/given.ts';
import { readValues } from '../../config/sources/read-values.ts';
import { type Resolved, resolveSettings, type Sources } from '../../config/sources/resolve.ts';
import { writeSiteFiles } from '../../fixture/site-files.ts';
import type { TestDoubles } from '../../fixture/test-doubles.ts';
import { VERSION } from '../../kernel/version.ts';
import { type OpenLog, openLog } from '../../logging/logger.ts';
import { CrashWatch } from '../../process/crash.ts';
import { reportReady, startDaemon, startedAsDaemon } from '../../process/daemon.ts';
import { notifyReady } from '../../process/notify.ts';
import { PidFile, PROCESS_TITLE, ROUTER_TITLE } from '../../process/pid-file.ts';
import { ignoreUserSignals, stopOnSignal } from '../../process/signals.ts';
import { banner, description, readyJson } from './announcement.ts';
import { ReadyFile } from './ready-file.ts';
import { RegisteredServices } from './registered-services.ts';
import { reload } from './reload.ts';
import { type ServedControl, serveControl, type WantedControl, wantedControl } from './serve-control.ts';
import { serveTestDoubles } from './serve-test-doubles.ts';
import { startedOn } from './server-start.ts';
import { hasTestDoubles, loadTestDoubles } from './test-doubles.ts';

/** Runs the server until a signal ends it; with `--daemon`, starts it in the background. @throws CommandError, ConfigError */
export async function serve(args: Sources['args']): Promise<void> {
  if (goesToBackground(args)) {
    await serveInBackground();
    return;
  }
  const read = (isTerminal: boolean) => resolveSettings({ command: 'serve', args, environment: process.env, isTerminal });
  const resolved = read(process.stdout.isTTY === true);
  const { settings, log: logOptions } = resolved;
  // Refuse an invalid token before anything starts.
  const wanted = wantedControl(resolved);
  if (settings.values['process.checkConfig']) {
    const { checkStart } = await import('./preflight.ts');
    await checkStart(resolved);
    process.stdout.write(description(resolved));
    return;
  }
  process.title = settings.values['process.title'] ?? PROCESS_TITLE;
  const testDoubles = hasTestDoubles(settings) ? await loadTestDoubles(settings) : null;
  const pidFilePath = settings.values['process.pidFile'];
  const pidFile = pidFilePath === null ? null : new PidFile(pidFilePath);
  pidFile?.check();
  const { log, life, lostLines, close } = await openLog(logOptions);
  const crash = new CrashWatch(log);
  try {
    const server = new ChopChop(resolved.config, log);
    process.on('SIGHUP', () => reload(server, () => read(false), resolved, log));
    await run({ server, resolved, wanted, testDoubles, pidFile, log, life, lostLines, crashed: crash.crashed });
  } catch (error) {
    // Standard error has it too, but users of the log look here.
    if (logOptions.destination.kind !== 'stdout' && !crash.happened) log.fatal({ reason: (error as Error).message }, 'did not start');
    throw error;
  } finally {
    await close();
  }
}

const ASKED_FIRST = { daemon: SETTINGS['process.daemon'], checkConfig: SETTINGS['process.checkConfig'] } as const;

/** Whether to serve as a daemon. The daemon reads all settings and reports errors in them. */
function goesToBackground(args: Sources['args']): boolean {
  if (startedAsDaemon()) return false;
  const sources = [givenOnCommandLine(ASKED_FIRST, args), givenInEnvironment(ASKED_FIRST, process.env)];
  const { daemon, checkConfig } = readValues(ASKED_FIRST, sources, new Problems()).values;
  return daemon && !checkConfig;
}

async function serveInBackground(): Promise<void> {
  const { pid, note } = await startDaemon();
  process.stdout.write(`opensrf-chopchop runs as process ${pid}\n`);
  if (note !== '') process.stderr.write(`opensrf-chopchop: ${note}\n`);
}

/** The parts of one run. */
interface Run {
  readonly server: ChopChop;
  readonly resolved: Resolved;
  /** The control interface to start. */
  readonly wanted: WantedControl | null;
  readonly testDoubles: TestDoubles | null;
  readonly pidFile: PidFile | null;
  readonly log: Logger;
  /** For the lines about the server's own start and end. */
  readonly life: Logger;
  readonly lostLines: OpenLog['lostLines'];
  /** Rejects after an internal error that must end it. */
  readonly crashed: Promise<never>;
}

async function run({ server, resolved, wanted, testDoubles, pidFile, log, life, lostLines, crashed }: Run): Promise<void> {
  const { config } = server;
  const services = RegisteredServices.of(server, resolved, log);
  services?.expect();
  const c2s = await Promise.race([startedOn(server), crashed]);
  const { listening } = server;
  const running = testDoubles === null ? server : await serveTestDoubles(server, c2s, testDoubles, log);
  const { 'process.readyFile': ready, 'process.configDir': configDir } = resolved.settings.values;
  const readyFile = new ReadyFile(ready);
  const stopped = stopOnSignal(running, life, config.limits.closeTimeoutMs + STOP_MS);
  ignoreUserSignals(log);
  let control: ServedControl | null = null;
  let end: 'clean' | 'unclean' = 'unclean';
  try {
    pidFile?.write(log);
    pidFile?.removeAtExit();
    services?.watch();
    control = await serveControl(server, wanted, log, lostLines);
    if (process.stdout.isTTY) process.stdout.write(banner(resolved, listening, control));
    life.info({ version: VERSION, pid: process.pid, ...listening, domains: config.domains }, 'listening');
    for (const warning of resolved.warnings) log.warn({}, formatProblem(warning));
    if (resolved.missingNames.length > 0) log.info({ missing: resolved.missingNames }, `not in /etc/hosts: ${DEFAULT_HOST} ${resolved.missingNames.join(' ')}`);
    if (configDir !== null) writeSiteFiles(configDir, config, c2s, []);
    readyFile.write(readyJson(config, listening, control));
    reportReady(resolved.log.destination.kind === 'stdout' ? NOT_LOGGED : '');
    notifyReady();
    await Promise.race([stopped, crashed]);
    end = 'clean';
  } finally {
    services?.stop(end);
    readyFile.remove();
    await control?.stop();
    // Do not wait a second time for a stop that took too long.
    const ended = stopped.then(
      () => true,
      () => false,
    );
    if (await Promise.race([running.stop().then(() => true), ended])) life.info({}, 'stopped');
    if (process.title === ROUTER_TITLE) await pidFile?.waitForReader();
  }
}

/** The time limit of a stop, besides the time for peers to close their side. */
const STOP_MS = 5_000;

const NOT_LOGGED = 'nothing is logged: --daemon without --log-file or --syslog';
