import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './support/command.ts';

const UNIT = fileURLToPath(new URL('../../docs/examples/opensrf-chopchop.service', import.meta.url));
const absent = spawnSync('systemd-analyze', ['--version']).status !== 0 && 'there is no systemd-analyze';

/** The least exposed service has 0, one without any protection 10. */
const MOST_EXPOSURE = 2;

test('systemd has no objection to the unit, and finds it well protected', { skip: absent }, (t) => {
  const copy = join(temporaryFolder(t), 'opensrf-chopchop.service');
  const unit = readFileSync(UNIT, 'utf8');
  assert.match(unit, /^Type=notify\nNotifyAccess=all$/m);
  // Missing on this machine: the program, its user, its man page.
  const local = unit
    .replace('/usr/local/bin/opensrf-chopchop', process.execPath)
    .replace('User=opensrf', 'User=daemon')
    .replace(/^Documentation=.*\n/m, '');
  writeFileSync(copy, local);
  const verified = spawnSync('systemd-analyze', ['verify', copy], { encoding: 'utf8' });
  assert.deepEqual([verified.status, verified.stderr], [0, '']);
  const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', copy], { encoding: 'utf8' });
  const [, exposure = '10'] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
  assert.ok(Number(exposure) < MOST_EXPOSURE, `exposure ${exposure}`);
});
