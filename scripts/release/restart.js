// Restarts the executable while a client and a service are connected.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { OsrfClient, OsrfService } from '../../dist/server/client.js';

/**
 * As upgrades go: the same executable again, a newer one in its place, and a link that leads to a newer one, with the old one removed.
 * @param folder An empty folder.
 * @param binary The executable, and another one of a newer version.
 * @returns the versions that have served.
 */
export async function restartBinary(folder, binary, newer) {
  const [file, control, link, program] = ['ready.json', 'control.json', 'opensrf-chopchop', 'first'].map((name) => join(folder, name));
  const env = { ...process.env, XDG_RUNTIME_DIR: folder };
  const ready = () => JSON.parse(readFileSync(file, 'utf8'));
  copyFileSync(binary, program);
  symlinkSync('first', link);
  const options = [...['--port', '0', '--control-socket', join(folder, 'socket')], ...['--control-file', control, '--ready-file', file]];
  // It stays as the parent of its successors, and ends with the last of them.
  const server = spawn(link, options, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => server.on('exit', (code, signal) => resolve(code ?? signal)));
  try {
    while (!existsSync(file)) await setTimeout(20);
    const login = { ...ready().c2s[0], domain: 'private.localhost', username: 'opensrf', password: 'password' };
    const service = await OsrfService.start({ ...login, service: 'restarted', workers: 2, methods: { echo: (value) => value } });
    const client = await OsrfClient.connect({ ...login, resource: 'client' });
    const session = client.session('restarted');
    const versions = [];
    const restart = async () => {
      const before = ready();
      const { status, stderr } = spawnSync(link, ['restart', '--control-file', control], { env, encoding: 'utf8' });
      assert.deepEqual([status, stderr], [0, '']);
      assert.notEqual(ready().pid, before.pid);
      versions.push(ready().version);
      // One to the worker, and one to the listener.
      assert.deepEqual(await session.request('echo', versions), versions);
      assert.deepEqual(await client.request('restarted', 'echo', versions), versions);
    };
    const worker = await session.connect();
    await restart();
    copyFileSync(newer, join(folder, 'next'));
    renameSync(join(folder, 'next'), program);
    await restart();
    copyFileSync(binary, join(folder, 'second'));
    rmSync(link);
    symlinkSync('second', link);
    rmSync(program);
    await restart();
    assert.deepEqual([client.open, session.remote], [true, worker]);
    await client.close();
    await service.stop();
    return versions;
  } finally {
    server.kill('SIGTERM');
    assert.equal(await ended, 0);
  }
}
