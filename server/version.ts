import { readFileSync } from 'node:fs';

/** What `npm run build:binary` writes in the place of {@link BUILD}; elsewhere there is no such name. */
interface Build {
  readonly version: string;
  /** The short hash of the commit, with `+` if there were changes on top of it. */
  readonly commit: string;
  /** What it was built with and for, as `Node 20.20.2 linux-x64`. */
  readonly build: string;
}

declare const BUILD: Build | undefined;

const build = typeof BUILD === 'undefined' ? null : BUILD;

/** The version in package.json, the only place where it stands. */
export const VERSION: string = build?.version ?? JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;

/** What `--version` prints. */
export const VERSION_TEXT: string = build === null ? VERSION : `${VERSION} (commit ${build.commit}, ${build.build})`;
