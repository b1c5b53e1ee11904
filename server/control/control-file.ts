import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { readRegularFile } from '../kernel/regular-file.ts';
import type { BoundAddress } from '../net/tcp.ts';

/** The data that local commands need to reach a running server. Only the server's user can read the file. */
export interface ControlFile {
  readonly pid: number;
  readonly version: string;
  /** `http://127.0.0.1:PORT`, or null without a port. */
  readonly url: string | null;
  /** The path of the Unix socket, or null. */
  readonly socket: string | null;
  readonly token: string;
  /** The addresses for client logins; empty in an old file. */
  readonly c2s: readonly BoundAddress[];
}

/** A control file with its path. */
export interface FoundControlFile {
  readonly path: string;
  readonly file: ControlFile;
  /** Whether a process with its pid exists. */
  readonly alive: boolean;
}

/** The default folder of the control files of this user's servers. */
export function controlFolder(): string {
  const { XDG_RUNTIME_DIR: runtime } = process.env;
  return runtime === undefined || runtime === '' ? join(tmpdir(), `opensrf-chopchop-${userInfo().uid}`) : join(runtime, 'opensrf-chopchop');
}

/** The path of this process's file in the {@link controlFolder}, which it creates. @throws CommandError */
export function ownControlFile(): string {
  const folder = controlFolder();
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!isOurs(folder)) throw new Error('other users may write or read there');
  } catch (error) {
    throw new CommandError(EXIT.file, `cannot keep the control file in ${folder}: ${(error as Error).message}; choose another path with --control-file`);
  }
  leftControlFiles();
  return join(folder, `${process.pid}.json`);
}

/** @param path Null: the file of the only server that runs here. @throws CommandError */
export function findControlFile(path: string | null): ControlFile {
  if (path !== null) return readControlFile(path);
  const [only, ...others] = leftControlFiles().filter(({ alive }) => alive);
  if (only === undefined) {
    throw new CommandError(
      EXIT.network,
      'no server with a control interface runs here; start one with --console or --control-socket, or pass its --control-file',
    );
  }
  if (others.length === 0) return only.file;
  const list = [only, ...others].map(({ path: one }) => one).join(', ');
  throw new CommandError(EXIT.usage, `several servers run here; choose one with --control-file: ${list}`);
}

/**
 * The files in the {@link controlFolder}; none if others could have written there. A killed server's file is removed and returned once, so that
 * the caller can report it.
 */
export function leftControlFiles(): FoundControlFile[] {
  const folder = controlFolder();
  return namesIn(folder).flatMap((name) => {
    const path = join(folder, name);
    const file = parse(path);
    if (file === null) return [];
    const alive = isAlive(file.pid);
    // With a socket of its own.
    if (!alive) for (const left of [path, path.replace(/json$/, 'sock')]) rmSync(left, { force: true });
    return [{ path, file, alive }];
  });
}

function namesIn(folder: string): string[] {
  try {
    return isOurs(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  } catch {
    return [];
  }
}

/** In /tmp another user may have created the folder first, to read our files or to plant others. */
function isOurs(folder: string): boolean {
  const { uid, mode } = lstatSync(folder);
  return uid === userInfo().uid && (mode & 0o077) === 0;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** @throws CommandError */
export function readControlFile(path: string): ControlFile {
  let text: string;
  try {
    text = readRegularFile(path);
  } catch (error) {
    throw new CommandError(EXIT.file, `cannot read the control file ${path}: ${(error as Error).message}; start the server with --control-file`);
  }
  const file = parseControlFile(text);
  if (file === null) throw new CommandError(EXIT.usage, `${path} is not a control file; start the server with --control-file`);
  return file;
}

function parse(path: string): ControlFile | null {
  try {
    return parseControlFile(readRegularFile(path));
  } catch {
    return null;
  }
}

function parseControlFile(text: string): ControlFile | null {
  try {
    const file = JSON.parse(text) as Partial<ControlFile> | null;
    const { pid, version = '', url = null, socket = null, token, c2s = [] } = file ?? {};
    return typeof pid === 'number' && typeof token === 'string' ? { pid, version, url, socket, token, c2s } : null;
  } catch {
    return null;
  }
}
