import { readFileSync } from 'node:fs';

/** What was built. */
interface Build {
  readonly version: string;
  /** The short hash of the commit, with `+` if there were changes on top of it. */
  readonly commit: string;
  /** As what: `sources`, `npm package`, `Node 20.20.2 linux-x64`. */
  readonly build: string;
}

/** In a bundle scripts/release/bundle.js writes it in the place of this name; elsewhere there is no such name. */
declare const BUILD: Build | undefined;

const build = typeof BUILD === 'undefined' ? readBuild() : BUILD;

/** The version in package.json, the only place where it stands. */
export const VERSION: string = build.version;

/** What `--version` prints. */
export const VERSION_TEXT: string = `${VERSION} (commit ${build.commit}, ${build.build})`;

/** In dist/ scripts/prepare.js writes the rest of it. */
function readBuild(): Build {
  const read = (name: string) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
  return { ...read('../build.json'), version: read('../../../package.json').version };
}
