import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './support/command.ts';

const AUDIT = fileURLToPath(new URL('../../scripts/audit.js', import.meta.url));
const CLEAN = { auditReportVersion: 2, vulnerabilities: {}, metadata: { vulnerabilities: { total: 0 }, dependencies: { prod: 66 } } };
const WEAK = {
  auditReportVersion: 2,
  vulnerabilities: { ws: { name: 'ws', severity: 'high', range: '<8.17.1' } },
  metadata: { vulnerabilities: { total: 1 }, dependencies: { prod: 66 } },
};

for (const [what, answer, code, says] of [
  ['a clean report', JSON.stringify(CLEAN), 0, /^no known weakness in 66 packages\n$/],
  ['a report of a weakness', JSON.stringify(WEAK), 1, /^ws <8\.17\.1: high; npm audit says more\n$/],
  [
    'a registry that does not answer',
    JSON.stringify({ message: '405 Method Not Allowed', error: { summary: '' } }),
    0,
    /^SKIPPED: .*405 Method Not Allowed\n$/,
  ],
  ['no network', JSON.stringify({ error: { code: 'ENOTFOUND', summary: 'no such host' } }), 0, /^SKIPPED: .*no such host\n$/],
  ['nothing', '', 0, /^SKIPPED: .*npm audit has no answer\n$/],
] as const) {
  test(`audit.js reports ${what}`, (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'npm'), `#!/bin/sh\ncat <<'END'\n${answer}\nEND\n`, { mode: 0o755 });
    const outcome = spawnSync(process.execPath, [AUDIT], { encoding: 'utf8', env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` } });
    assert.equal(outcome.stderr, '');
    assert.match(outcome.stdout, says);
    assert.equal(outcome.status, code);
  });
}
