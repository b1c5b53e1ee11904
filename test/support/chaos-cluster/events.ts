import { setTimeout as wait } from 'node:timers/promises';
import type { ClusterLab } from './lab.ts';
import type { Ledger } from './ledger.ts';

/** A disturbance, which ends by itself. */
export interface Disturbance {
  readonly name: string;
  /** Whether it needs network namespaces. */
  readonly cuts: boolean;
  /** Whether it needs a cluster. */
  readonly cluster: boolean;
  /** @param host The host that it hits. */
  run(lab: ClusterLab, host: number, disturbed: Ledger['disturbed']): Promise<void>;
}

/** Stops a process for a time. */
async function freeze(lab: ClusterLab, host: number, kind: 'nats' | 'member', ms: number): Promise<void> {
  lab.signal(host, kind, 'SIGSTOP');
  await wait(ms);
  lab.signal(host, kind, 'SIGCONT');
}

async function freezeMember(lab: ClusterLab, host: number, disturbed: Ledger['disturbed'], ms: number): Promise<void> {
  disturbed.add(host);
  await freeze(lab, host, 'member', ms);
}

/** Gives a member a fifth of its time. */
async function slowDown(lab: ClusterLab, host: number, disturbed: Ledger['disturbed']): Promise<void> {
  disturbed.add(host);
  for (let round = 0; round < 8; round++) {
    await freeze(lab, host, 'member', 400);
    await wait(100);
  }
}

/** Cuts one host off from the others. */
async function isolate(lab: ClusterLab, host: number, ms: number): Promise<void> {
  for (let other = 0; other < lab.size; other++) {
    if (other === host) continue;
    lab.network.cut(host, other);
    lab.network.cut(other, host);
  }
  await wait(ms);
  lab.network.heal();
}

async function cutPair(lab: ClusterLab, host: number, ms: number, both: boolean): Promise<void> {
  const other = (host + 1) % lab.size;
  lab.network.cut(host, other);
  if (both) lab.network.cut(other, host);
  await wait(ms);
  lab.network.heal();
}

export const DISTURBANCES: readonly Disturbance[] = [
  { name: 'nothing', cuts: false, cluster: false, run: () => wait(1_000) },
  {
    name: 'member kill -9, back after 2 s',
    cuts: false,
    cluster: false,
    async run(lab, host, disturbed) {
      disturbed.add(host);
      lab.signal(host, 'member', 'SIGKILL');
      await wait(2_000);
      await lab.startMember(host);
    },
  },
  {
    name: 'member ends and starts again',
    cuts: false,
    cluster: false,
    async run(lab, host, disturbed) {
      disturbed.add(host);
      await lab.endMember(host);
      lab.exchange(host);
      await lab.startMember(host);
    },
  },
  {
    name: 'host lost (member and NATS kill -9), back after 3 s',
    cuts: false,
    cluster: true,
    async run(lab, host, disturbed) {
      disturbed.add(host);
      for (const kind of ['member', 'nats'] as const) lab.signal(host, kind, 'SIGKILL');
      await wait(3_000);
      await lab.startNats(host);
      await lab.startMember(host);
    },
  },
  { name: 'member slow for 4 s', cuts: false, cluster: false, run: slowDown },
  { name: 'member hands over (restart)', cuts: false, cluster: false, run: (lab, host) => lab.handOver(host) },
  { name: 'member stopped 0.6 s', cuts: false, cluster: false, run: (lab, host, disturbed) => freezeMember(lab, host, disturbed, 600) },
  { name: 'member stopped 3 s', cuts: false, cluster: false, run: (lab, host, disturbed) => freezeMember(lab, host, disturbed, 3_000) },
  {
    name: 'NATS server kill -9, back after 1 s',
    cuts: false,
    cluster: true,
    async run(lab, host) {
      lab.signal(host, 'nats', 'SIGKILL');
      await wait(1_000);
      await lab.startNats(host);
    },
  },
  {
    name: 'all NATS servers kill -9, back after 1 s',
    cuts: false,
    cluster: true,
    async run(lab) {
      const hosts = Array.from({ length: lab.size }, (_, host) => host);
      for (const host of hosts) lab.signal(host, 'nats', 'SIGKILL');
      await wait(1_000);
      await Promise.all(hosts.map((host) => lab.startNats(host)));
    },
  },
  {
    name: 'NATS server restarts in lame duck mode',
    cuts: false,
    cluster: true,
    async run(lab, host) {
      lab.signal(host, 'nats', 'SIGUSR2');
      await wait(2_000);
      lab.signal(host, 'nats', 'SIGKILL');
      await lab.startNats(host);
    },
  },
  { name: 'NATS server stopped 3 s', cuts: false, cluster: true, run: (lab, host) => freeze(lab, host, 'nats', 3_000) },
  { name: 'host cut off 0.5 s', cuts: true, cluster: true, run: (lab, host) => isolate(lab, host, 500) },
  { name: 'host cut off 4 s', cuts: true, cluster: true, run: (lab, host) => isolate(lab, host, 4_000) },
  { name: 'two hosts cut 4 s', cuts: true, cluster: true, run: (lab, host) => cutPair(lab, host, 4_000, true) },
  { name: 'two hosts cut in one direction 4 s', cuts: true, cluster: true, run: (lab, host) => cutPair(lab, host, 4_000, false) },
];
