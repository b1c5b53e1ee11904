import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Length of the SHA-256 in front of what is kept. */
const HASH_BYTES = 32;

/** Where one user's compiled code is kept; null: nowhere. */
export function cacheFolder({ HOME: home, XDG_CACHE_HOME: cacheHome, NODE_DISABLE_COMPILE_CACHE: disabled }: NodeJS.ProcessEnv): string | null {
  const own = cacheHome?.startsWith('/') ? cacheHome : home;
  // Whoever has become somebody else, by sudo for one, leaves no files where they do not belong.
  if (disabled === '1' || !own?.startsWith('/') || !ownedByUs(own)) return null;
  return join(own === cacheHome ? own : join(own, '.cache'), 'opensrf-chopchop');
}

function ownedByUs(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.();
}

/**
 * What V8 has compiled of a source, kept in a file for the next run: half of the time of a start is compiling. It is only ever a help: what is wrong with
 * the file, or keeps it from being written, is no matter.
 */
export class CodeCache {
  private readonly folder: string;
  private readonly file: string;
  private readonly source: string;

  /** @param name What runs. @param source Tells sources apart. */
  constructor(folder: string, name: string, source: string) {
    this.folder = folder;
    this.file = join(folder, `${name}-node${process.versions.node}-${process.arch}`);
    this.source = source;
  }

  read(): Buffer | undefined {
    try {
      const content = this.readOwn();
      const code = content.subarray(HASH_BYTES);
      // V8 takes broken code and dies of it.
      return this.hash(code).equals(content.subarray(0, HASH_BYTES)) ? code : undefined;
    } catch {
      return undefined;
    }
  }

  write(code: Buffer): void {
    const unfinished = `${this.file}.${process.pid}`;
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    } catch {
      return;
    }
    try {
      writeFileSync(unfinished, Buffer.concat([this.hash(code), code]), { flag: 'wx', mode: 0o600 });
      renameSync(unfinished, this.file);
    } catch {
      rmSync(unfinished, { force: true });
    }
  }

  /** It is code: nobody else may have written it. */
  private readOwn(): Buffer {
    const descriptor = openSync(this.file, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { uid, mode } = fstatSync(descriptor);
      if (uid !== process.getuid?.() || (mode & 0o022) !== 0) throw new Error('not our own');
      return readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  private hash(code: Buffer): Buffer {
    return createHash('sha256').update(this.source).update(code).digest();
  }
}
