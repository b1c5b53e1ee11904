import { lstatSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomically } from '../kernel/files.ts';
import { readRegularFile } from '../kernel/regular-file.ts';

/** A file of one server that outlives its process, for the next server at the same address. Only its user can read it. */
export class KeptFile {
  private readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * @param address Of the server, which tells several servers of a user apart; `''`: it takes any free port, and never comes back.
   * @returns null without an address, and where other users may write to the folder.
   */
  static in(folder: string, address: string, extension: string): KeptFile | null {
    if (address === '' || !isOwn(folder, 0o022)) return null;
    return new KeptFile(join(folder, `${address.replace(/[^\w.-]/g, '_')}.${extension}`));
  }

  /** Its content; null if there is none, or if another user could have read or written it. */
  read(): string | null {
    try {
      return isOwn(this.path, 0o077) ? readRegularFile(this.path) : null;
    } catch {
      return null;
    }
  }

  /** @throws CommandError */
  write(content: string): void {
    writeFileAtomically(this.path, content, 0o600);
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}

/** @param others The permissions that nobody else may have. */
function isOwn(path: string, others: number): boolean {
  try {
    const { uid, mode } = lstatSync(path);
    return uid === userInfo().uid && (mode & others) === 0;
  } catch {
    return false;
  }
}
