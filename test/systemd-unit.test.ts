import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { SETTINGS } from '../server/config/settings.ts';
import { temporaryFolder } from './support/command.ts';

const EXAMPLES = fileURLToPath(new URL('../../docs/examples', import.meta.url));
const UNIT = join(EXAMPLES, 'opensrf-chopchop.service');
const absent = spawnSync('systemd-analyze', ['--version']).status !== 0 && 'there is no systemd-analyze';

/** The least exposed service has 0, one without any protection 10. */
const MOST_EXPOSURE = 2;

test('systemd has no objection to the unit, and finds it well protected', { skip: absent }, (t) => {
  const copy = join(temporaryFolder(t), 'opensrf-chopchop.service');
  const unit = readFileSync(UNIT, 'utf8');
  assert.match(unit, /^Type=notify\nNotifyAccess=all$/m);
  // Missing on this machine: the program, its user, its man page.
  const local = unit
    .replace('/usr/local/bin/opensrf-chopchop', process.execPath)
    .replace('User=opensrf', 'User=daemon')
    .replace(/^Documentation=.*\n/m, '');
  writeFileSync(copy, local);
  const verified = spawnSync('systemd-analyze', ['verify', copy], { encoding: 'utf8' });
  assert.deepEqual([verified.status, verified.stderr], [0, '']);
  const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', copy], { encoding: 'utf8' });
  const [, exposure = '10'] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
  assert.ok(Number(exposure) < MOST_EXPOSURE, `exposure ${exposure}`);
});

test('systemd has no objection to the units of a cluster, whose drop-in sets options that exist', { skip: absent }, (t) => {
  const folder = temporaryFolder(t);
  const copyOf = (name: string, from: string, ...replaced: readonly (readonly [RegExp, string])[]) => {
    const text = replaced.reduce((unit, [what, by]) => unit.replace(what, by), readFileSync(join(EXAMPLES, from), 'utf8'));
    writeFileSync(join(folder, name), text);
    return text;
  };
  const user = [/User=\w+/, 'User=daemon'] as const;
  copyOf('chopchop-nats.service', 'cluster/chopchop-nats.service', user, [/Group=\w+/, 'Group=daemon'], [/\/usr\/sbin\/nats-server/, process.execPath]);
  copyOf('opensrf-chopchop.service', 'opensrf-chopchop.service', user, [/\/usr\/local\/bin\/opensrf-chopchop/, process.execPath], [/^Documentation=.*\n/m, '']);
  mkdirSync(join(folder, 'opensrf-chopchop.service.d'));
  const dropIn = copyOf('opensrf-chopchop.service.d/cluster.conf', 'cluster/opensrf-chopchop.service.d/cluster.conf');
  const units = ['chopchop-nats.service', 'opensrf-chopchop.service'].map((name) => join(folder, name));
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...units], { encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
  const variables = [...dropIn.matchAll(/^Environment=(\w+)=/gm)].map(([, name]) => name);
  assert.equal(variables.length, 5);
  const known = new Set(Object.values(SETTINGS).map(({ environment }) => environment));
  assert.deepEqual(
    variables.filter((name) => !known.has(name ?? '')),
    [],
  );
});

test('the variables of the composed cluster are settings, and each server has its file', () => {
  const { services } = parse(readFileSync(join(EXAMPLES, 'cluster/compose.yaml'), 'utf8'), { merge: true });
  const known = new Set([...Object.values(SETTINGS).map(({ environment }) => environment), 'OSRF_DOMAIN', 'OSRF_USERNAME', 'OSRF_PASSWORD']);
  assert.deepEqual(Object.keys(services), ['nats-1', 'nats-2', 'nats-3', 'member-a', 'member-b', 'member-c']);
  for (const letter of ['a', 'b', 'c']) {
    const { environment } = services[`member-${letter}`];
    assert.deepEqual([environment.OPENSRF_CHOPCHOP_MEMBER, environment.OPENSRF_CHOPCHOP_CLUSTER], [letter, 'dev']);
    // The health check logs in with the only account, at the only domain.
    const { OSRF_USERNAME: name, OSRF_PASSWORD: password } = environment;
    assert.deepEqual([environment.OPENSRF_CHOPCHOP_USER, environment.OPENSRF_CHOPCHOP_DOMAIN], [`${name}:${password}`, environment.OSRF_DOMAIN]);
    assert.deepEqual(
      Object.keys(environment).filter((name) => !known.has(name)),
      [],
    );
  }
});
