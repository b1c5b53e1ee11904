import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { attribute } from '../support/osrf.ts';
import { Peer } from '../support/peer.ts';
import { endWith } from '../support/processes.ts';
import { startServer } from '../support/server.ts';

// Other people's XMPP clients, unmodified. The scripts that drive them are not compiled, so they are found beside the sources.
const CLIENTS = fileURLToPath(new URL('../../../test/interop/clients/', import.meta.url));

const DOMAIN = 'localhost';
const ECHO = `opensrf@${DOMAIN}/echo`;
const ABSENT = `opensrf@${DOMAIN}/absent`;

function missing(probe: string[], packageName: string): string | false {
  const [program, ...args] = probe as [string, ...string[]];
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0 ? false : `${packageName} (Debian) is not installed`;
}

async function play(t: Parameters<typeof startServer>[0], command: string[]): Promise<string[]> {
  const { address } = await startServer(t);
  const echo = await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'echo');
  const [program, ...args] = command as [string, ...string[]];
  const child = endWith(t, spawn(program, [...args, String(address.port), DOMAIN, ECHO, ABSENT], { stdio: ['ignore', 'pipe', 'pipe'] }));
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  const exited = once(child, 'exit');
  const heard = await Promise.race([echo.message(), exited.then(() => '')]);
  echo.send(`<message to='${attribute(heard, 'from')}' type='normal'><body>echo of ${/<body>(.*)<\/body>/s.exec(heard)?.[1]}</body></message>`);
  const [code] = await exited;
  assert.equal(code, 0, errors);
  return output.trim().split('\n').sort();
}

const PERL = ['/usr/bin/perl'];
test('Net::XMPP (Perl) logs in with jabber:iq:auth, sends, receives, and gets a bounce', {
  skip: missing([...PERL, '-MNet::XMPP', '-e', '1'], 'libnet-xmpp-perl'),
}, async (t) => {
  assert.deepEqual(await play(t, [...PERL, '-C', `${CLIENTS}net-xmpp.pl`]), [
    'done',
    `error from ${ABSENT}: 503`,
    'logged in',
    `normal from ${ECHO}: echo of grüße & <b>`,
  ]);
});

const PYTHON = ['/usr/bin/python3'];
test('slixmpp (Python) logs in with SASL PLAIN, pings, queries version and features, sends, receives, and gets a bounce', {
  skip: missing([...PYTHON, '-c', 'import slixmpp'], 'python3-slixmpp'),
}, async (t) => {
  assert.deepEqual(await play(t, [...PYTHON, `${CLIENTS}slixmpp-client.py`]), [
    'disco True',
    'done',
    `error from ${ABSENT}: service-unavailable`,
    `logged in as opensrf@${DOMAIN}/slixmpp`,
    `normal from ${ECHO}: echo of grüße & <b>`,
    'pong',
    'version of opensrf-chopchop',
  ]);
});
