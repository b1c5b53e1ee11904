import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { CommandError, EXIT } from './exit-codes.ts';

/** Writes a file that others wait for: it is there whole or not at all. @param mode Who may read it, before the mask. @throws CommandError */
export function writeFileAtomically(path: string, content: string, mode = 0o666): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
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
    if (readFileSync(path, 'utf8') === content) rmSync(path);
  } catch {
    // Gone already, or out of reach by now: no matter for a process that ends.
  }
}
