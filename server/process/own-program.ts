import { realpathSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { isSea } from 'node:sea';

/** A file to execute, and its arguments. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

/** The command line that runs this program again, as it is on disk by then. */
export function ownProgram(): Program {
  const [, script, ...args] = process.argv as [string, string, ...string[]];
  // A single executable has no script.
  return { file, args: isSea() ? args : [...process.execArgv, script, ...args] };
}

/** The executable by the name that it was called by: an upgrade may make this link lead to another file, and remove the old one. */
const file = calledBy(process.argv0);

function calledBy(name: string): string {
  const folders = name.includes('/') ? ['.'] : (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => absolute(folder, name)).find((path) => realPath(path) === process.execPath) ?? process.execPath;
}

/** `''` if the working directory has been removed. */
function absolute(folder: string, name: string): string {
  try {
    return resolve(folder, name);
  } catch {
    return '';
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return '';
  }
}
