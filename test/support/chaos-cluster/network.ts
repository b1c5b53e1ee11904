import { spawnSync } from 'node:child_process';

/** The hosts of a cluster: namespaces on a bridge, which can be cut off from each other, or without the rights for them addresses of loopback. */
export class LabNetwork {
  /** Whether the hosts are namespaces. */
  readonly canCut: boolean;
  private readonly id: string;
  private readonly prefix: string;
  private readonly cuts = new Set<string>();

  private constructor(id: string, prefix: string, canCut: boolean) {
    this.id = id;
    this.prefix = prefix;
    this.canCut = canCut;
  }

  /** @param cuts Whether namespaces are wanted. */
  static create(hosts: number, cuts: boolean): LabNetwork {
    const id = `cl${process.pid % 100_000}`;
    const loopback = new LabNetwork(id, `127.77.${process.pid % 250}`, false);
    if (!cuts) return loopback;
    const network = new LabNetwork(id, `10.98.${process.pid % 250}`, true);
    try {
      network.build(hosts);
      return network;
    } catch {
      network.remove(hosts);
      return loopback;
    }
  }

  /** The address of a host, from 0. */
  addressOf(host: number): string {
    return `${this.prefix}.${host + 1}`;
  }

  /** A command to run at a host. It keeps its process id. */
  at(host: number, command: readonly string[]): string[] {
    return this.canCut ? ['ip', 'netns', 'exec', `${this.id}h${host}`, ...command] : [...command];
  }

  /** From now on, packets from one host to another are lost without notice. */
  cut(from: number, to: number): void {
    this.cuts.add(`${from} ${to}`);
    ip(`-n ${this.id}h${from} neigh replace ${this.addressOf(to)} lladdr 02:00:00:00:00:01 nud permanent dev eth0`);
  }

  /** Ends all cuts. */
  heal(): void {
    for (const cut of this.cuts) {
      const [from, to] = cut.split(' ').map(Number) as [number, number];
      ip(`-n ${this.id}h${from} neigh del ${this.addressOf(to)} dev eth0`);
    }
    this.cuts.clear();
  }

  remove(hosts: number): void {
    for (let host = 0; host < hosts; host++) spawnSync('ip', ['netns', 'del', `${this.id}h${host}`]);
    spawnSync('ip', ['link', 'del', `${this.id}j`]);
    spawnSync('ip', ['netns', 'del', `${this.id}br`]);
  }

  private build(hosts: number): void {
    const bridge = `${this.id}br`;
    ip(`netns add ${bridge}`);
    ip(`-n ${bridge} link add br0 type bridge`);
    ip(`-n ${bridge} link set br0 up`);
    // The judge stays in the namespace of this process.
    ip(`link add ${this.id}j type veth peer name judge netns ${bridge}`);
    ip(`addr add ${this.prefix}.254/24 dev ${this.id}j`);
    ip(`link set ${this.id}j up`);
    ip(`-n ${bridge} link set judge master br0`);
    ip(`-n ${bridge} link set judge up`);
    for (let host = 0; host < hosts; host++) {
      const name = `${this.id}h${host}`;
      ip(`netns add ${name}`);
      ip(`-n ${bridge} link add h${host} type veth peer name eth0 netns ${name}`);
      ip(`-n ${bridge} link set h${host} master br0`);
      ip(`-n ${bridge} link set h${host} up`);
      ip(`-n ${name} addr add ${this.addressOf(host)}/24 dev eth0`);
      ip(`-n ${name} link set eth0 up`);
      ip(`-n ${name} link set lo up`);
    }
  }
}

function ip(args: string): void {
  const { status, stderr, error } = spawnSync('ip', args.split(' '), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args}: ${error?.message ?? stderr}`);
}
