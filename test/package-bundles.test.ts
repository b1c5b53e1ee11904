import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from './support/command.ts';
import { HANG_MS } from './support/processes.ts';
import { installedPackage } from './support/staged-package.ts';

// The modules of the package are divided between bundles (scripts/release/divide.js).

/** An error that one bundle throws, of a class that another one has. */
const REFUSED = `const { startChopChop, StubFileError } = require('opensrf-chopchop');
  startChopChop({ stubs: 'absent' }).catch((error) => console.log(error instanceof StubFileError, error.stack));`;

test('the bundles of the package', async (t) => {
  const folder = await installedPackage(t);
  const bin = join(folder, 'node_modules/opensrf-chopchop/dist/bin');
  const home = temporaryFolder(t);
  const options = { cwd: folder, encoding: 'utf8', timeout: HANG_MS, env: { ...process.env, XDG_CACHE_HOME: home } } as const;
  const kept = () =>
    readdirSync(join(home, 'opensrf-chopchop'))
      .map((file) => file.split('-node')[0])
      .sort();

  await t.test('share their classes, and a stack names the bundle', () => {
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', REFUSED], options);
    assert.match(stdout, /^true StubFileError: /, stderr);
    assert.match(stdout, /\/dist\/bin\/fixture\.cjs:\d+:\d+/);
  });

  await t.test('are loaded as a command needs them, and their compiled code is kept', () => {
    const { status, stderr } = spawnSync(process.execPath, [join(bin, 'main.cjs'), 'completion'], options);
    assert.deepEqual([status, stderr], [0, '']);
    assert.deepEqual(kept(), ['completion']);
    const exec = spawnSync(process.execPath, [join(bin, 'main.cjs'), 'exec', '--', 'true'], options);
    assert.deepEqual([exec.status, exec.stderr], [0, '']);
    assert.deepEqual(kept(), ['completion', 'exec', 'exec-commands', 'exec-fixture']);
  });

  await t.test('run without their compiled code', () => {
    rmSync(home, { recursive: true });
    const { status, stderr } = spawnSync(process.execPath, [join(bin, 'main.cjs'), 'exec', '--', 'true'], options);
    assert.deepEqual([status, stderr, existsSync(home)], [0, '', false]);
  });
});
