import type { Timer } from '../../shared/clock.ts';
import type { LostRequests } from '../ledger/lost-requests.ts';
import type { ServiceClass } from '../pools/service-class.ts';
import type { ServiceNode, SuspicionReason } from '../pools/service-node.ts';
import type { RoutedSession, RouterEnvironment, SeenWorker } from '../ports/environment.ts';
import { Pulse } from './pulse.ts';
import { isCleared, lossOf, type Patience, type Seen, suspicionOf } from './suspicion.ts';
import { UsualSilence } from './usual-silence.ts';

const LOOK_MS = 1_000;
/** Skip a listener that got its first request less than this ago. */
const MOMENT_MS = LOOK_MS / 2;
/** The most listeners checked at once; with more, each is checked less often. */
const MOST_AT_ONCE = 1_000;

/** The first workers of a Perl service log in up to this long before its listener. */
const STARTING_MS = 10_000;

const NO_WORKERS: readonly SeenWorker[] = [];
const NOTHING_SEEN: ReadonlyMap<RoutedSession, number> = new Map();
const NO_WORKERS_SEEN: ReadonlyMap<RoutedSession, readonly SeenWorker[]> = new Map();

type WatchEnvironment = Pick<RouterEnvironment, 'announcer' | 'clock' | 'evidence' | 'log'>;

/**
 * Watches listeners with open requests for signs of death: a session lives as long as its socket, which may outlive its process or belong to a
 * stopped one. Checks once a second while there are any. The router passes over a suspect, logs it once, and trusts it again when it answers.
 *
 * In a cluster, each member judges all listeners by its own ledger and by the workers whose stanzas it sees. Only a listener's own member sees its
 * process and its unread bytes. It announces its suspicions, and watches a listener also while requests of other members are open.
 */
export class Watch {
  private readonly patience: Patience;
  private readonly environment: WatchEnvironment;
  private readonly lost: LostRequests;
  /** The watched listeners, least recently checked first. */
  private readonly pulses = new Map<ServiceNode, Pulse>();
  private readonly usual = new WeakMap<ServiceClass, UsualSilence>();
  private state: 'idle' | 'waiting' | 'looking' = 'idle';
  private timer: Timer | null = null;

  constructor(patience: Patience, environment: WatchEnvironment, lost: LostRequests) {
    this.patience = patience;
    this.environment = environment;
    this.lost = lost;
  }

  /** Starts watching a node that gets a request. */
  begin(node: ServiceNode, service: ServiceClass): void {
    node.watched = true;
    this.pulses.set(node, new Pulse(node, service, this.environment.clock.now()));
    this.lookLater();
  }

  /** Another member of the cluster has reported the counts of a listener. */
  countedElsewhere(service: ServiceClass, node: ServiceNode): void {
    if (node.local && node.elsewhere.unanswered > 0 && !node.watched && isInPool({ service, node })) this.begin(node, service);
  }

  /** Applies the judgement of a listener's own member. */
  apply(service: ServiceClass, node: ServiceNode, reason: SuspicionReason | null): void {
    if ((node.suspicion?.reason ?? null) === reason) return;
    const now = this.environment.clock.now();
    const pulse = this.pulses.get(node);
    // Only a later answer refutes it.
    if (pulse?.hasAnswered) this.hasAnswered(pulse, now);
    this.setSuspicion(service, node, reason);
    pulse?.noteSuspicion(now);
  }

  /** The usual silence of a service's listeners, for another process; -1 if it is unknown. */
  usualMs(service: ServiceClass): number {
    return this.usual.get(service)?.longestMs ?? -1;
  }

  /** Watches the nodes of another process that have requests or are suspects. */
  restore(service: ServiceClass, usualMs: number): void {
    const now = this.environment.clock.now();
    if (usualMs !== -1) this.usual.set(service, new UsualSilence(now, usualMs));
    for (const node of service.nodes.values()) {
      if (node.unanswered === 0 && node.suspicion === null) continue;
      this.begin(node, service);
      this.pulses.get(node)?.noteSuspicion(now);
    }
  }

  /** A new process of a program has registered. An older one that no longer runs gets no more requests. */
  registered(service: ServiceClass, older: ServiceNode): void {
    if (older.suspicion !== null || this.successorOf(service, older) !== 'alone') return;
    if (!older.watched) this.begin(older, service);
    this.suspect(this.pulses.get(older) as Pulse, 'gone');
  }

  /** A listener has left its class. */
  left(node: ServiceNode): void {
    if (!this.pulses.delete(node)) return;
    node.watched = false;
    if (this.pulses.size > 0 || this.state !== 'waiting') return;
    this.timer?.cancel();
    this.state = 'idle';
  }

  /** A listener has registered again, so it lives. */
  registeredAgain(node: ServiceNode): void {
    const pulse = this.pulses.get(node);
    if (pulse !== undefined && node.suspicion !== null) this.clear(pulse);
  }

  private lookLater(): void {
    if (this.state !== 'idle' || this.pulses.size === 0) return;
    this.state = 'waiting';
    this.timer = this.environment.clock.after(LOOK_MS, () => this.look());
  }

  private look(): void {
    const now = this.environment.clock.now();
    const doubtful = this.update(now);
    this.state = 'looking';
    const judge = (unread: ReadonlyMap<RoutedSession, number>): void => {
      this.state = 'idle';
      this.judgeAll(doubtful, unread, now);
      this.lookLater();
    };
    if (doubtful.length === 0) judge(NOTHING_SEEN);
    else this.environment.evidence.readUnread(doubtful.map(endpointOf), judge);
  }

  /** Notes the events since the last check. @returns the listeners to check closely. */
  private update(now: number): Pulse[] {
    const doubtful: Pulse[] = [];
    for (const pulse of this.next()) {
      this.pulses.delete(pulse.node);
      if (!this.isToBeWatched(pulse, now)) {
        pulse.node.watched = false;
        continue;
      }
      this.pulses.set(pulse.node, pulse);
      if (this.isDoubtful(pulse, now)) doubtful.push(pulse);
    }
    return doubtful;
  }

  private next(): Pulse[] {
    const pulses: Pulse[] = [];
    for (const pulse of this.pulses.values()) if (pulses.push(pulse) === MOST_AT_ONCE) break;
    return pulses;
  }

  private isToBeWatched(pulse: Pulse, now: number): boolean {
    if (!isInPool(pulse)) return false;
    if (pulse.hasAnswered) this.hasAnswered(pulse, now);
    pulse.noteRequests(now);
    return pulse.isOpen || (this.patience.stuckListenerMs !== 0 && pulse.node.unanswered > 0);
  }

  private isDoubtful(pulse: Pulse, now: number): boolean {
    if (pulse.node.suspicion !== null) return true;
    const quietMs = pulse.quietMs(now);
    const { stuckListenerMs } = this.patience;
    return pulse.isOpen ? quietMs >= MOMENT_MS : quietMs >= stuckListenerMs;
  }

  private hasAnswered(pulse: Pulse, now: number): void {
    const { node, service } = pulse;
    const usual = this.usual.get(service) ?? new UsualSilence(now);
    this.usual.set(service, usual);
    // A stopped process must not count as usual silence.
    if (pulse.hasAnsweredHere && !pulse.leftUnread) usual.add(pulse.silenceMs, now);
    pulse.noteAnswer(now);
    // Workers of an ended process may still answer.
    if (node.suspicion !== null && node.suspicion.reason !== 'gone') this.clear(pulse);
  }

  private judgeAll(doubtful: readonly Pulse[], unread: ReadonlyMap<RoutedSession, number>, now: number): void {
    const workers = this.workersOf(doubtful);
    for (const pulse of doubtful) {
      // The listener has left or answered while the evidence was read.
      if (!isInPool(pulse) || pulse.hasAnswered) continue;
      const { node, service } = pulse;
      pulse.noteUnread(unread.get(node.endpoint), now);
      pulse.noteWorkers(this.ownWorkers(pulse, workers.get(node.endpoint) ?? NO_WORKERS), now);
      this.judge(pulse, pulse.seen(this.usual.get(service)?.longestMs ?? -1, this.successorOf(service, node), now));
    }
  }

  private judge(pulse: Pulse, seen: Seen): void {
    const { node } = pulse;
    const reason = suspicionOf(seen, this.patience);
    if (reason !== null && (node.suspicion === null || (reason === 'gone' && node.suspicion.reason !== 'gone'))) this.suspect(pulse, reason);
    else if (node.suspicion !== null && !isProven(node) && isCleared(seen, this.patience)) this.clear(pulse);
    this.lose(pulse, lossOf(seen, this.patience));
  }

  private lose(pulse: Pulse, loss: ReturnType<typeof lossOf>): void {
    if (loss === 'nothing') return;
    const { node, service } = pulse;
    const facts = { class: service.name, listener: node.jid, unanswered: node.unanswered };
    if (loss === 'session') {
      this.environment.log.warn(facts, 'the process of a listener is gone and another holds its socket: its session ends');
      node.endpoint.end();
      return;
    }
    if (!pulse.isGivenUp) this.environment.log.warn(facts, 'a listener is stuck: the requests it was handed count as lost');
    pulse.isGivenUp = true;
    this.lost.settleNow(node);
  }

  private suspect(pulse: Pulse, reason: SuspicionReason): void {
    const { node, service } = pulse;
    this.judged(pulse, reason);
    this.environment.log.warn(
      { class: service.name, listener: node.jid, reason, unanswered: node.unanswered },
      'a listener is suspected to be dead: it gets requests only if no other listener can',
    );
  }

  private clear(pulse: Pulse): void {
    const { node, service } = pulse;
    this.judged(pulse, null);
    this.environment.log.info({ class: service.name, listener: node.jid }, 'a listener is no longer suspected to be dead');
  }

  private judged(pulse: Pulse, reason: SuspicionReason | null): void {
    const { announcer, clock } = this.environment;
    const { node, service } = pulse;
    this.setSuspicion(service, node, reason);
    pulse.noteSuspicion(clock.now());
    if (node.local) announcer?.suspected(service.name, node.jid, node.session, reason ?? '');
  }

  private setSuspicion(service: ServiceClass, node: ServiceNode, reason: SuspicionReason | null): void {
    service.suspect(node, reason === null ? null : { reason, since: node.suspicion?.since ?? this.environment.clock.wallTime() });
  }

  private successorOf(service: ServiceClass, { program, pid, endpoint }: ServiceNode): Seen['successor'] {
    const newest = program === '' ? null : service.newestOf(program);
    if (newest === null || newest.endpoint === endpoint || newest.endpoint.host !== endpoint.host) return 'none';
    const isHere = endpoint.host === '' && endpoint.local && newest.local;
    return isHere && this.environment.evidence.hasEnded(pid, newest.pid, newest.since) ? 'alone' : 'registered';
  }

  /** Only if the result can matter: the search walks over all sessions. */
  private workersOf(doubtful: readonly Pulse[]): ReadonlyMap<RoutedSession, readonly SeenWorker[]> {
    const looked = this.patience.stuckListenerMs === 0 ? doubtful.filter(({ node }) => node.suspicion !== null) : doubtful;
    return looked.length === 0 ? NO_WORKERS_SEEN : this.environment.evidence.workers(looked.map(endpointOf));
  }

  /** If a later process of its program has registered, younger workers belong to that one. */
  private ownWorkers({ node, service }: Pulse, workers: readonly SeenWorker[]): readonly SeenWorker[] {
    const newest = node.program === '' ? null : service.newestOf(node.program);
    if (newest === null || newest === node) return workers;
    return workers.filter(({ since }) => since < newest.since - STARTING_MS);
  }
}

function endpointOf({ node }: Pulse): RoutedSession {
  return node.endpoint;
}

/** Whether its own member has evidence that cannot be seen here. */
function isProven({ local, suspicion }: ServiceNode): boolean {
  return !local && (suspicion?.reason === 'unread' || suspicion?.reason === 'gone');
}

function isInPool({ node, service }: Pick<Pulse, 'node' | 'service'>): boolean {
  return service.nodes.get(node.jid) === node;
}
