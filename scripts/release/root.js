import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the sources. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

export const { version, name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Git's own choice of a length depends on the number of objects, thus on how a clone was made. */
const COMMIT_DIGITS = 10;

/** The commit that the sources are at, ten digits of it, with `+` if there are changes on top of it. */
export function commit() {
  const { status, stdout } = spawnSync('git', ['describe', '--always', `--abbrev=${COMMIT_DIGITS}`, '--dirty=+', '--exclude=*'], {
    cwd: root,
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : (process.env.GITHUB_SHA ?? 'unknown').slice(0, COMMIT_DIGITS);
}
