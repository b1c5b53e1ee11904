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
import { EXIT } from '../../kernel/exit-codes.ts';
import { VERSION } from '../../kernel/version.ts';
import { type OpenLog, openLog } from '../../logging/logger.ts';
import type { BoundAddress } from '../../net/tcp.ts';
import { CrashWatch } from '../../process/crash.ts';
import { reportReady, startDaemon, startedAsDaemon } from '../../process/daemon.ts';
import { Keeper } from '../../process/keeper.ts';
import { ServiceManager } from '../../process/notify.ts';
import { PidFile, PROCESS_TITLE, ROUTER_TITLE } from '../../process/pid-file.ts';
import { predecessor } from '../../process/predecessor.ts';
import { ignoreUserSignals, type Stoppable, stopOnSignal } from '../../process/signals.ts';
import { banner, description, readyJson } from './announcement.ts';
import { arrivalOf } from './arrival.ts';
import { ReadyFile } from './ready-file.ts';
import { RegisteredServices } from './registered-services.ts';
import { reload } from './reload.ts';
import { type Departed, Restarter } from './restart.ts';
import { loadControl, type ServedControl, serveControl, type WantedControl, wantedControl } from './serve-control.ts';
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
  if (predecessor === null) pidFile?.check();
  const { log, life, lostLines, close } = await openLog(logOptions);
  const crash = new CrashWatch(log);
  try {
    const server = new ChopChop(resolved.config, log);
    const systemd = new ServiceManager();
    process.on('SIGHUP', () => {
      void systemd.reloading();
      reload(server, () => read(false), resolved, log);
      void systemd.ready();
    });
    await run({ server, systemd, resolved, wanted, testDoubles, pidFile, log, life, lostLines, crashed: crash.crashed });
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
  if (startedAsDaemon() || predecessor !== null) return false;
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
  readonly systemd: ServiceManager;
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

async function run(parts: Run): Promise<void> {
  const { server, systemd, resolved, testDoubles, pidFile, log, life, crashed } = parts;
  const { config } = server;
  const services = RegisteredServices.of(server, resolved, log);
  const keeper = new Keeper();
  let running: Stoppable = server;
  let control: ServedControl | null = null;
  const restarter = new Restarter({
    server,
    keeper,
    systemd,
    log: life,
    obstacle: testDoubles === null ? '' : 'a server with stubs, a recording or faults cannot hand over: they are only in its memory',
    controlPort: () => control?.port ?? 0,
    releaseControl: () => control?.release(),
  });
  let stopped = new Promise<void>(() => {});
  const obeySignals = () => {
    stopped = stopOnSignal({ stop: async () => void (restarter.stop() || (await running.stop())) }, life, config.limits.closeTimeoutMs + STOP_MS);
    ignoreUserSignals(log);
  };
  const c2s = await Promise.race([startedWith(parts, services, keeper, obeySignals), crashed]);
  if (testDoubles !== null) running = await serveTestDoubles(server, c2s, testDoubles, log);
  if (predecessor === null) obeySignals();
  const readyFile = new ReadyFile(resolved.settings.values['process.readyFile']);
  let end: 'clean' | 'unclean' | Departed = 'unclean';
  try {
    services?.watch();
    control = await notVital(log, async () => {
      pidFile?.write(log, predecessor === null ? 'new' : 'taken over');
      pidFile?.removeAtExit();
      await predecessor?.released;
      control = await serveControl(server, parts.wanted, log, parts.lostLines, () => restarter.restart());
      announce(parts, c2s, control, readyFile);
      return control;
    });
    reportReady(resolved.log.destination.kind === 'stdout' ? NOT_LOGGED : '');
    await systemd.serving();
    predecessor?.settled();
    end = await Promise.race([stopped.then(() => 'clean' as const), crashed, restarter.left]);
  } finally {
    services?.stop(end);
    readyFile.remove();
    await control?.stop();
    if (end === 'clean' || end === 'unclean') await stopAll(running, stopped, life, pidFile);
  }
  if (end !== 'clean') process.exit((await keeper.keep()) || (end === 'handed over' ? EXIT.ok : EXIT.failed));
}

/** @param obeySignals Called by a successor before it serves: until then a signal ends it, and its predecessor goes on. */
async function startedWith({ server, wanted }: Run, services: RegisteredServices | null, keeper: Keeper, obeySignals: () => void): Promise<BoundAddress[]> {
  if (predecessor === null) {
    services?.expect();
    return startedOn(server);
  }
  // Now, because it takes long.
  if (wanted !== null) await loadControl();
  return startedOn(server, arrivalOf(predecessor, server, keeper, obeySignals));
}

/** Says where the server listens: on the terminal, in the log, in files. */
function announce(
  { server: { config, listening }, resolved, log, life }: Run,
  c2s: readonly BoundAddress[],
  control: ServedControl | null,
  readyFile: ReadyFile,
): void {
  const { 'process.configDir': configDir } = resolved.settings.values;
  if (process.stdout.isTTY && predecessor === null) process.stdout.write(banner(resolved, listening, control));
  life.info({ version: VERSION, pid: process.pid, ...listening, domains: config.domains }, 'listening');
  for (const warning of resolved.warnings) log.warn({}, formatProblem(warning));
  if (resolved.missingNames.length > 0) log.info({ missing: resolved.missingNames }, `not in /etc/hosts: ${DEFAULT_HOST} ${resolved.missingNames.join(' ')}`);
  if (configDir !== null) writeSiteFiles(configDir, config, c2s, []);
  readyFile.write(readyJson(config, listening, control));
}

async function stopAll(running: Stoppable, stopped: Promise<void>, life: Logger, pidFile: PidFile | null): Promise<void> {
  // Do not wait a second time for a stop that took too long.
  const ended = stopped.then(
    () => true,
    () => false,
  );
  if (await Promise.race([running.stop().then(() => true), ended])) life.info({}, 'stopped');
  if (process.title === ROUTER_TITLE) await pidFile?.waitForReader();
}

/** After a hand-over, sessions matter more than the control interface and files. */
async function notVital(log: Logger, action: () => Promise<ServedControl | null>): Promise<ServedControl | null> {
  try {
    return await action();
  } catch (error) {
    if (predecessor === null) throw error;
    log.error({ reason: (error as Error).message }, 'after the hand-over, a file or the control interface is missing');
    return null;
  }
}

/** The time limit of a stop, besides the time for peers to close their side. */
const STOP_MS = 5_000;

const NOT_LOGGED = 'nothing is logged: --daemon without --log-file or --syslog';
