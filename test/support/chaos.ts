import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LostRequests } from '../../router/ledger/lost-requests.ts';
import type { ListenerLossPolicy } from '../../router/ports/options.ts';
import { Requests } from '../../router/requests.ts';
import { ChopChop } from '../../server/compose/chopchop.ts';
import { createConfig } from '../../server/config/config.ts';
import type { BoundAddress } from '../../server/net/tcp.ts';
import { ChaosClient, chaosId } from './chaos-client.ts';
import { randomFrom } from './random.ts';
import { recordingLog } from './server.ts';

/** The length and intensity of a run. */
export interface ChaosOptions {
  readonly seed: number;
  readonly requests: number;
  readonly seconds: number;
  readonly clients: number;
  readonly listeners: number;
  /** The most open requests of a client. */
  readonly window: number;
  /** The most requests of a client on one thread. */
  readonly perThread: number;
  readonly policy: Exclude<ListenerLossPolicy, 'ignore'>;
  /** The body of every tenth request; long, so that a stopped listener's share exceeds the kernel's buffers. */
  readonly largeBytes: number;
  /** The folder in which listeners record their requests. */
  readonly folder: string;
}

/** The outcome. `silent`, `answeredTwice`, `torn` and `outOfOrder` must be 0; with policy `error` `executedTwice` too. */
export interface ChaosReport {
  readonly sent: number;
  /** Complete. */
  readonly answered: number;
  /** Ended by a status or a bounce with a reason. */
  readonly refused: number;
  /** Refused after some results. */
  readonly refusedMidway: number;
  /** Neither answered nor refused. */
  readonly silent: number;
  /** Messages for an ended request. */
  readonly answeredTwice: number;
  /** Complete, but with too few or too many results. */
  readonly torn: number;
  readonly executedTwice: number;
  /** Requests executed after a later one of the same client, except those handed over a second time. */
  readonly outOfOrder: number;
  /** Handed over a second time, because the first listener never got them. */
  readonly handedOn: number;
  readonly killed: number;
  readonly stopped: number;
  readonly ended: number;
}

const DOMAIN = 'localhost';
const SERVICE = 'opensrf.chaos';
const LISTENER = fileURLToPath(new URL('./chaos-listener.js', import.meta.url));
const GRACE_MS = 200;
/** After this many rounds without an answer, at 50 ms each, a request counts as lost. */
const PATIENT_ROUNDS = 400;

/** The pause between disturbances if requests are sent at full speed. */
const BETWEEN_TROUBLE_MS = 150;

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Plays clients against listeners that it kills, stops and ends at random, and accounts for every request. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const server = new ChopChop(createConfig({ domains: [DOMAIN], port: 0, router: { lossGraceMs: GRACE_MS, onListenerLoss: options.policy } }), recordingLog());
  const [address] = (await server.start()) as [BoundAddress];
  const handedOn = watchHandingOn();
  const random = randomFrom(options.seed);
  const registered = () => server.routers.get(DOMAIN)?.classes.get(SERVICE)?.nodes.size ?? 0;
  const resources = () => Array.from(server.sessions, ({ jid }) => jid.slice(jid.indexOf('/') + 1));
  const pool = new ListenerPool(address, options, random, { registered, resources });
  const grace = beginGraceWhen(() => pool.allHeard());
  const clients = await Promise.all(
    Array.from({ length: options.clients }, (_, index) => ChaosClient.start({ ...address, domain: DOMAIN }, SERVICE, index, options, random)),
  );
  try {
    await pool.start();
    await sendAll(clients, options, () => pool.disturb());
    await pool.calmDown();
    await settled(() => clients.reduce((sum, { waiting }) => sum + waiting, 0));
    return report(clients, pool, handedOn.ids, options.folder);
  } finally {
    handedOn.stop();
    grace.stop();
    pool.killAll();
    await server.stop();
  }
}

/** Returns when none is open, or when their number has not dropped for many rounds of the event loop. */
async function settled(waiting: () => number): Promise<void> {
  for (let left = waiting(), rounds = 0; left > 0 && rounds < PATIENT_ROUNDS; rounds++) {
    await wait(50);
    if (waiting() < left) rounds = 0;
    left = waiting();
  }
}

/** Notes the requests that the router hands over a second time. */
function watchHandingOn(): { ids: Set<string>; stop: () => void } {
  const ids = new Set<string>();
  const { returned, reroute } = Requests.prototype;
  Requests.prototype.returned = function (stanza) {
    ids.add(chaosId(stanza));
    returned.call(this, stanza);
  };
  Requests.prototype.reroute = function (request) {
    ids.add(chaosId(request.original));
    reroute.call(this, request);
  };
  const stop = () => Object.assign(Requests.prototype, { returned, reroute });
  return { ids, stop };
}

/** Delays the grace of lost listeners until the condition is true: the speed of their answers, and of the server's reading, depends on the machine. */
function beginGraceWhen(condition: () => Promise<void>): { stop: () => void } {
  const { settleLater } = LostRequests.prototype;
  LostRequests.prototype.settleLater = function (...of) {
    void condition().then(() => settleLater.apply(this, of));
  };
  return { stop: () => Object.assign(LostRequests.prototype, { settleLater }) };
}

/** Spreads the requests evenly, with a disturbance after a fixed number of them: a busy machine gets no more disturbances per request. */
async function sendAll(clients: readonly ChaosClient[], { requests, seconds }: ChaosOptions, disturb: () => void): Promise<void> {
  const begin = Date.now();
  const calm = Math.ceil((requests / (seconds * 1000)) * BETWEEN_TROUBLE_MS);
  let sent = 0;
  let nextDisturbance = calm;
  while (sent < requests) {
    const due = Math.min(requests, Math.ceil(((Date.now() - begin) / (seconds * 1000)) * requests), nextDisturbance);
    sent += sendUpTo(clients, due - sent);
    if (sent >= nextDisturbance) {
      nextDisturbance += calm;
      disturb();
    }
    await wait(5);
  }
}

/** Lets the clients send in turns until this many are sent, or all have reached their limit of open requests. */
function sendUpTo(clients: readonly ChaosClient[], count: number): number {
  let sent = 0;
  let before = -1;
  while (sent < count && sent > before) {
    before = sent;
    for (const client of clients) if (sent < count && client.send()) sent++;
  }
  return sent;
}

function report(clients: readonly ChaosClient[], pool: ListenerPool, handedOn: ReadonlySet<string>, folder: string): ChaosReport {
  const sum = (count: (client: ChaosClient) => number) => clients.reduce((total, client) => total + count(client), 0);
  const logs = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8').trim().split('\n'));
  const executed = logs.flat().filter((id) => id !== '');
  return {
    sent: sum((client) => client.sent),
    answered: sum((client) => client.answered),
    refused: sum((client) => client.refused),
    refusedMidway: sum((client) => client.refusedMidway),
    silent: sum((client) => client.waiting),
    answeredTwice: sum((client) => client.answeredTwice),
    torn: sum((client) => client.torn),
    executedTwice: executed.length - new Set(executed).size,
    outOfOrder: logs.reduce((total, log) => total + outOfOrder(log.filter((id) => id !== '' && !handedOn.has(id))), 0),
    handedOn: handedOn.size,
    killed: pool.killed,
    stopped: pool.stopped,
    ended: pool.ended,
  };
}

function outOfOrder(log: readonly string[]): number {
  const latest = new Map<string, number>();
  let count = 0;
  for (const id of log) {
    const [client, number] = id.split('.') as [string, string];
    if ((latest.get(client) ?? -1) > Number(number)) count++;
    latest.set(client, Number(number));
  }
  return count;
}

/** The listeners in the server's view. */
interface SeenByServer {
  /** The number of listeners that get requests. */
  registered(): number;
  /** The resources of all sessions. */
  resources(): string[];
}

/** The listener processes, and their disturbances. */
class ListenerPool {
  killed = 0;
  stopped = 0;
  ended = 0;
  private readonly address: BoundAddress;
  private readonly options: ChaosOptions;
  private readonly random: () => number;
  private readonly seen: SeenByServer;
  private readonly running = new Set<ChildProcess>();
  private readonly asleep = new Set<ChildProcess>();
  private readonly leaving = new Set<ChildProcess>();
  /** The names of the ended ones. */
  private readonly gone = new Set<string>();
  private count = 0;
  private state: 'calm' | 'wild' | 'over' = 'calm';

  constructor(address: BoundAddress, options: ChaosOptions, random: () => number, seen: SeenByServer) {
    this.address = address;
    this.seen = seen;
    this.options = options;
    this.random = random;
  }

  async start(): Promise<void> {
    this.state = 'wild';
    for (let index = 0; index < this.options.listeners; index++) this.spawn();
    while (this.seen.registered() === 0) await wait(20);
  }

  /** Disturbs one of them, unless most are down already: some must be able to work, even on a busy machine. */
  disturb(): void {
    if (this.seen.registered() * 2 < this.options.listeners) return;
    // A listener stopped while it leaves would answer after the grace period.
    const victims = [...this.running].filter((child) => !this.leaving.has(child));
    const victim = victims[Math.floor(this.random() * victims.length)];
    if (victim === undefined) return;
    const choice = this.random();
    if (choice < 0.4) {
      this.killed++;
      this.leaving.add(victim);
      victim.kill('SIGKILL');
    } else if (choice < 0.8 && !this.asleep.has(victim)) {
      this.stopped++;
      this.asleep.add(victim);
      victim.kill('SIGSTOP');
      setTimeout(() => this.wake(victim), this.random() * 1_500);
    } else if (!this.asleep.has(victim)) {
      this.ended++;
      this.leaving.add(victim);
      victim.kill('SIGTERM');
    }
  }

  /** Wakes the stopped ones, and stops the disturbances. */
  async calmDown(): Promise<void> {
    this.state = 'calm';
    for (const child of [...this.asleep]) this.wake(child);
    await wait(100);
  }

  /** Returns when all killed and leaving listeners have ended, and the server has read all their workers' output. */
  async allHeard(): Promise<void> {
    while (this.leaving.size > 0 || this.seen.resources().some((resource) => this.gone.has(resource.split('-')[0] as string))) await wait(20);
  }

  killAll(): void {
    this.state = 'over';
    for (const child of this.running) child.kill('SIGKILL');
  }

  private wake(child: ChildProcess): void {
    this.asleep.delete(child);
    child.kill('SIGCONT');
  }

  private spawn(): void {
    const name = `listener${this.count++}`;
    const file = join(this.options.folder, name);
    closeSync(openSync(file, 'w'));
    const child = spawn(process.execPath, [LISTENER, String(this.address.port), DOMAIN, SERVICE, name, file], { stdio: ['ignore', 'ignore', 'inherit'] });
    this.running.add(child);
    child.on('exit', () => {
      this.running.delete(child);
      this.asleep.delete(child);
      this.leaving.delete(child);
      this.gone.add(name);
      if (this.state !== 'over') setTimeout(() => this.state !== 'over' && this.spawn(), this.random() * 300);
    });
  }
}
