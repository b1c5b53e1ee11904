import { readFileSync } from 'node:fs';

/** What `npm run build:binary` writes in the place of {@link BINARY}; elsewhere there is no such name. */
interface BinaryBuild {
  readonly version: string;
  /** The short hash of the commit, with `+` if there were changes on top of it. */
  readonly commit: string;
  /** What it was built with and for, as `Node 20.20.2 linux-x64`. */
  readonly build: string;
}

declare const BINARY: BinaryBuild | undefined;

/** Null where this is no single executable. */
const binary = typeof BINARY === 'undefined' ? null : BINARY;

/** The version in package.json, the only place where it stands. */
export const VERSION: string = binary?.version ?? JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;

/** What `--version` prints. */
export const VERSION_TEXT: string = binary === null ? VERSION : `${VERSION} (commit ${binary.commit}, ${binary.build})`;

/** Whether this is the single executable: there is no script behind the program's name then. */
export const IS_BINARY: boolean = binary !== null;
