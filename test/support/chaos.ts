import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Requests } from '../../router/requests.ts';
import { ChopChop } from '../../server/compose/chopchop.ts';
import { createConfig } from '../../server/config/config.ts';
import type { BoundAddress } from '../../server/net/tcp.ts';
import { JabberClient } from '../../server/osrf/jabber-client.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { cRequest, requestBody } from './osrf.ts';
import { readStanza } from './reading.ts';
import { recordingLog } from './server.ts';

/** How long and how hard. */
export interface ChaosOptions {
  readonly seed: number;
  readonly requests: number;
  readonly seconds: number;
  readonly clients: number;
  readonly listeners: number;
  /** Requests a client has under way at the most. */
  readonly window: number;
  /** Of every tenth request; much, so that a stopped listener's share does not fit into the kernel's buffers. */
  readonly largeBytes: number;
  /** Where the listeners write down what they execute. */
  readonly folder: string;
}

/** What came of it. `lost`, `answeredTwice`, `executedTwice` and `outOfOrder` are to be 0. */
export interface ChaosReport {
  readonly sent: number;
  /** With a result. */
  readonly answered: number;
  /** With a status or a bounce that says why not. */
  readonly refused: number;
  readonly lost: number;
  readonly answeredTwice: number;
  readonly executedTwice: number;
  /** Requests a listener executed behind a later one of the same client, those apart that were handed over a second time. */
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
/** So many rounds without an answer, at 50 ms each, and a request counts as lost. */
const PATIENT_ROUNDS = 400;

/** Random numbers that a seed repeats (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Plays clients against listeners that are killed, stopped and ended at random, and accounts for every request. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const server = new ChopChop(createConfig({ domains: [DOMAIN], port: 0, router: { lossGraceMs: GRACE_MS } }), recordingLog());
  const [address] = (await server.start()) as [BoundAddress];
  const handedOn = watchHandingOn();
  const random = randomFrom(options.seed);
  const registered = () => server.routers.get(DOMAIN)?.classes.get(SERVICE)?.nodes.size ?? 0;
  const pool = new ListenerPool(address, options, random, registered);
  const clients = await Promise.all(Array.from({ length: options.clients }, (_, index) => ChaosClient.start(address, index, options, random)));
  try {
    await pool.start();
    await sendAll(clients, options, () => pool.disturb());
    await pool.calmDown();
    await settled(() => clients.reduce((sum, { waiting }) => sum + waiting, 0));
    return report(clients, pool, handedOn.threads, options.folder);
  } finally {
    handedOn.stop();
    pool.killAll();
    await server.stop();
  }
}

/** Returns when nothing is left, or when it has not become less for many rounds of the event loop. */
async function settled(waiting: () => number): Promise<void> {
  for (let left = waiting(), rounds = 0; left > 0 && rounds < PATIENT_ROUNDS; rounds++) {
    await wait(50);
    if (waiting() < left) rounds = 0;
    left = waiting();
  }
}

/** Notes the requests that the router hands over a second time. */
function watchHandingOn(): { threads: Set<string>; stop: () => void } {
  const threads = new Set<string>();
  const { returned, reroute } = Requests.prototype;
  Requests.prototype.returned = function (stanza) {
    threads.add(stanza.thread);
    returned.call(this, stanza);
  };
  Requests.prototype.reroute = function (request) {
    threads.add(request.original.thread);
    reroute.call(this, request);
  };
  const stop = () => Object.assign(Requests.prototype, { returned, reroute });
  return { threads, stop };
}

/** Spreads the requests evenly over the time, with a disturbance now and then. */
async function sendAll(clients: readonly ChaosClient[], { requests, seconds }: ChaosOptions, disturb: () => void): Promise<void> {
  const begin = Date.now();
  let sent = 0;
  let nextDisturbance = begin + 100;
  while (sent < requests) {
    const due = Math.min(requests, Math.ceil(((Date.now() - begin) / (seconds * 1000)) * requests));
    sent += sendUpTo(clients, due - sent);
    if (Date.now() >= nextDisturbance) {
      nextDisturbance = Date.now() + 150;
      disturb();
    }
    await wait(5);
  }
}

/** Lets the clients send in turns until so many are sent, or all have as many under way as may be. */
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
  const executed = logs.flat().filter((thread) => thread !== '');
  return {
    sent: sum((client) => client.sent),
    answered: sum((client) => client.answered),
    refused: sum((client) => client.refused),
    lost: sum((client) => client.waiting),
    answeredTwice: sum((client) => client.answeredTwice),
    executedTwice: executed.length - new Set(executed).size,
    outOfOrder: logs.reduce((total, log) => total + outOfOrder(log.filter((thread) => thread !== '' && !handedOn.has(thread))), 0),
    handedOn: handedOn.size,
    killed: pool.killed,
    stopped: pool.stopped,
    ended: pool.ended,
  };
}

function outOfOrder(log: readonly string[]): number {
  const latest = new Map<string, number>();
  let count = 0;
  for (const thread of log) {
    const [client, number] = thread.split('.') as [string, string];
    if ((latest.get(client) ?? -1) > Number(number)) count++;
    latest.set(client, Number(number));
  }
  return count;
}

/** A client that keeps some requests under way and counts what comes back. */
class ChaosClient {
  sent = 0;
  answered = 0;
  refused = 0;
  answeredTwice = 0;
  private readonly jabber: JabberClient;
  private readonly name: string;
  private readonly window: number;
  private readonly large: string;
  private readonly random: () => number;
  private readonly open = new Set<string>();

  private constructor(jabber: JabberClient, index: number, options: ChaosOptions, random: () => number) {
    this.jabber = jabber;
    this.name = `client${index}`;
    this.window = options.window;
    this.large = 'x'.repeat(options.largeBytes);
    this.random = random;
    jabber.onMessage = (message) => this.received(message);
  }

  static async start(address: BoundAddress, index: number, options: ChaosOptions, random: () => number): Promise<ChaosClient> {
    const login = { ...address, domain: DOMAIN, username: 'opensrf', password: 'password', resource: `client${index}` };
    return new ChaosClient(await JabberClient.login(login), index, options, random);
  }

  get waiting(): number {
    return this.open.size;
  }

  /** False if as many requests are under way as may be. */
  send(): boolean {
    if (this.open.size >= this.window) return false;
    const thread = `${this.name}.${this.sent++}`;
    this.open.add(thread);
    const body = requestBody('echo', [this.random() < 0.1 ? this.large : 'small']);
    this.jabber.send(readStanza(cRequest(`router@${DOMAIN}/${SERVICE}`, this.jabber.jid, thread, body)));
    return true;
  }

  private received(message: Stanza): void {
    if (!this.open.delete(message.thread)) {
      this.answeredTwice++;
      return;
    }
    if (message.type !== 'error' && message.inner.includes('"type":"RESULT"')) this.answered++;
    else this.refused++;
  }
}

/** The listener processes, and what is done to them. */
class ListenerPool {
  killed = 0;
  stopped = 0;
  ended = 0;
  private readonly address: BoundAddress;
  private readonly options: ChaosOptions;
  private readonly random: () => number;
  private readonly registered: () => number;
  private readonly running = new Set<ChildProcess>();
  private readonly asleep = new Set<ChildProcess>();
  private count = 0;
  private state: 'calm' | 'wild' | 'over' = 'calm';

  /** @param registered How many listeners the router knows. */
  constructor(address: BoundAddress, options: ChaosOptions, random: () => number, registered: () => number) {
    this.address = address;
    this.registered = registered;
    this.options = options;
    this.random = random;
  }

  async start(): Promise<void> {
    this.state = 'wild';
    for (let index = 0; index < this.options.listeners; index++) this.spawn();
    while (this.registered() === 0) await wait(20);
  }

  /** Does something bad to one of them. */
  disturb(): void {
    const victims = [...this.running];
    const victim = victims[Math.floor(this.random() * victims.length)];
    if (victim === undefined) return;
    const choice = this.random();
    if (choice < 0.4) {
      this.killed++;
      victim.kill('SIGKILL');
    } else if (choice < 0.8 && !this.asleep.has(victim)) {
      this.stopped++;
      this.asleep.add(victim);
      victim.kill('SIGSTOP');
      setTimeout(() => this.wake(victim), this.random() * 1_500);
    } else if (!this.asleep.has(victim)) {
      this.ended++;
      victim.kill('SIGTERM');
    }
  }

  /** Lets the sleeping wake up, and starts no more trouble. */
  async calmDown(): Promise<void> {
    this.state = 'calm';
    for (const child of [...this.asleep]) this.wake(child);
    await wait(100);
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
      if (this.state !== 'over') setTimeout(() => this.state !== 'over' && this.spawn(), this.random() * 300);
    });
  }
}
