import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { OsrfClient } from '../server/osrf/client.ts';
import { Program } from './support/background-command.ts';
import { MAIN, temporaryFolder } from './support/command.ts';
import { LOGIN, startControlledServer, startMath, TOKEN } from './support/control.ts';
import { endWith } from './support/processes.ts';

const noBash = spawnSync('bash', ['--version']).status !== 0 && 'there is no bash';

/** A folder for the PATH. */
function programFolder(t: TestContext): string {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'opensrf-chopchop'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`, { mode: 0o755 });
  return folder;
}

/** bash's completions after some words. */
function offered(t: TestContext, ...words: string[]): string[] {
  const folder = programFolder(t);
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

test('bash completes the options of a line without a command, and services and methods of the server that runs here', { skip: noBash }, async (t) => {
  assert.deepEqual(offered(t, '--con').slice(0, 2), ['--config', '--console']);
  const { address, control } = await startControlledServer(t);
  await startMath(t, { address }, 1);
  const runtime = temporaryFolder(t);
  chmodSync(runtime, 0o700);
  mkdirSync(join(runtime, 'opensrf-chopchop'), { mode: 0o700 });
  const file = { pid: process.pid, version: '', url: control.url, socket: null, token: TOKEN, c2s: [] };
  writeFileSync(join(runtime, 'opensrf-chopchop/1.json'), JSON.stringify(file));
  // In a process of its own, the server of this one would have to answer while it waits.
  const folder = programFolder(t);
  const asked = async (...words: string[]) => {
    const program = new Program(t, 'env', [
      `XDG_RUNTIME_DIR=${runtime}`,
      join(folder, 'opensrf-chopchop'),
      '--get-yargs-completions',
      'opensrf-chopchop',
      ...words,
    ]);
    const { stdout, stderr } = await program.outcome();
    assert.equal(stderr, '');
    return stdout.trim().split('\n');
  };
  assert.deepEqual(await asked('request', 'opensrf.m'), ['opensrf.math']);
  const client = await OsrfClient.connect({ ...LOGIN, ...address, resource: 'asking' });
  t.after(() => client.close());
  await client.request('opensrf.math', 'add', 1, 2);
  while (!(await asked('request', 'opensrf.math', 'a')).includes('add'));
  assert.ok(!(await asked('drain', 'opensrf.math', '')).includes('add'), 'a listener, no method');
});

interface Shell {
  readonly program: string;
  readonly args: string;
  /** The setup before each completion. */
  readonly setUp: string;
}

const SHELLS: Shell[] = [
  { program: 'bash', args: '--norc --noprofile -i', setUp: 'source <(opensrf-chopchop completion); bind "set enable-bracketed-paste off"' },
  { program: 'zsh', args: '-f -i', setUp: 'autoload -Uz compinit; compinit -D -u; unset zle_bracketed_paste; source <(opensrf-chopchop completion)' },
];

/** The line of a shell at a terminal after some input and a tab. */
async function completed({ program, args, setUp }: Shell, t: TestContext, folder: string, typed: string): Promise<string> {
  // Where EDITOR says vi, as npm has it, zsh takes keys as vi does.
  const keys = { EDITOR: 'emacs', VISUAL: 'emacs' };
  const env = { ...process.env, ...keys, TERM: 'dumb', SHELL: `/bin/${program}`, PATH: `${folder}:${process.env['PATH']}`, ZDOTDIR: folder, COLUMNS: '200' };
  const terminal = endWith(t, spawn('script', ['-qec', `${program} ${args}`, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] }));
  let shown = '';
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  const until = async (what: RegExp) => {
    while (!what.test(shown)) await once(terminal.stdout, 'data');
  };
  terminal.stdin.write(`stty cols 200; ${setUp}; echo re""ady\n`);
  await until(/^ready/m);
  // Ctrl-A goes to the beginning of the line.
  terminal.stdin.write(`${typed}\t\u0001echo made: \n`);
  await until(/^made: .*$/m);
  terminal.stdin.end('exit\n');
  await once(terminal, 'close');
  return (/^made: (.*?)\s*$/m.exec(shown) as RegExpExecArray)[1] as string;
}

for (const shell of SHELLS) {
  const absent = [shell.program, 'script'].find((program) => spawnSync(program, ['--version']).error !== undefined);
  test(`${shell.program} completes at a terminal`, { skip: absent !== undefined && `there is no ${absent}` }, async (t) => {
    const folder = programFolder(t);
    assert.equal(await completed(shell, t, folder, 'opensrf-chopchop dem'), 'opensrf-chopchop demo');
    assert.equal(await completed(shell, t, folder, 'opensrf-chopchop serve --on-'), 'opensrf-chopchop serve --on-listener-loss');
    assert.equal(await completed(shell, t, folder, 'opensrf-chopchop serve --balance rou'), 'opensrf-chopchop serve --balance round-robin');
  });
}
