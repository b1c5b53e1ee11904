import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../../../test/fixtures/s2s/lab/', import.meta.url));
const PROGRAMS = ['ip', 'dnsmasq', 'prosody', 'ejabberdctl', 'jabberd2-router', 'jabberd2-s2s'];
const JABBERD = ['/usr/lib/x86_64-linux-gnu/jabberd2', '/usr/lib/aarch64-linux-gnu/jabberd2'];

/** The servers, by domain, with an account of each. */
export const LAB = {
  'prosody.lab': { host: '127.0.2.1', username: 'a' },
  'ejabberd.lab': { host: '127.0.2.2', username: 'b' },
  'jabberd.lab': { host: '127.0.2.3', username: 'c' },
} as const;

/** Why the lab cannot run here; false: it can. */
export function labProblem(...more: string[]): string | false {
  if (process.getuid?.() !== 0) return 'needs root, for a network namespace';
  const missing = [...PROGRAMS, ...more].filter((program) => spawnSync('which', [program]).status !== 0);
  if (missing.length > 0) return `needs ${missing.join(', ')} (Debian: dnsmasq-base, prosody, ejabberd, jabberd2, nftables)`;
  const name = `cc-try-${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', name]).status === 0;
  spawnSync('ip', ['netns', 'delete', name]);
  return made ? false : 'needs the right to make a network namespace';
}

/** A network namespace with a name server; everything in it has the whole loopback network for itself. */
export class Lab {
  readonly folder: string;
  private readonly name = `cc-s2s-${process.pid}`;
  private readonly children: ChildProcess[] = [];

  constructor(folder: string) {
    this.folder = folder;
    chmodSync(folder, 0o755);
    cpSync(SOURCE, folder, { recursive: true });
    const jabberd = JABBERD.find((path) => existsSync(path)) ?? '';
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))) {
      if (statSync(file).isFile()) writeFileSync(file, readFileSync(file, 'utf8').replaceAll('@LAB@', folder).replaceAll('@JABBERD@', jabberd));
    }
    for (const path of ['.', 'p', 'e', 'j', 'j/accounts']) chmodSync(join(folder, path), 0o755);
    mkdirSync(join(folder, 'j/users'));
    mkdirSync(join(folder, 'p/data/prosody%2elab/accounts'), { recursive: true });
    writeFileSync(join(folder, 'p/data/prosody%2elab/accounts/a.dat'), 'return { ["password"] = "password" };\n');
    const etc = `/etc/netns/${this.name}`;
    mkdirSync(etc, { recursive: true });
    writeFileSync(join(etc, 'resolv.conf'), 'nameserver 127.0.0.1\n');
    writeFileSync(join(etc, 'hosts'), '127.0.0.1 localhost\n');
    spawnSync('ip', ['netns', 'add', this.name]);
    this.run('ip', ['link', 'set', 'lo', 'up']);
    this.start('dnsmasq', ['-C', join(folder, 'dns/d.conf')]);
  }

  startProsody(): ChildProcess {
    return this.start('prosody', ['--config', join(this.folder, 'p/prosody.cfg.lua'), '-F']);
  }

  startEjabberd(): void {
    const { uid, gid } = { uid: idOf('-u'), gid: idOf('-g') };
    const folder = join(this.folder, 'e');
    for (const path of [folder, join(folder, 'ejabberd.yml')]) chownSync(path, uid, gid);
    this.start('ejabberdctl', [...this.ejabberd, 'foreground']);
  }

  startJabberd(): void {
    for (const part of ['router', 'sm', 'c2s', 's2s']) this.start(`jabberd2-${part}`, ['-c', join(this.folder, `j/${part}.xml`)]);
  }

  /** Runs a Node program of the tests in the namespace. @returns its output, line by line as JSON. */
  async play(program: URL, ...args: string[]): Promise<{ code: number; lines: { name: string; problem: string }[] }> {
    const child = this.start(process.execPath, [fileURLToPath(program), ...args], 'pipe');
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const code = await new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? 1)));
    return { code, lines: text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : [])) };
  }

  /** Makes ejabberd's account, once it runs. */
  async registerAtEjabberd(): Promise<void> {
    for (let tries = 0; tries < 60; tries++) {
      if (this.run('ejabberdctl', [...this.ejabberd, 'register', 'b', 'ejabberd.lab', 'password']) === 0) return;
      await pause(1_000);
    }
    throw new Error('ejabberd did not start');
  }

  close(): void {
    for (const child of this.children) child.kill('SIGKILL');
    const pids = spawnSync('ip', ['netns', 'pids', this.name], { encoding: 'utf8' }).stdout;
    // Some have ended meanwhile.
    spawnSync('kill', ['-KILL', ...pids.split('\n').filter((pid) => pid !== '')]);
    spawnSync('ip', ['netns', 'delete', this.name]);
    rmSync(`/etc/netns/${this.name}`, { recursive: true, force: true });
  }

  private get ejabberd(): string[] {
    const folder = join(this.folder, 'e');
    return ['--node', 'cce@localhost', '--config-dir', folder, '--config', join(folder, 'ejabberd.yml'), '--logs', folder, '--spool', folder];
  }

  private run(program: string, args: readonly string[]): number {
    return spawnSync('ip', ['netns', 'exec', this.name, program, ...args], { cwd: '/', stdio: 'ignore' }).status ?? 1;
  }

  private start(program: string, args: readonly string[], output: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.name, program, ...args], {
      cwd: '/',
      stdio: ['ignore', output, output === 'pipe' ? 'inherit' : 'ignore'],
    });
    this.children.push(child);
    return child;
  }
}

function idOf(which: '-u' | '-g'): number {
  return Number(spawnSync('id', [which, 'ejabberd'], { encoding: 'utf8' }).stdout);
}

/** Waits for a port in this namespace. */
export async function reachable(host: string, port: number): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect({ host, port }, () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    await pause(100);
  }
  throw new Error(`nothing listens at ${host}:${port}`);
}
