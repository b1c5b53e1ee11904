import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the sources. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

export const { version, name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The commit that the sources are at, with `+` if there are changes on top of it. */
export function commit() {
  const { status, stdout } = spawnSync('git', ['describe', '--always', '--dirty=+', '--exclude=*'], { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : (process.env.GITHUB_SHA ?? 'unknown').slice(0, 7);
}
