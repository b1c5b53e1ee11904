import { createHash } from 'node:crypto';
import { closeSync, constants, existsSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The length of the SHA-256 before the cached code. */
const HASH_BYTES = 32;

/** The folder of the user's compiled code; null: none. */
export function cacheFolder({ HOME: home, XDG_CACHE_HOME: cacheHome, NODE_DISABLE_COMPILE_CACHE: disabled }: NodeJS.ProcessEnv): string | null {
  const own = cacheHome?.startsWith('/') ? cacheHome : home;
  // After sudo, HOME may belong to another user; leave no files there.
  if (disabled === '1' || !own?.startsWith('/') || !ownedByUs(own)) return null;
  return join(own === cacheHome ? own : join(own, '.cache'), 'opensrf-chopchop');
}

function ownedByUs(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.();
}

/**
 * Keeps V8's compiled code in a file for the next run: compiling takes half of the time of a start. Ignores every problem with
 * the file, because the code can always be compiled again.
 */
export class CodeCache {
  private readonly folder: string;
  private readonly file: string;
  private readonly source: string;

  /** @param name The name of the program and command. @param source The hash of the source. */
  constructor(folder: string, name: string, source: string) {
    this.folder = folder;
    this.file = join(folder, `${name}-node${process.versions.node}-${process.arch}`);
    this.source = source;
  }

  read(): Buffer | undefined {
    try {
      const content = this.readOwn();
      const code = content.subarray(HASH_BYTES);
      // V8 would crash on corrupt code.
      return this.hash(code).equals(content.subarray(0, HASH_BYTES)) ? code : undefined;
    } catch {
      return undefined;
    }
  }

  write(code: Buffer): void {
    const unfinished = `${this.file}.${process.pid}`;
    try {
      // One by one: in /proc, Node's recursive mkdir never returns.
      for (const folder of [dirname(this.folder), this.folder]) if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
      writeFileSync(unfinished, Buffer.concat([this.hash(code), code]), { flag: 'wx', mode: 0o600 });
      renameSync(unfinished, this.file);
    } catch {
      this.remove(unfinished);
    }
  }

  private remove(file: string): void {
    try {
      rmSync(file, { force: true });
    } catch {
      // Its folder is not writable.
    }
  }

  /** Reads the file only if no other user could have written it, because its code runs. */
  private readOwn(): Buffer {
    const descriptor = openSync(this.file, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { uid, mode } = fstatSync(descriptor);
      if (uid !== process.getuid?.() || (mode & 0o022) !== 0) throw new Error('writable by other users');
      return readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  private hash(code: Buffer): Buffer {
    return createHash('sha256').update(this.source).update(code).digest();
  }
}
