import { Script } from 'node:vm';

/** The exports of the bundle that scripts/release/bundle.js makes. Loading a program runs it. */
export interface Programs {
  main(): Promise<unknown>;
  router(): Promise<unknown>;
}

/** A CommonJS file with its cached compiled code. */
export class Bundle {
  private readonly file: string;
  private readonly script: Script;

  /** @param compiled V8's code cache of an earlier run; V8 rejects one that does not fit. */
  constructor(file: string, source: string, compiled: Buffer | undefined) {
    this.file = file;
    // Wraps the file in a function, like Node.
    this.script = new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
      filename: file,
      ...(compiled === undefined ? {} : { cachedData: compiled }),
    });
  }

  /** Whether V8 accepted the cached code. */
  get precompiled(): boolean {
    return this.script.cachedDataRejected === false;
  }

  /** @returns its exports. */
  load(require: (name: string) => unknown, folder: string): object {
    const module = { exports: {} };
    this.script.runInThisContext()(module.exports, require, module, this.file, folder);
    return module.exports;
  }

  /** The code compiled so far: the functions that have run. */
  compiled(): Buffer {
    return this.script.createCachedData();
  }
}
