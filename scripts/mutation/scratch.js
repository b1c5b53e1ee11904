// Scratch copies of the checkout, each with compiled code of its own to be changed and tested.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { commit, root } from '../release/root.js';
import { Coverage } from './coverage.js';

/** Compiles the sources with source maps. @returns a folder with `dist/` in it, which is gone when the process ends. */
export function compile() {
  const folder = mkdtempSync(join(tmpdir(), 'mutate-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const options = ['--outDir', join(folder, 'dist'), '--sourceMap', '--declaration', 'false'];
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--project', root, ...options], { stdio: 'inherit' });
  if (status !== 0) throw new Error('the sources do not compile');
  writeFileSync(join(folder, 'dist/server/build.json'), JSON.stringify({ commit: commit(), build: 'sources' }));
  cpSync(join(root, 'server/console/page'), join(folder, 'dist/server/console/page'), { recursive: true });
  return folder;
}

/** Compiled code beside links to all else. */
export class Scratch {
  #folder;
  #runs = 0;

  /** @param {string} compiled A folder that {@link compile} has made. @param {number} number Another one for each copy. */
  constructor(compiled, number) {
    this.#folder = join(compiled, String(number));
    mkdirSync(this.#folder);
    cpSync(join(compiled, 'dist'), join(this.#folder, 'dist'), { recursive: true });
    for (const name of readdirSync(root)) if (name !== 'dist' && name !== '.git') symlinkSync(join(root, name), join(this.#folder, name));
  }

  /** Runs a test file of the quick tier unchanged. @returns the executed code, and the time. @throws Error if a test fails. */
  async measure(test) {
    const coverage = join(this.#folder, `coverage${this.#runs++}`);
    const begin = performance.now();
    const failure = await this.#run([test], 600_000, { NODE_V8_COVERAGE: coverage });
    if (failure !== '') throw new Error(`without any change a test fails: ${failure}`);
    return { test, ms: performance.now() - begin, coverage: new Coverage(coverage, join(this.#folder, 'dist')) };
  }

  /** Runs tests with another text of one file. @returns the first test that fails, or the reason for a missing end; `''` if all pass. */
  async test(file, code, tests, timeoutMs) {
    const path = join(this.#folder, 'dist', file);
    const original = readFileSync(path);
    writeFileSync(path, code);
    try {
      return await this.#run(tests, timeoutMs, {});
    } finally {
      writeFileSync(path, original);
    }
  }

  async #run(tests, timeoutMs, env) {
    const args = ['--test-reporter=tap', 'dist/test/quick.js', ...tests];
    // A separate process group, which ends with everything that the tests started.
    const options = { cwd: this.#folder, detached: true, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'ignore'] };
    const child = spawn(process.execPath, args, options);
    const ended = once(child, 'exit');
    const kill = () => killGroup(child.pid);
    process.on('exit', kill);
    let failure = '';
    const timer = setTimeout(() => {
      failure ||= 'takes too long';
      kill();
    }, timeoutMs);
    for await (const line of createInterface(child.stdout)) {
      const [, name] = /^\s*not ok \d+ - (.*)/.exec(line) ?? [];
      if (name === undefined) continue;
      failure ||= name;
      kill();
    }
    const [code] = await ended;
    clearTimeout(timer);
    process.off('exit', kill);
    return failure || (code === 0 ? '' : 'ends early');
  }
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}
