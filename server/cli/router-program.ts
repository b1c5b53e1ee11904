import { readOpensrfCore } from '../config/sources/opensrf-core.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { VERSION_TEXT } from '../kernel/version.ts';
import { startedAsDaemon } from '../process/daemon.ts';
import { endWithError } from '../process/end.ts';
import { ROUTER_TITLE } from '../process/pid-file.ts';
import { runCommandLine } from './command-line.ts';
import { attach } from './serve/attach.ts';

const NAME = 'opensrf_router';
const USAGE = `usage: ${NAME} CONFIG CONTEXT [PIDFILE]`;

/** The program `opensrf_router`. */
export function run(): void {
  openSrfRouter(process.argv.slice(2)).catch((error: unknown) => endWithError(NAME, error));
}

/**
 * The command that `osrf_control` starts: `opensrf_router CONFIG CONTEXT PIDFILE`. It returns when the routers answer. Ours brings the Jabber
 * server with it; where that runs already, it attaches to it.
 */
async function openSrfRouter([config, context, pidFile]: readonly string[]): Promise<void> {
  if (config === '--help' || config === '-h') return print(USAGE);
  if (config === '--version' || config === '-V') return print(VERSION_TEXT);
  if (config === undefined || context === undefined) throw new CommandError(EXIT.usage, USAGE);
  const pidFileOption = pidFile === undefined ? [] : ['--pid-file', pidFile];
  const command = ['serve', '--config', config, '--daemon', '--process-title', ROUTER_TITLE, ...pidFileOption];
  await runCommandLine(command).catch((error: unknown) => notStarted(error, config, pidFile));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function notStarted(error: unknown, config: string, pidFile: string | undefined): Promise<void> {
  if (!(error instanceof CommandError)) throw error;
  // A router that osrf_control starts twice runs once.
  if (error.exitCode === EXIT.running && !startedAsDaemon()) process.stderr.write(`${NAME}: ${error.message}\n`);
  else if (error.exitCode === EXIT.network && startedAsDaemon()) await attach(readOpensrfCore(config), pidFile, error);
  else throw error;
}
