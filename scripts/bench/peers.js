// Other Jabber servers from Debian packages, for comparison. Without opensrf_router, they play without a router ("direct").
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROGRAM as JABBERD2, launchJabberd2 } from './jabberd2.js';
import { end, somePort } from './servers.js';

/** The packages for --install. */
export const PACKAGES = ['ejabberd', 'prosody', 'jabberd2'];

const ACCOUNT = { user: 'opensrf', password: 'opensrf' };
const START_MS = 30_000;

/** The installed ones; prints the missing ones. */
export function installedPeers(folder) {
  const peers = [prosody(folder), ejabberd(folder), jabberd2(folder)];
  for (const { name, program } of peers) if (!existsSync(program)) console.log(`${name} is left out: there is no ${program} (--install installs it)`);
  return peers.filter(({ program }) => existsSync(program));
}

function jabberd2(folder) {
  return peer('jabberd2', JABBERD2, (port) => launchJabberd2(folder, port), 'legacy');
}

function peer(name, program, launch, auth = 'plain') {
  return {
    name,
    program,
    routes: false,
    async start() {
      const port = somePort();
      const running = await launch(port);
      await untilItListens(port, running.child);
      await running.register?.();
      const stop = async () => {
        for (const pid of familyOf(running.child.pid)) process.kill(pid, 'SIGKILL');
        await end(running.child);
      };
      return { name, port, password: ACCOUNT.password, auth, mode: 'direct', pids: () => familyOf(running.child.pid), stop };
    },
  };
}

async function untilItListens(port, child) {
  for (let waited = 0; waited < START_MS; waited += 100) {
    if (child.exitCode !== null) throw new Error(`the peer ended with ${child.exitCode}`);
    const open = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    await sleep(100);
  }
  throw new Error('the peer does not listen');
}

/** A process and its descendants: the started process is often not the server itself. */
function familyOf(root) {
  const parents = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = readStat(pid);
    if (stat !== '') parents.set(Number(pid), Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0]));
  }
  const family = [root];
  for (const member of family) for (const [pid, parent] of parents) if (parent === member) family.push(pid);
  return family;
}

/** A process may end between two looks. */
function readStat(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return '';
  }
}

function prosody(folder) {
  return peer('prosody', '/usr/bin/prosody', (port) => {
    const place = join(folder, `prosody-${port}`);
    const accounts = join(place, 'data/localhost/accounts');
    mkdirSync(accounts, { recursive: true });
    writeFileSync(join(accounts, `${ACCOUNT.user}.dat`), `return { ["password"] = "${ACCOUNT.password}"; };\n`);
    const config = join(place, 'prosody.cfg.lua');
    const lines = [
      'run_as_root = true',
      `pidfile = "${place}/prosody.pid"`,
      `data_path = "${place}/data"`,
      'modules_enabled = { "saslauth", "disco", "ping", "posix" }',
      'modules_disabled = { "s2s", "tls", "limits" }',
      'c2s_require_encryption = false',
      'allow_unencrypted_plain_auth = true',
      'authentication = "internal_plain"',
      `c2s_ports = { ${port} }`,
      'c2s_interfaces = { "127.0.0.1" }',
      'c2s_stanza_size_limit = 10485760',
      'network_backend = "epoll"',
      `log = { error = "${place}/error.log" }`,
      'VirtualHost "localhost"',
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
    return { child: spawn('/usr/bin/prosody', ['--config', config, '-F'], { stdio: 'ignore' }) };
  });
}

function ejabberd(folder) {
  return peer('ejabberd', '/usr/sbin/ejabberdctl', (port) => {
    const place = join(folder, `ejabberd-${port}`);
    mkdirSync(place, { recursive: true });
    const config = join(place, 'ejabberd.yml');
    const listener = `{ port: ${port}, ip: "127.0.0.1", module: ejabberd_c2s, max_stanza_size: 10485760, starttls_required: false, access: all, backlog: 1024 }`;
    const lines = [
      'loglevel: error',
      'hosts: [localhost]',
      'listen:',
      `  - ${listener}`,
      'auth_method: internal',
      'auth_password_format: plain',
      'access_rules: { c2s: { allow: all }, local: { allow: all } }',
      'api_permissions: { "console commands": { from: [ejabberd_ctl], who: all, what: "*" } }',
      'shaper_rules: { max_user_sessions: 20000 }',
      'modules: { mod_admin_extra: {}, mod_disco: {}, mod_legacy_auth: {}, mod_ping: {}, mod_roster: {} }',
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
    // Debian's script changes to the user ejabberd.
    spawnSync('chown', ['-R', 'ejabberd', place]);
    const control = ['--node', `bench${port}@localhost`, '--config-dir', place, '--config', config, '--logs', place, '--spool', place];
    const child = spawn('/usr/sbin/ejabberdctl', [...control, 'foreground'], { stdio: 'ignore', cwd: '/' });
    const register = () => {
      const { status, stdout, stderr } = spawnSync('/usr/sbin/ejabberdctl', [...control, 'register', ACCOUNT.user, 'localhost', ACCOUNT.password], {
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`ejabberdctl register: ${stdout}${stderr}`);
    };
    return { child, register };
  });
}

/** Installs the peers' packages, where this is a Debian and we are root. */
export function installPeers() {
  const { status } = spawnSync('apt-get', ['install', '-y', '--no-install-recommends', ...PACKAGES], {
    stdio: 'inherit',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status !== 0) throw new Error(`apt-get could not install ${PACKAGES.join(' ')} (is this Debian, and are you root?)`);
}
