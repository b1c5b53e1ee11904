import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CHROMIUM, hasChromium } from './support/browser.ts';
import { MAIN, temporaryFolder, until } from './support/command.ts';
import { endWith } from './support/processes.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Whether a program is there. */
function has(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined;
}

async function runs(t: TestContext, command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<string> {
  // Node's test runner would take the output of one inside of another for its own.
  const { NODE_TEST_CONTEXT: _, ...rest } = env;
  const child = endWith(t, spawn(command, args, { cwd: ROOT, env: rest, stdio: ['ignore', 'pipe', 'pipe'] }));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const [code] = await once(child, 'close');
  assert.equal(code, 0, output);
  return output;
}

const exec = (t: TestContext, ...command: string[]) => runs(t, process.execPath, [MAIN, 'exec', '--stubs', 'docs/examples/stubs', '--', ...command]);

test('the JavaScript example', async (t) => {
  assert.match(await runs(t, process.execPath, ['--test', '--test-reporter=tap', 'docs/examples/javascript/basket.test.js']), /^# pass 2$/m);
});

test('the browser example', { skip: !hasChromium && `${CHROMIUM} is not there` }, async (t) => {
  assert.match(await runs(t, process.execPath, ['--test', '--test-reporter=tap', 'docs/examples/browser/sum.test.js']), /^# pass 1$/m);
});

test('the Perl example', { skip: !has('prove') && 'there is no prove' }, async (t) => {
  assert.match(await exec(t, 'prove', '-I', 'docs/examples/perl/lib', 'docs/examples/perl/t'), /^Result: PASS$/m);
});

/** As `pytest`, which need not be in the PATH. Its caches stay out of the sources. */
const PYTEST = ['python3', '-B', '-m', 'pytest'] as const;
const hasPytest = spawnSync(PYTEST[0], [...PYTEST.slice(1), '--version']).status === 0;

test('the Python example', { skip: !hasPytest && 'there is no pytest' }, async (t) => {
  const command = [...PYTEST, '-p', 'no:cacheprovider', 'docs/examples/python'];
  const output = await runs(t, process.execPath, [MAIN, 'exec', '--web-port', '0', '--stubs', 'docs/examples/stubs', '--', ...command]);
  assert.match(output, /^=+ 3 passed/m);
});

test('the C example', { skip: !has(process.env['CC'] ?? 'cc') && 'there is no C compiler' }, async (t) => {
  const output = await exec(t, 'sh', 'docs/examples/c/test.sh');
  assert.equal(output.match(/^ok - /gm)?.length, 4, output);
});

const ACTION = join(ROOT, '.github/actions/opensrf-chopchop');

/** The action's last step uploads a report, by the calls of GitHub's artifacts; without them it warns and fails nothing. */
async function reportsFailure(t: TestContext, env: NodeJS.ProcessEnv): Promise<void> {
  const calls: { path: string; body: Buffer; authorization: string | undefined }[] = [];
  const github = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    calls.push({ path: request.url ?? '', body: Buffer.concat(chunks), authorization: request.headers.authorization });
    response.end(JSON.stringify({ ok: true, signed_upload_url: `${url}/upload?signature=x` }));
  });
  github.listen(0, '127.0.0.1');
  await once(github, 'listening');
  t.after(() => github.close());
  const url = `http://127.0.0.1:${(github.address() as AddressInfo).port}`;
  const claims = Buffer.from(JSON.stringify({ scp: 'Other.Scope Actions.Results:run-1:job-2' })).toString('base64url');
  const runner = { ACTIONS_RESULTS_URL: `${url}/`, ACTIONS_RUNTIME_TOKEN: `x.${claims}.y`, GITHUB_JOB: 'test' };
  const post = [join(ACTION, 'report.js')];
  assert.match(await runs(t, process.execPath, post, { ...env, ...runner }), /^The artifact test-opensrf-chopchop\.\w+ has a page/);
  const service = '/twirp/github.actions.results.api.v1.ArtifactService/';
  assert.deepEqual(
    calls.map(({ path }) => path),
    [`${service}CreateArtifact`, '/upload?signature=x', `${service}FinalizeArtifact`],
  );
  const [created, upload, finalized] = calls as [(typeof calls)[0], (typeof calls)[0], (typeof calls)[0]];
  const { workflow_run_backend_id: run, workflow_job_run_backend_id: job, version } = JSON.parse(created.body.toString());
  assert.deepEqual([run, job, version, created.authorization], ['run-1', 'job-2', 4, `Bearer x.${claims}.y`]);
  assert.equal(upload.authorization, undefined);
  const { size, hash } = JSON.parse(finalized.body.toString());
  assert.deepEqual([size, hash], [String(upload.body.length), `sha256:${createHash('sha256').update(upload.body).digest('hex')}`]);
  const archive = join(temporaryFolder(t), 'report.zip');
  writeFileSync(archive, upload.body);
  const unpack = 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(z.namelist(), z.read("report.html").decode()[:15])';
  if (has('python3')) assert.equal(await runs(t, 'python3', ['-c', unpack, archive]), "['report.html', 'report.ndjson', 'server.log'] <!doctype html>\n");
  assert.match(
    await runs(t, process.execPath, post, { ...env, ACTIONS_RESULTS_URL: '' }),
    /^::warning::opensrf-chopchop: no report: the runner offers no artifacts\n$/,
  );
}

test('the GitHub action leaves a server and its address for later steps', { skip: !has('bash') && 'there is no bash' }, async (t) => {
  const folder = temporaryFolder(t);
  const [environment, outputs, state] = [join(folder, 'env'), join(folder, 'outputs'), join(folder, 'state')];
  const env = {
    ...process.env,
    GITHUB_ENV: environment,
    GITHUB_OUTPUT: outputs,
    GITHUB_STATE: state,
    RUNNER_TEMP: folder,
    INPUT_STUBS: 'docs/examples/stubs',
    INPUT_OPTIONS: '--hold 1 --balance least-outstanding',
  };
  await runs(t, process.execPath, [join(ACTION, 'start.js')], env);
  const values = (file: string) =>
    Object.fromEntries(
      readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => line.split('=') as [string, string]),
    );
  const later = values(environment);
  const configFolder = later['OSRF_CONFIG_DIR'] as string;
  const pidFile = join(configFolder, 'server.pid');
  const pid = Number(readFileSync(pidFile, 'utf8'));
  try {
    assert.equal(await runs(t, process.execPath, [MAIN, 'request', 'opensrf.math', 'add', '2', '2'], { ...process.env, ...later }), '4\n');
    await reportsFailure(t, { ...process.env, STATE_folder: values(state)['folder'] });
    assert.deepEqual(values(outputs), { host: later['OSRF_HOST'], port: later['OSRF_PORT'], 'config-dir': later['OSRF_CONFIG_DIR'] });
  } finally {
    // Its folder is removed only when it writes there no more.
    const ended = until(t, configFolder, () => !existsSync(pidFile));
    process.kill(pid, 'SIGTERM');
    await ended;
  }
});
