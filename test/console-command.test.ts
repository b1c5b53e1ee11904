import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { keptToken } from '../server/control/kept-token.ts';
import { Command, Program } from './support/background-command.ts';
import { appeared, MAIN, oneLine, run, serve, stop, temporaryFolder } from './support/command.ts';

test('a token is kept for the next server at the same address, for its user alone', (t) => {
  const folder = temporaryFolder(t);
  const token = keptToken(folder, '127.0.0.1:5222', false);
  assert.match(token, /^[\w-]{32}$/);
  const [name] = readdirSync(folder);
  assert.equal(name, '127.0.0.1_5222.token');
  assert.equal(statSync(join(folder, name as string)).mode & 0o777, 0o600);
  assert.equal(keptToken(folder, '127.0.0.1:5222', false), token);
  assert.notEqual(keptToken(folder, '127.0.0.1:5223', false), token);
  const renewed = keptToken(folder, '127.0.0.1:5222', true);
  assert.notEqual(renewed, token);
  assert.equal(keptToken(folder, '127.0.0.1:5222', false), renewed);
});

test('a token that others may have read or written is not taken, and none is kept where they may write', (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, '_1.token');
  const token = keptToken(folder, ':1', false);
  chmodSync(path, 0o644);
  assert.notEqual(keptToken(folder, ':1', false), token);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  writeFileSync(path, 'short\n');
  assert.match(keptToken(folder, ':1', false), /^[\w-]{32}$/);
  const open = join(folder, 'open');
  mkdirSync(open);
  chmodSync(open, 0o777);
  keptToken(open, ':1', false);
  keptToken(folder, '', false);
  assert.deepEqual([readdirSync(open), readdirSync(folder).sort()], [[], ['_1.token', 'open']]);
});

test('console prints the address of a running server, --open leads a browser there without the token in its arguments', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'control.json');
  const serving = await serve(t, folder, '--console', '0', '--control-file', file);
  const { url, token } = JSON.parse(readFileSync(file, 'utf8'));
  assert.equal(run('console', '--control-file', file).stdout, `${url}/#token=${token}\n`);
  const browser = join(folder, 'xdg-open');
  const seen = join(folder, 'seen');
  writeFileSync(browser, `#!/bin/sh\nprintf '%s\\n' "$*" > ${seen}.tmp; cat "$1" >> ${seen}.tmp; mv ${seen}.tmp ${seen}\n`, { mode: 0o755 });
  const opening = new Program(t, 'env', [`PATH=${folder}:${process.env['PATH']}`, process.execPath, MAIN, 'console', '--open', '--control-file', file]);
  await opening.printed(token);
  await appeared(t, folder, 'seen');
  const [argument = '', page = ''] = readFileSync(seen, 'utf8').split('\n');
  assert.ok(!argument.includes(token) && page.includes(`url=${url}/#token=${token}`));
  await stop(serving);
  const gone = run('console', '--control-file', file);
  assert.equal(gone.code, 4);
  oneLine(gone.stderr);
});

test('console makes a port for a server that has a socket only', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'control.json');
  await serve(t, folder, '--control-socket', join(folder, 'socket'), '--control-file', file);
  const { token } = JSON.parse(readFileSync(file, 'utf8'));
  const command = new Command(t, 'console', '--control-file', file);
  await command.printed(`#token=${token}`);
  const [, url] = /^(http:\S+)\/#token=/.exec(command.output()) ?? [];
  const call = (headers: Record<string, string>) => fetch(`${url}/api/v1/server`, { headers });
  assert.equal((await call({ Authorization: `Bearer ${token}` })).status, 200);
  assert.equal((await call({})).status, 401);
  assert.equal((await call({ Authorization: `Bearer ${token}`, Origin: 'http://evil.example' })).status, 403);
});
