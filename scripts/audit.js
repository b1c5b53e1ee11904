#!/usr/bin/env node
// Asks the registry whether a package that is installed to run the server has a known weakness.
//
//   node scripts/audit.js
//
// Exit code 1 if one has. If the registry does not support the query (many mirrors do not), prints a line that begins with SKIPPED.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8' });

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

const report = parsed(stdout);
const weak = Object.values(report.vulnerabilities ?? {});
if (report.metadata?.vulnerabilities === undefined) {
  console.log(`SKIPPED: the registry says nothing of weaknesses: ${report.message ?? report.error?.summary ?? 'npm audit has no answer'}`);
} else if (weak.length === 0) {
  console.log(`no known weakness in ${report.metadata.dependencies?.prod ?? 'the'} packages`);
} else {
  for (const { name, severity, range } of weak) console.log(`${name} ${range}: ${severity}; npm audit says more`);
  process.exitCode = 1;
}
