import { Script } from 'node:vm';

/** What the bundle of package and executable exports, which scripts/release/bundle.js makes. Each program runs when it is loaded. */
export interface Programs {
  main(): Promise<unknown>;
  router(): Promise<unknown>;
}

/** A file of CommonJS, together with what was compiled of it before. */
export class Bundle {
  private readonly file: string;
  private readonly script: Script;

  /** @param compiled Of another run of the same Node, or nothing; what does not fit is not used. */
  constructor(file: string, source: string, compiled: Buffer | undefined) {
    this.file = file;
    // As Node makes a function of a file.
    this.script = new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
      filename: file,
      ...(compiled === undefined ? {} : { cachedData: compiled }),
    });
  }

  /** Whether what was compiled before fitted. */
  get precompiled(): boolean {
    return this.script.cachedDataRejected === false;
  }

  /** @returns its exports. */
  load(require: (name: string) => unknown, folder: string): object {
    const module = { exports: {} };
    this.script.runInThisContext()(module.exports, require, module, this.file, folder);
    return module.exports;
  }

  /** What is compiled by now: the functions that have run. */
  compiled(): Buffer {
    return this.script.createCachedData();
  }
}
