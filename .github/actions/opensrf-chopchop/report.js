// The action's last step, after a failed job: a page of all requests, and their data, as an artifact. It fails no job.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { uploadArtifact } from './artifact.js';

const MAIN = fileURLToPath(new URL('../../../dist/server/main.js', import.meta.url));
const { STATE_folder: folder = '', GITHUB_JOB: job = 'job' } = process.env;

async function report() {
  const page = join(folder, 'report.html');
  const { status, stderr } = spawnSync(process.execPath, [MAIN, 'report', '--control-file', join(folder, 'control.json'), page], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr.trim());
  const files = [page, join(folder, 'report.ndjson'), join(folder, 'server.log')].map((path) => ({ name: basename(path), content: readFileSync(path) }));
  const name = `${job}-${basename(folder)}`;
  await uploadArtifact(name, files);
  process.stdout.write(`The artifact ${name} has a page of all requests, report.html.\n`);
}

/** A value of a workflow command, which ends with its line. */
function escaped(text) {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

if (folder !== '') {
  await report().catch(({ message }) => process.stdout.write(`::warning::opensrf-chopchop: no report: ${escaped(message)}\n`));
}
