import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { type Serving, serve, stop, temporaryFolder, written } from './support/command.ts';
import { cRequest, requestBody } from './support/osrf.ts';
import { RawProgram } from './support/raw-service.ts';

const SERVICE = 'opensrf.math';
const OTHER = 'opensrf.other';

interface Site {
  readonly port: number;
  /** The folder of control files. */
  readonly folder: string;
  /** The name of the file with the registered services. */
  readonly name: string;
  start(...args: string[]): Promise<Serving>;
}

/** Starts servers at one address, one after the other, with a runtime folder of their own. */
async function site(t: TestContext): Promise<Site> {
  const runtime = temporaryFolder(t);
  const folder = join(runtime, 'opensrf-chopchop');
  mkdirSync(folder, { mode: 0o700 });
  process.env['XDG_RUNTIME_DIR'] = runtime;
  const port = await freePort();
  return { port, folder, name: `127.0.0.1_${port}.services`, start: (...args) => serve(t, temporaryFolder(t), '--port', String(port), ...args) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

const address = ({ port }: Site) => ({ host: '127.0.0.1', port });

/** Runs a server with one registered service until it is killed. */
async function crash(t: TestContext, here: Site): Promise<void> {
  const { child } = await here.start();
  await RawProgram.listen(t, address(here), SERVICE);
  await written(t, here.folder, here.name, SERVICE);
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function request(client: RawProgram, service: string): void {
  client.peer.send(cRequest(`router@private.localhost/${service}`, client.jid, `to ${service}`, requestBody('m').replaceAll('"', '&quot;')));
}

test('after a kill, requests for the services of before wait until these register again; others are refused at once', async (t) => {
  const here = await site(t);
  await crash(t, here);
  const { child, output } = await here.start();
  while (!output().includes('the last server did not stop cleanly')) await once(child.stdout as Readable, 'data');
  const client = await RawProgram.login(t, address(here), 'client');
  request(client, SERVICE);
  request(client, OTHER);
  assert.match(await client.peer.message(), /<thread>to opensrf.other<\/thread>.*404/);
  const listener = await RawProgram.login(t, address(here), 'listener');
  listener.peer.send(
    `<message to='router@private.localhost/router'><opensrf router_class='${SERVICE}' router_command='register'/><body>registering</body></message>`,
  );
  assert.equal((await listener.asked()).thread, `to ${SERVICE}`);
});

test('after a clean stop, with --hold 0, and after the file of another user, nothing waits', async (t) => {
  const here = await site(t);
  const refusedBy = async (serving: Serving) => {
    const client = await RawProgram.login(t, address(here), 'client');
    request(client, SERVICE);
    assert.match(await client.peer.message(), /404/);
    await stop(serving);
  };
  await crash(t, here);
  await refusedBy(await here.start('--hold', '0'));
  const file = join(here.folder, here.name);
  assert.ok(existsSync(file));
  chmodSync(file, 0o644);
  await refusedBy(await here.start());
  assert.ok(!existsSync(file), 'a clean stop removes it');
  await refusedBy(await here.start());
  writeFileSync(file, '{"private.localhost":\n\nx y\nprivate.localhost\n', { mode: 0o600 });
  await refusedBy(await here.start());
});

test('an uncaught error leaves the names, although the server ends its sessions', async (t) => {
  const here = await site(t);
  // The server has no such mistake at hand, so that one is put into its process.
  process.env['NODE_OPTIONS'] = `--import=data:text/javascript,${encodeURIComponent("process.on('SIGWINCH', () => { throw new Error('uncaught'); })")}`;
  const { child } = await here.start();
  delete process.env['NODE_OPTIONS'];
  await RawProgram.listen(t, address(here), SERVICE);
  await written(t, here.folder, here.name, SERVICE);
  child.kill('SIGWINCH');
  await once(child, 'exit');
  assert.match(readFileSync(join(here.folder, here.name), 'utf8'), /opensrf\.math/);
});

test('the names of before are kept until their time is over, and those of services that leave are not', async (t) => {
  const here = await site(t);
  await crash(t, here);
  await here.start();
  const other = await RawProgram.listen(t, address(here), OTHER);
  await written(t, here.folder, here.name, OTHER);
  const names = () => readFileSync(join(here.folder, here.name), 'utf8');
  assert.equal(names(), `private.localhost ${OTHER}\nprivate.localhost ${SERVICE}`);
  other.peer.send('</stream:stream>');
  await other.peer.closed();
  await written(t, here.folder, here.name, /^private.localhost opensrf.math$/);
  assert.equal(names(), `private.localhost ${SERVICE}`);
});
