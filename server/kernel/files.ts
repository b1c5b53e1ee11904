import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CommandError, EXIT } from './exit-codes.ts';
import { checkNotSpecial, readRegularFile } from './regular-file.ts';

/** Writes a file that others wait for: it is there whole or not at all. @param mode Who may read it, before the mask. @throws CommandError */
export function writeFileAtomically(path: string, content: string, mode = 0o666): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    checkNotSpecial(path);
    // Of an earlier process of the same number; or of somebody else, who wants to read what we write, or have it written elsewhere.
    rmSync(temporary, { force: true });
    writeFileSync(temporary, content, { mode, flag: 'wx' });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new CommandError(EXIT.file, `cannot write ${path}: ${(error as Error).message}`);
  }
}

/** Removes a file of ours at the end, if it is still there and still says what we wrote. */
export function removeOwnFile(path: string, content: string): void {
  try {
    if (readRegularFile(path) === content) rmSync(path);
  } catch {
    // Gone already, or out of reach by now: no matter for a process that ends.
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

/** Checks that a folder is there or can be made. @throws CommandError */
export function checkFolderCanBeMade(path: string): void {
  try {
    const [folder] = existingPart(path);
    if (!statSync(folder).isDirectory()) throw new Error(`${folder} is no folder`);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new CommandError(EXIT.file, `cannot make ${path}: ${(error as Error).message}`);
  }
}

/** Makes a folder and its parents, one by one: where a parent cannot be made, as in /proc, Node's recursive mkdir never returns. @throws CommandError */
export function makeFolder(path: string): void {
  try {
    for (const folder of existingPart(path)) if (!existsSync(folder)) mkdirSync(folder);
    if (!statSync(path).isDirectory()) throw new Error('it is no folder');
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
