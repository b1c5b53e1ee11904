import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Command } from './support/background-command.ts';
import { LONG } from './support/command.ts';
import { opensrfSite } from './support/opensrf-site.ts';
import { Peer } from './support/peer.ts';
import { endWith } from './support/processes.ts';

const SERVICE = fileURLToPath(new URL('./support/lone-service.js', import.meta.url));
const SETTINGS = fileURLToPath(new URL('../../test/fixtures/opensrf-xml/minimal.xml', import.meta.url));
const DOMAIN = 'private.localhost';

// osrf_control's part, step by step, with processes of our own in the place of OpenSRF's.
test('a site is started, used, looked at and stopped as osrf_control does it', async (t) => {
  const site = await opensrfSite(t, DOMAIN);
  const where = ['--config', site.config, '--host', site.address.host];
  const command = (...args: string[]) => new Command(t, ...args, ...where).outcome();
  const services: ReturnType<typeof spawn>[] = [];

  await t.test('--start --service router needs no Jabber server: it brings one, and is back when logins work', () => {
    const { status, stderr } = site.start({ OPENSRF_CHOPCHOP_WITH_SETTINGS: SETTINGS });
    assert.equal(status, 0, stderr);
    assert.equal(site.title(), 'OpenSRF Router');
  });

  await t.test('each call of osrf_control logs in and out once', async () => {
    const control = await (await Peer.connect(t, site.address)).login('opensrf', DOMAIN, `client_at_localhost_${process.pid}`);
    control.send('</stream:stream>');
    control.stream.end();
    assert.equal(await control.closed(), '</stream:stream>');
  });

  await t.test('--start-services: a service asks for its settings, logs in and registers', async () => {
    const service = endWith(t, spawn(process.execPath, [SERVICE, site.address.host, String(site.address.port), 'c'], { stdio: 'inherit' }));
    services.push(service);
    const waited = await command('wait', 'opensrf.math', 'opensrf.settings', '--timeout', LONG);
    assert.equal(waited.code, 0, waited.stderr);
  });

  await t.test('it answers', async () => {
    const answer = await command('request', 'opensrf.math', 'add', '2', '2');
    assert.deepEqual([answer.code, answer.stdout], [0, '{"sum":4,"implementation":"libosrf_math.so"}\n'], answer.stderr);
  });

  await t.test('--stop-services: services go first, and their classes with them', async () => {
    const [service] = services as [ReturnType<typeof spawn>];
    service.kill('SIGTERM');
    await once(service, 'exit');
    const absent = await command('request', 'opensrf.math', 'add', '2', '2');
    assert.equal(absent.code, 7, absent.stderr);
  });

  await t.test('--stop --service router: TERM ends it within the 30 seconds, and the pid file goes with it', async () => {
    const pid = await site.stop();
    assert.equal(existsSync(site.pidFile), false);
    const status = await command('status', '--timeout', '2');
    assert.equal(status.code, 3);
    while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setImmediate(resolve));
  });
});
