import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { natsConfig } from '../../../server/cli/cluster/nats-config.ts';
import { LabNetwork } from './network.ts';
import { Running } from './running.ts';

const MAIN = fileURLToPath(new URL('../../../server/main.js', import.meta.url));
const CLUSTER = 'chaos';
const NATS_PORT = 14_222;
export const DOMAIN = 'localhost';
const PORT = 15_222;

/** One host: a nats-server and a member on it. */
interface Host {
  nats: Running | null;
  member: Running | null;
}

/** A cluster of real processes: on each host a nats-server, with the configuration that `cluster print-nats-config` prints, and a member. */
export class ClusterLab {
  readonly network: LabNetwork;
  readonly folder = mkdtempSync(join(tmpdir(), 'chaos-cluster-'));
  private readonly hosts: readonly Host[];
  /** The program of each member. */
  private readonly programs: string[];
  private readonly other: string;
  private readonly more: readonly string[];

  /** @param size The number of hosts; 1: a server without a cluster. @param more More options of each member. @param cuts Whether the hosts shall be namespaces. @param other The entry of another version of the program. */
  private constructor(size: number, more: readonly string[], cuts: boolean, other: string) {
    this.network = LabNetwork.create(size, cuts);
    this.hosts = Array.from({ length: size }, () => ({ nats: null, member: null }));
    this.more = more;
    this.programs = this.hosts.map(() => MAIN);
    this.other = other;
  }

  static async start(size: number, more: readonly string[] = [], cuts = true, other = MAIN): Promise<ClusterLab> {
    const lab = new ClusterLab(size, more, cuts, other);
    try {
      writeFileSync(join(lab.folder, 'credentials'), 'chaos:chaos', { mode: 0o600 });
      if (size > 1) await Promise.all(lab.hosts.map((_, host) => lab.startNats(host)));
      await Promise.all(lab.hosts.map((_, host) => lab.startMember(host)));
      return lab;
    } catch (error) {
      await lab.stop();
      throw error;
    }
  }

  get size(): number {
    return this.hosts.length;
  }

  /** The address for logins at a member. */
  addressOf(host: number): { host: string; port: number } {
    return { host: this.network.addressOf(host), port: PORT };
  }

  /** Whether a member runs. */
  isUp(host: number): boolean {
    return this.hosts[host]?.member != null;
  }

  /** Kilobytes of memory of each member; 0: it is down. */
  memory(): number[] {
    return this.hosts.map(({ member }) => member?.memoryKb ?? 0);
  }

  async startNats(host: number): Promise<void> {
    const values = {
      cluster: CLUSTER,
      places: this.hosts.map((_, index) => ({ tls: false, host: this.network.addressOf(index), port: NATS_PORT })),
      login: { user: 'chaos', password: 'chaos' },
      secret: 'chaos',
      files: { certificate: '', key: '', authorities: '' },
    };
    const file = join(this.folder, `nats-${host}.conf`);
    writeFileSync(file, natsConfig(values, host + 1));
    const child = this.spawn(host, 'nats', ['nats-server', '-c', file, '-l', join(this.folder, `nats-${host}.log`)]);
    await answers(this.network.addressOf(host), NATS_PORT, child);
  }

  async startMember(host: number): Promise<void> {
    const address = this.network.addressOf(host);
    const ready = join(this.folder, `ready-${host}.json`);
    rmSync(ready, { force: true });
    const places = this.hosts.map((_, index) => `nats://${this.network.addressOf((host + index) % this.size)}:${NATS_PORT}`);
    const cluster = ['--cluster', CLUSTER, '--member', `m${host}`, '--nats', places.join(), '--nats-credentials', join(this.folder, 'credentials')];
    const log = ['--log-file', join(this.folder, `member-${host}.log`), '--pid-file', join(this.folder, `member-${host}.pid`)];
    const control = ['--control-socket', join(this.folder, `control-${host}.sock`), '--control-file', join(this.folder, `control-${host}.json`)];
    const args = ['--domain', DOMAIN, '--host', address, '--port', String(PORT), '--insecure', '--ready-file', ready, ...log, ...control, ...this.more];
    const child = this.spawn(host, 'member', [process.execPath, this.programs[host] as string, ...args, ...(this.size > 1 ? cluster : [])]);
    while (!existsSync(ready)) {
      if (!child.alive) throw new Error(`member ${host} ended: ${readIfThere(join(this.folder, `member-${host}.log`)).slice(-2_000)}`);
      await wait(20);
    }
  }

  /** Sends a signal to a process of a host. A process that ends by it counts as down from now on. */
  signal(host: number, kind: keyof Host, signal: NodeJS.Signals): void {
    const all = this.hosts[host] as Host;
    all[kind]?.kill(signal);
    if (signal === 'SIGKILL') all[kind] = null;
  }

  /** Has another process take over from a member, by the command `restart`. */
  async handOver(host: number): Promise<void> {
    const child = spawn(process.execPath, [MAIN, 'restart', '--control-file', join(this.folder, `control-${host}.json`)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`the restart of member ${host} ended with ${code}`);
    this.hosts[host]?.member?.replacedBy(Number(readFileSync(join(this.folder, `member-${host}.pid`), 'utf8')));
  }

  /** The processes that have ended by themselves, or by another program. */
  deaths(): string[] {
    return this.hosts.flatMap((all, host) =>
      (['nats', 'member'] as const).filter((kind) => all[kind]?.alive === false).map((kind) => `the ${kind} of host ${host} has ended`),
    );
  }

  /** Lets a member run the other version from its next start. */
  exchange(host: number): void {
    this.programs[host] = this.programs[host] === MAIN ? this.other : MAIN;
  }

  /** Ends a member gracefully. */
  async endMember(host: number): Promise<void> {
    const all = this.hosts[host] as Host;
    const { member } = all;
    if (member === null) return;
    all.member = null;
    member.kill('SIGTERM');
    await member.ended();
  }

  async stop(): Promise<void> {
    const all = this.hosts.flatMap(({ nats, member }) => [nats, member]).filter((one) => one !== null);
    for (const one of all) one.kill('SIGKILL');
    await Promise.all(all.map((one) => one.ended()));
    this.network.remove(this.size);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private spawn(host: number, kind: keyof Host, command: readonly string[]): Running {
    const running = Running.start(this.network.at(host, command));
    (this.hosts[host] as Host)[kind] = running;
    return running;
  }
}

async function answers(host: string, port: number, child: Running): Promise<void> {
  for (;;) {
    if (!child.alive) throw new Error(`nats-server of ${host} ended`);
    const socket = connect(port, host);
    const there = await Promise.race([once(socket, 'data').then(() => true), once(socket, 'close').then(() => false)]).catch(() => false);
    socket.destroy();
    if (there) return;
    await wait(20);
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
