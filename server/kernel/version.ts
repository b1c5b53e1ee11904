import { readFileSync } from 'node:fs';

/** The build. */
interface Build {
  readonly version: string;
  /** The short hash of the commit, with `+` if there were uncommitted changes. */
  readonly commit: string;
  /** `sources`, `npm package`, `Node 20.20.2 linux-x64`. */
  readonly build: string;
}

/** Defined in a bundle only, by scripts/release/bundle.js. */
declare const BUILD: Build | undefined;

const build = typeof BUILD === 'undefined' ? readBuild() : BUILD;

/** The version in package.json. */
export const VERSION: string = build.version;

/** The output of `--version`. */
export const VERSION_TEXT: string = `${VERSION} (commit ${build.commit}, ${build.build})`;

/** Reads the file that scripts/prepare.js writes in dist/. */
function readBuild(): Build {
  const read = (name: string) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
  return { ...read('../build.json'), version: read('../../../package.json').version };
}
