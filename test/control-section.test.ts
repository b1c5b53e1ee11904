import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { oneLine, run, serve, stop, temporaryFolder } from './support/command.ts';

// The options of the control interface in the <chopchop> section of opensrf_core.xml.

const ACCOUNT = '<domain>localhost</domain><port>5222</port><username>opensrf</username><passwd>secret</passwd>';

/** A file whose section has these elements, each in a line of its own from the fourth. */
function site(t: TestContext, ...elements: string[]) {
  const folder = temporaryFolder(t);
  const file = join(folder, 'core.xml');
  writeFileSync(file, `<config>\n<opensrf>${ACCOUNT}</opensrf>\n<chopchop>\n${elements.join('\n')}\n</chopchop></config>`);
  const checked = (...args: string[]) => JSON.parse(run('--config', file, '--check-config', ...args).stdout).control;
  return { folder, file, checked };
}

test('<chopchop> sets the addresses of the control interface', async (t) => {
  const { folder, file } = site(t, '<console>0</console>', '<control_file>CONTROL</control_file>', '<control_token_file>TOKEN</control_token_file>');
  const [controlFile, tokenFile] = [join(folder, 'control.json'), join(folder, 'token')];
  writeFileSync(tokenFile, 'a-token-of-the-site');
  writeFileSync(file, readFileSync(file, 'utf8').replace('CONTROL', controlFile).replace('TOKEN', tokenFile));
  const serving = await serve(t, folder, '--config', file, '--log-level', 'warn');
  const { url, token } = JSON.parse(readFileSync(controlFile, 'utf8'));
  assert.equal(token, 'a-token-of-the-site');
  assert.equal((await fetch(`${url}/api/v1/server`, { headers: { Authorization: `Bearer ${token}` } })).status, 200);
  assert.equal(await stop(serving), 0);
});

test('--check-config prints the result; the command line overrides the file', (t) => {
  const { checked } = site(t, '<console>5291</console>', '<control_socket>/run/x.sock</control_socket>');
  const place = { port: 5291, anyPort: false, socket: '/run/x.sock', ownSocket: false, file: null, tokenFile: null };
  assert.deepEqual(checked(), place);
  assert.deepEqual(checked('--console', '0', '--control-file', 'c.json'), { ...place, port: 0, file: 'c.json' });
  assert.deepEqual(checked('--no-console'), { ...place, port: null });
  assert.equal(site(t).checked(), null);
  assert.equal(site(t, '<console>no</console>').checked(), null);
});

for (const [elements, code, text] of [
  [['', '<console>many</console>'], 2, 'F:5: <console>: "many" is not a port number from 0 to 65535, or true or false'],
  [['<console>0</console>', '<console>1</console>'], 2, 'F:5: <console>: is given more than once'],
  [['<control_file>x</control_file>'], 2, 'F:4: <control_file>: there is no control interface without --console or --control-socket'],
  [['<console>0</console>', '<control_socket/>'], 2, 'F:5: <control_socket>: needs the path of a socket'],
  [['<console>0</console>', '<control_token_file>/nowhere</control_token_file>'], 4, 'F:5: <control_token_file>: cannot read /nowhere: ENOENT'],
] as const) {
  test(`--check-config and a start report file, line and element: ${text}`, (t) => {
    const { file } = site(t, ...elements);
    for (const more of [['--check-config'], ['--port', '0', '--log-level', 'silent']]) {
      const outcome = run('--config', file, ...more);
      assert.equal(outcome.code, code);
      assert.ok(oneLine(outcome.stderr).replace(file, 'F').startsWith(`opensrf-chopchop: ${text}`), outcome.stderr);
    }
  });
}

for (const [elements, code, text] of [
  [['<control_socket>/nowhere/at/all.sock</control_socket>'], 3, 'F:4: <control_socket>: cannot listen on /nowhere/at/all.sock'],
  [['<console>0</console>', '<control_file>/nowhere/at/all.json</control_file>'], 4, 'F:5: <control_file>: cannot write /nowhere/at/all.json'],
] as const) {
  test(`so is an impossible value: ${text}`, (t) => {
    const { file } = site(t, ...elements);
    const outcome = run('--config', file, '--port', '0', '--log-level', 'silent');
    assert.equal(outcome.code, code);
    assert.ok(oneLine(outcome.stderr).replace(file, 'F').startsWith(`opensrf-chopchop: ${text}`), outcome.stderr);
  });
}

test('an invalid value on the command line is reported with its option, whatever the file contains', (t) => {
  const { file } = site(t, '<console>0</console>');
  assert.match(oneLine(run('--config', file, '--check-config', '--console', 'x').stderr), /^opensrf-chopchop: --console: "x" is not a port number/);
});
