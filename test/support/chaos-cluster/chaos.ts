import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { randomFrom } from '../random.ts';
import { LedgerClient } from './client.ts';
import { DISTURBANCES } from './events.ts';
import { ClusterLab } from './lab.ts';
import { type EventCounts, Ledger } from './ledger.ts';
import { Listeners } from './listeners.ts';
import { Stalls } from './stalls.ts';

/** The length and intensity of a run. */
export interface ClusterChaosOptions {
  readonly seed: number;
  readonly requests: number;
  readonly members: number;
  /** Clients at each member. */
  readonly clients: number;
  /** Listeners at each member. */
  readonly listeners: number;
  readonly window: number;
  /** Requests a second; 0: as many as the window allows. */
  readonly rate: number;
  readonly largeBytes: number;
  /** A part of the names of disturbances; `''`: all. */
  readonly only: string;
  /** Whether hosts are cut off, if that is possible. */
  readonly cuts: boolean;
  /** The entry of another version of the program, which members change to and from when they end in order; `''`: none. */
  readonly other: string;
  /** More options of each member. */
  readonly memberOptions: readonly string[];
  /** Called when an event is over; late outcomes of its requests may follow. */
  /** Called when the members run. @param canCut Whether their hosts can be cut off. */
  readonly onStart: (canCut: boolean) => void;
  readonly onEvent: (event: EventCounts, memoryKb: readonly number[]) => void;
}

/** The outcome. */
export interface ClusterChaosReport {
  readonly events: readonly EventCounts[];
  /** `silent`, `executedTwice`, `answeredTwice` and `torn` must be 0. */
  readonly executedTwice: number;
  readonly memoryBeforeKb: readonly number[];
  readonly memoryAfterKb: readonly number[];
}

const SERVICE = 'opensrf.chaos';
/** The time after a disturbance that counts to its event: the members may give each other up, and find each other again. */
const AFTER_MS = 6_000;
const PATIENCE_MS = 35_000;
const SWEEP_MS = 1_000;

const now = () => performance.now();

/** Plays clients and listeners at all members of a cluster, disturbs it by a seed, and accounts for every request. */
export async function runClusterChaos(options: ClusterChaosOptions): Promise<ClusterChaosReport> {
  const random = randomFrom(options.seed);
  const lab = await ClusterLab.start(options.members, options.memberOptions, options.cuts, options.other || undefined);
  options.onStart(lab.network.canCut);
  const folder = join(lab.folder, 'executed');
  mkdirSync(folder);
  let tick = () => {};
  const stalls = new Stalls(now, () => tick());
  const ledger = new Ledger(now, stalls);
  const listeners = new Listeners(lab, SERVICE, options.listeners, folder);
  const bodies = { window: options.window, largeBytes: options.largeBytes };
  const clients = Array.from({ length: options.members * options.clients }, (_, index) => {
    const host = index % options.members;
    return new LedgerClient(lab.addressOf(host), host, `client${index}`, SERVICE, ledger, random, bodies);
  });
  // Until the listeners are registered, requests get status 404.
  await wait(3_000);
  const load = new Load(clients, ledger, options);
  tick = () => load.tick();
  const memoryBeforeKb = lab.memory();
  try {
    await disturb(lab, ledger, load, stalls, random, options);
    for (const begin = now(); ledger.waiting > 0 && now() - begin < PATIENCE_MS; ) await wait(100);
    ledger.sweep(0);
    return { events: ledger.events, executedTwice: listeners.executedTwice(), memoryBeforeKb, memoryAfterKb: lab.memory() };
  } finally {
    stalls.end();
    for (const client of clients) client.stop();
    listeners.stop();
    await lab.stop();
  }
}

/** One disturbance after the other, each kind once before any is repeated, until all requests are sent. */
async function disturb(
  lab: ClusterLab,
  ledger: Ledger,
  load: Load,
  stalls: Stalls,
  random: () => number,
  { only, onEvent }: ClusterChaosOptions,
): Promise<void> {
  const kinds = DISTURBANCES.filter(({ name, cuts, cluster }) => name.includes(only) && (lab.network.canCut || !cuts) && (lab.size > 1 || !cluster));
  while (!load.done) {
    const left = [...kinds];
    while (left.length > 0 && !load.done) {
      const [kind] = left.splice(Math.floor(random() * left.length), 1) as [(typeof kinds)[number]];
      const host = Math.floor(random() * lab.size);
      const event = ledger.begin(kind.name);
      const stalledMs = stalls.total();
      await kind.run(lab, host, ledger.disturbed);
      await wait(AFTER_MS);
      if (lab.deaths().length > 0) throw new Error(lab.deaths().join('; '));
      ledger.disturbed.clear();
      event.stallMs = stalls.total() - stalledMs;
      onEvent(event, lab.memory());
    }
  }
}

/** Sends requests in turns, at each tick. */
class Load {
  private readonly clients: readonly LedgerClient[];
  private readonly ledger: Ledger;
  private readonly options: ClusterChaosOptions;
  private readonly begin = now();
  private swept = now();
  private sent = 0;

  constructor(clients: readonly LedgerClient[], ledger: Ledger, options: ClusterChaosOptions) {
    this.clients = clients;
    this.ledger = ledger;
    this.options = options;
  }

  get done(): boolean {
    return this.sent >= this.options.requests;
  }

  tick(): void {
    const at = now();
    this.send(at);
    if (at - this.swept < SWEEP_MS) return;
    this.swept = at;
    const silent = this.ledger.sweep();
    if (silent.length > 0) for (const client of this.clients) client.forget(silent);
  }

  private send(at: number): void {
    const { rate, requests } = this.options;
    const due = Math.min(requests, rate === 0 ? requests : ((at - this.begin) / 1_000) * rate);
    for (let before = -1; this.sent < due && this.sent > before; ) {
      before = this.sent;
      for (const client of this.clients) if (this.sent < due && client.send()) this.sent++;
    }
  }
}
