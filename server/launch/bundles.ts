import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bundle } from './bundle.ts';
import { CodeCache } from './code-cache.ts';
import { unpacked } from './unpacked.ts';

/** After this time a server has compiled the functions of its start. */
const STARTED_MS = 2_000;

/** What {@link Bundles} needs. */
export interface BundlesOptions {
  readonly folder: string;
  /** The names of the compressed bundles: NAME.br in the folder. */
  readonly compressed: readonly string[];
  /** The hash of all bundles. */
  readonly hash: string;
  /** The command that runs: each compiles other functions. */
  readonly command: string;
  /** The folder of compiled code; null: none. */
  readonly cacheFolder: string | null;
  /** Requires all other modules. */
  readonly require: (name: string) => unknown;
}

/** The bundles of the installed package. They require each other as `./NAME.cjs`, when they need each other. */
export class Bundles {
  private readonly options: BundlesOptions;
  private readonly compressed: ReadonlyMap<string, Buffer>;
  private readonly loaded = new Map<string, object>();

  constructor(options: BundlesOptions) {
    this.options = options;
    // Read now: an update may replace the package while this process runs.
    this.compressed = new Map(options.compressed.map((name) => [name, readFileSync(join(options.folder, `${name}.br`))]));
  }

  /** Runs a bundle. @param kept The name of its compiled code. @returns its exports. */
  load(name: string, source: string, kept: string): object {
    const { folder } = this.options;
    const bundle = this.compile(join(folder, `${name}.cjs`), source, kept).load((other) => this.require(other), folder);
    this.loaded.set(name, bundle);
    return bundle;
  }

  private require(path: string): unknown {
    const name = /^\.\/(\w+)\.cjs$/.exec(path)?.[1] ?? '';
    const content = this.compressed.get(name);
    if (this.loaded.has(name)) return this.loaded.get(name);
    return content === undefined ? this.options.require(path) : this.load(name, unpacked(content), `${this.options.command}-${name}`);
  }

  /** Takes the compiled code of an earlier run, or keeps that of this one. */
  private compile(file: string, source: string, kept: string): Bundle {
    const { command, hash, cacheFolder } = this.options;
    const cache = cacheFolder === null ? null : new CodeCache(cacheFolder, kept, hash);
    const bundle = new Bundle(file, source, cache?.read());
    if (cache === null || bundle.precompiled) return bundle;
    const keep = () => cache.write(bundle.compiled());
    if (command === 'serve' || command === 'router') setTimeout(keep, STARTED_MS).unref();
    else process.once('exit', (code) => code === 0 && !process.argv.includes('--help') && keep());
    return bundle;
  }
}
