import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { MAIN, temporaryFolder } from './support/command.ts';

const noBash = spawnSync('bash', ['--version']).status !== 0 && 'there is no bash';

/** What bash offers behind some words. */
function offered(t: TestContext, ...words: string[]): string[] {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'opensrf-chopchop'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`, { mode: 0o755 });
  const script = `source <(opensrf-chopchop completion)
    COMP_WORDS=(opensrf-chopchop "$@"); COMP_CWORD=$#
    "$(complete -p opensrf-chopchop | sed 's/.*-F \\([^ ]*\\).*/\\1/')"
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { ...process.env, SHELL: '/bin/bash', PATH: `${folder}:${process.env['PATH']}` };
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8', env });
  assert.equal(stderr, '');
  return stdout.trim().split('\n');
}

test('bash completes commands, options and their values', { skip: noBash }, (t) => {
  assert.deepEqual(offered(t, 'd'), ['demo', 'doctor', 'drain']);
  assert.deepEqual(offered(t, 'serve', '--on-'), ['--on-listener-loss']);
  assert.deepEqual(offered(t, 'serve', '--balance', ''), ['round-robin', 'least-outstanding']);
});

test('zsh gets a script of its own', () => {
  const { stdout } = spawnSync(process.execPath, [MAIN, 'completion'], { encoding: 'utf8', env: { ...process.env, SHELL: '/bin/zsh' } });
  assert.match(stdout, /^#compdef opensrf-chopchop$/m);
});
