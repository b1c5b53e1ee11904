import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { appeared, MAIN, oneLine, readReady, type Serving, serve, stop, temporaryFolder, written } from './support/command.ts';
import { realClock } from './support/guards.ts';
import { Peer } from './support/peer.ts';
import { endWith } from './support/processes.ts';

const login = async (t: TestContext, { ready }: Serving, resource: string) =>
  (await Peer.connect(t, ready.c2s[0])).login('opensrf', 'private.localhost', resource);

test('a server that cannot open more files continues, with its control interface, without spinning, and accepts logins again once it can', async (t) => {
  const folder = temporaryFolder(t);
  const control = ['--console', '0', '--control-file', join(folder, 'control.json')];
  const command = ['-c', `ulimit -n 100 && exec "$@"`, 'bash', process.execPath, MAIN, '--port', '0', '--ready-file', join(folder, 'ready.json'), ...control];
  const child = endWith(t, spawn('bash', command, { stdio: ['ignore', 'ignore', 'inherit'] }));
  await appeared(t, folder, 'ready.json');
  const [address] = readReady(folder).c2s;
  const sockets: Socket[] = [];
  for (let index = 0; index < 200; index++) sockets.push(connect(address).on('error', () => {}));
  // The existing ones use up the limit of the process; the server refuses the rest.
  while (sockets.filter(({ closed }) => closed).length < 40) await new Promise((resolve) => setTimeout(resolve, 20));
  const cpu = () => Number(readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(' ')[13]);
  const before = cpu();
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.ok(cpu() - before < 15, 'hundredths of a second of 30');
  // The control interface samples the process once a second.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.equal(child.exitCode, null);
  for (const socket of sockets) socket.destroy();
  for (let tries = 0; ; tries++) {
    const peer = await Peer.connect(t, address);
    const back = await peer.login('opensrf', 'localhost', 'back').then(
      () => true,
      () => false,
    );
    if (back) break;
    assert.ok(tries < 50);
  }
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
});

test('a server whose log file cannot grow continues, and reports it once', async (t) => {
  const folder = temporaryFolder(t);
  const log = join(folder, 'log');
  writeFileSync(log, 'x'.repeat(1_024));
  const args = ['--port', '0', '--ready-file', join(folder, 'ready.json'), '--log-file', log];
  const command = ['-c', `ulimit -f 1 && exec "$@"`, 'bash', process.execPath, MAIN, ...args];
  const child = endWith(t, spawn('bash', command, { stdio: ['ignore', 'ignore', 'pipe'] }));
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  await appeared(t, folder, 'ready.json');
  for (const resource of ['a', 'b', 'c']) await (await Peer.connect(t, readReady(folder).c2s[0])).login('opensrf', 'private.localhost', resource);
  child.kill('SIGTERM');
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
  assert.match(oneLine(errors), /cannot write the log: EFBIG.*; lines are lost until this is fixed/);
});

test('a storm of SIGHUP during logins drops no client', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'core.xml');
  const account = (password: string) => `<domain>private.localhost</domain><username>opensrf</username><passwd>${password}</passwd>`;
  const write = (password: string) => writeFileSync(file, `<config><opensrf>${account(password)}</opensrf></config>`);
  write('password');
  const server = await serve(t, folder, '--config', file, '--host', '127.0.0.1', '--log-file', join(folder, 'log'));
  const peers: Peer[] = [];
  for (let index = 0; index < 20; index++) {
    for (let times = 0; times < 10; times++) server.child.kill('SIGHUP');
    peers.push(await login(t, server, `r${index}`));
  }
  write('other');
  server.child.kill('SIGHUP');
  writeFileSync(file, '<config><broken>');
  server.child.kill('SIGHUP');
  await written(t, folder, 'log', 'configuration not reloaded');
  for (const peer of peers) {
    peer.send(`<iq type='get' id='1' to='private.localhost'><ping xmlns='urn:xmpp:ping'/></iq>`);
    await peer.expect("id='1'/>");
  }
  assert.equal(await stop(server), 0);
});

test('setting the clock back or forward moves no deadline', () => {
  const clock = realClock();
  const real = Date.now;
  const before = clock.now();
  try {
    for (const jumped of [0, real() + 86_400_000]) {
      Date.now = () => jumped;
      const now = clock.now();
      assert.ok(now >= before && now < before + 60_000, `${before}, then ${now}`);
    }
  } finally {
    Date.now = real;
  }
});
