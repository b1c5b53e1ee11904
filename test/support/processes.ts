import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';

/** In the environment of every process that this one starts, and of their descendants, including daemons. */
const MARK = 'CHOPCHOP_TEST_PROCESS';

/** The longest that a program may take, however busy the machine is. Ends a test that hangs. */
export const HANG_MS = 300_000;

process.env[MARK] = String(process.pid);
process.on('exit', killMarked);
// The signal with which the test runner ends a file that takes too long.
process.on('SIGTERM', () => process.exit(143));

/** Waits for another program's action. @throws Error with the problem after {@link HANG_MS}. */
export async function orHangs<Value>(happens: Promise<Value>, problem: () => string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${HANG_MS / 1_000} s: ${problem()}`)), HANG_MS);
  });
  try {
    return await Promise.race([happens, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Ends a process with its test, whatever the test's outcome. */
export function endWith<Child extends ChildProcess>(t: TestContext, child: Child): Child {
  t.after(async () => {
    const ended = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
    const exited = ended ? null : once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    // A grandchild may hold the other ends open, which would keep this process alive.
    for (const stream of child.stdio) stream?.destroy();
  });
  return child;
}

/** Kills the remaining descendants of this process. */
function killMarked(): void {
  // Repeat: a process may start another one during the search.
  for (let pids = marked(), rounds = 0; pids.length > 0 && rounds < 100; pids = marked(), rounds++) pids.forEach(kill);
}

/** The processes with the mark; none without /proc. */
function marked(): number[] {
  const mark = `\0${MARK}=${process.pid}\0`;
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && pid !== process.pid && `\0${environment(pid)}`.includes(mark));
  } catch {
    return [];
  }
}

function environment(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    // It has ended, or belongs to another user.
    return '';
  }
}

/** Kills a process, or a group by its negative number, if it still exists. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
