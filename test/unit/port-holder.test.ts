import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { portInUse } from '../../server/process/port-holder.ts';
import { endWith } from '../support/processes.ts';

const LISTEN = "const server = require('node:net').createServer().listen(0, '127.0.0.1', () => console.log(server.address().port));";

const skip = !existsSync('/proc/self/fd') && 'no /proc here';

for (const [argv0, name] of [
  ['/usr/lib/erlang/erts/bin/beam.smp', 'ejabberd'],
  ['/usr/local/bin/jabberd --password secret', 'jabberd'],
  ['OpenSRF Router', 'OpenSRF Router'],
] as const) {
  test(`the process that has a port is named, without its arguments: ${name}`, { skip }, async (t) => {
    const child = endWith(t, spawn(process.execPath, ['-e', LISTEN], { argv0, stdio: ['ignore', 'pipe', 'inherit'] }));
    const [output] = await once(child.stdout, 'data');
    const port = Number(String(output));
    assert.equal(portInUse(port), `port ${port} is in use by PID ${child.pid} (${name})`);
  });
}

test('a port without a visible process is in use by another program', () => {
  assert.equal(portInUse(65_536), 'port 65536 is in use by another program');
});
