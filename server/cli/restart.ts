import { readFileSync } from 'node:fs';
import type { ValuesOf } from '../config/setting.ts';
import { ControlClient } from '../control/control-client.ts';
import { type ControlFile, leftControlFiles } from '../control/control-file.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import type { RESTART_OPTIONS } from './client-options.ts';
import { chosenControlFile } from './control-source.ts';
import type { RestartReport } from './serve/restart.ts';

/** The arguments of `restart`. */
export type RestartArguments = ValuesOf<typeof RESTART_OPTIONS>;

/** Restarts a running server: another process takes over its sessions and sockets. @throws CommandError */
export async function restart({ pidFile, ...chosen }: RestartArguments, print: (line: string) => void): Promise<void> {
  const file = pidFile === null ? await chosenControlFile(chosen) : controlFileOf(pidFile);
  const { pid, sessions, ended, pausedMs } = (await new ControlClient(file).order('/api/v1/restart', EXIT.notRestarted)) as RestartReport;
  const others = ended === 0 ? '' : `; ended ${ended} that cannot be handed over`;
  print(`process ${pid} has taken over from ${file.pid}: ${sessions} sessions, paused for ${pausedMs} ms${others}`);
}

function controlFileOf(pidFile: string): ControlFile {
  const pid = pidIn(pidFile);
  const found = leftControlFiles().find(({ file }) => file.pid === pid);
  if (found !== undefined) return found.file;
  throw new CommandError(
    EXIT.network,
    `process ${pid} of ${pidFile} has no control interface that is known here; start it with --console or --control-socket, or pass --control-file`,
  );
}

function pidIn(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CommandError(EXIT.file, `cannot read the pid file ${path}: ${(error as Error).message}`);
  }
}
