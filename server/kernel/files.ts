import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CommandError, EXIT } from './exit-codes.ts';
import { checkNotSpecial, readRegularFile } from './regular-file.ts';

/** Writes a file atomically, because other processes wait for it. @param mode Its permissions, before the umask. @throws CommandError */
export function writeFileAtomically(path: string, content: string, mode = 0o666): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    checkNotSpecial(path);
    // Left by an earlier process with the same pid, or planted by an attacker to read the content or redirect it.
    rmSync(temporary, { force: true });
    writeFileSync(temporary, content, { mode, flag: 'wx' });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new CommandError(EXIT.file, `cannot write ${path}: ${(error as Error).message}`);
  }
}

/** Removes our own file, if it still has our content. */
export function removeOwnFile(path: string, content: string): void {
  try {
    if (readRegularFile(path) === content) rmSync(path);
  } catch {
    // Already gone, or no longer reachable; the process ends anyway.
  }
}

/** Checks that a file can be written, without touching it. @throws CommandError */
export function checkWritable(path: string): void {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) throw new Error('it is a folder');
    checkNotSpecial(path);
    accessSync(existsSync(path) ? path : dirname(resolve(path)), constants.W_OK);
  } catch (error) {
    throw new CommandError(EXIT.file, `cannot write ${path}: ${(error as Error).message}`);
  }
}

/** Checks that a folder exists or can be created. @throws CommandError */
export function checkFolderCanBeMade(path: string): void {
  try {
    const [folder] = existingPart(path);
    if (!statSync(folder).isDirectory()) throw new Error(`${folder} is not a folder`);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new CommandError(EXIT.file, `cannot make ${path}: ${(error as Error).message}`);
  }
}

/** Creates a folder and its parents one by one: Node's recursive mkdir never returns if it cannot create a parent, as in /proc. @throws CommandError */
export function makeFolder(path: string): void {
  try {
    for (const folder of existingPart(path)) if (!existsSync(folder)) mkdirSync(folder);
    if (!statSync(path).isDirectory()) throw new Error('it is not a folder');
  } catch (error) {
    throw new CommandError(EXIT.file, `cannot make ${path}: ${(error as Error).message}`);
  }
}

/** The longest existing part of a path, and the missing folders up to the whole path. */
function existingPart(path: string): [string, ...string[]] {
  const missing: string[] = [];
  let folder = resolve(path);
  for (; !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  return [folder, ...missing];
}
