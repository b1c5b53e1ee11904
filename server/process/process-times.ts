import { readFileSync } from 'node:fs';
import { isAlive, processStatus } from './pid-file.ts';

/** The kernel's clock ticks per second in /proc (proc(5), USER_HZ). */
const TICKS_PER_SECOND = 100;

/** The boot time is in whole seconds. */
const INACCURACY_MS = 2_000;

/**
 * Whether a process of this machine has ended while its successor runs. The successor proves that both IDs are of this machine and not of a container
 * with IDs of its own: it is alive, and began before it logged in.
 * @param loggedIn When the successor logged in, in milliseconds since 1970.
 */
export function hasEnded(pid: number, successor: number, loggedIn: number): boolean {
  if (pid === 0 || successor === 0 || pid === successor || isAlive(pid) || !isAlive(successor)) return false;
  const began = startOf(successor);
  return began !== null && began <= loggedIn + INACCURACY_MS;
}

/** The start of a process, in milliseconds since 1970; null if unknown. */
function startOf(pid: number): number | null {
  const ticks = Number(
    processStatus(pid)
      ?.replace(/^.*\) /s, '')
      .split(' ')[19],
  );
  const boot = Number(/^btime (\d+)$/m.exec(read('/proc/stat'))?.[1]);
  return Number.isNaN(ticks + boot) ? null : boot * 1_000 + (ticks * 1_000) / TICKS_PER_SECOND;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
