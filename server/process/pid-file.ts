import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { removeOwnFile, writeFileAtomically } from '../kernel/files.ts';
import type { Log } from '../kernel/log.ts';
import { readRegularFile } from '../kernel/regular-file.ts';

/** The server's title in `ps`, because the command line may contain passwords. */
export const PROCESS_TITLE = 'opensrf-chopchop';

/** The process title that `osrf_control` looks for. */
export const ROUTER_TITLE = 'OpenSRF Router';

/** Process names in the kernel, which keeps 15 characters: this server, this server or a C router under that title, the C router's program. */
const SERVER_NAMES: readonly string[] = [PROCESS_TITLE.slice(0, 15), ROUTER_TITLE, 'opensrf_router'];

/**
 * osrf_control sends its signal, sees that the pid file exists, and only then reads it with `cat`. If the process ends in between and removes the file,
 * the user sees an error of `cat`.
 */
const READER_MS = 500;

/** The state of a pid file. */
export type PidFileState =
  | { readonly kind: 'free' }
  /** Its server has ended without removing it. */
  | { readonly kind: 'stale'; readonly reason: string }
  | { readonly kind: 'held'; readonly pid: number }
  | { readonly kind: 'foreign' };

/** The server's pid file. */
export class PidFile {
  private readonly path: string;
  private readonly content = `${process.pid}\n`;

  constructor(path: string) {
    this.path = path;
  }

  /** Refuses to start a second server, and to overwrite a file that is not a pid file. @throws CommandError */
  check(): PidFileState {
    const state = pidFileState(this.path, process.pid);
    if (state.kind === 'held') {
      throw new CommandError(EXIT.running, `already running as process ${state.pid} according to ${this.path}; stop it first, or choose another --pid-file`);
    }
    if (state.kind === 'foreign') throw new CommandError(EXIT.file, `${this.path} is not a pid file; choose another --pid-file, or remove it`);
    return state;
  }

  /** Writes the file when the server is ready. @param how Whether it replaces the file of the process whose work this one has taken over. @throws CommandError */
  write(log: Log, how: 'new' | 'taken over' = 'new'): void {
    const state: PidFileState = how === 'new' ? this.check() : { kind: 'free' };
    writeFileAtomically(this.path, this.content);
    if (state.kind === 'stale') log.warn({ file: this.path, reason: state.reason }, 'replaced a stale pid file');
  }

  /** Keeps the file until the process ends. */
  removeAtExit(): void {
    process.once('exit', () => this.remove());
  }

  /** Called before a process started by osrf_control ends: leaves time to read the file. */
  async waitForReader(): Promise<void> {
    await delay(READER_MS);
  }

  /** Removes the file, unless it belongs to another process by now. */
  remove(): void {
    removeOwnFile(this.path, this.content);
  }
}

/**
 * Reads the state of a pid file. OpenSRF's routers write several pids, one per line.
 * @param self The pid of this process: in a container, a killed server often had the same one.
 * @throws CommandError if it cannot be read.
 */
export function pidFileState(path: string, self: number): PidFileState {
  const content = read(path);
  if (content === null) return { kind: 'free' };
  const lines = content.split(/\s+/).filter((line) => line !== '');
  if (lines.length === 0) return { kind: 'stale', reason: 'it contains no pid' };
  if (!lines.every((line) => /^[1-9]\d{0,9}$/.test(line))) return { kind: 'foreign' };
  const pids = lines.map(Number);
  const holder = pids.find((pid) => pid !== self && isServer(pid));
  if (holder !== undefined) return { kind: 'held', pid: holder };
  return { kind: 'stale', reason: pids.map(reasonFor).join(', ') };
}

function reasonFor(pid: number): string {
  return isAlive(pid) ? `process ${pid} is another program` : `process ${pid} does not exist`;
}

function read(path: string): string | null {
  try {
    return readRegularFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new CommandError(EXIT.file, `cannot read the pid file ${path}: ${(error as Error).message}`);
  }
}

function isServer(pid: number): boolean {
  if (!isAlive(pid)) return false;
  const name = nameOf(pid);
  // Without /proc, assume that a live process wrote the file.
  return name === null || SERVER_NAMES.includes(name);
}

/** Whether the process is alive; a zombie is not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return !/^\d+ \(.*\) [ZX]/s.test(processStatus(pid) ?? '');
}

function nameOf(pid: number): string | null {
  return /^\d+ \((.*)\) \w/s.exec(processStatus(pid) ?? '')?.[1] ?? null;
}

/** `PID (NAME) STATE …`; null without /proc. */
export function processStatus(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
}
