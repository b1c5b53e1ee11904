import { randomBytes } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import type { ClusterConfig } from '../config/cluster.ts';
import type { ChopChopConfig } from '../config/config.ts';
import type { Log } from '../kernel/log.ts';
import type { MemoryBudget } from '../kernel/memory-budget.ts';
import type { Flusher } from '../net/flusher.ts';
import { type ClusterReport, memberReport } from './cluster-report.ts';
import type { Digests } from './link/beat.ts';
import type { Engine } from './link/engine.ts';
import type { LinkLimits } from './link/link-limits.ts';
import { Membership } from './link/membership.ts';
import type { SavedMembership } from './link/saved-link.ts';
import { Replicas, type ReplicasEnvironment } from './replicas.ts';
import type { SavedReplicas } from './saved-replicas.ts';

/** The interval of checks whether all members have told what they have. */
const CHECK_MS = 25;
/** The longest that a start waits for that. */
const SETTLE_MS = 2_000;

/** What a {@link Cluster} needs. */
export interface ClusterEnvironment extends Omit<ReplicasEnvironment, 'member'> {
  readonly config: ClusterConfig;
  /** The configuration of the whole server. */
  readonly server: ChopChopConfig;
  digestsOf(server: ChopChopConfig): Digests;
  readonly limits: LinkLimits;
  readonly memory: MemoryBudget;
  readonly engine: Engine;
  readonly flusher: Pick<Flusher, 'add'>;
  readonly log: Log;
}

/** A member of a cluster, as it goes to another process. */
export interface SavedCluster {
  readonly name: string;
  readonly member: string;
  readonly membership: SavedMembership;
  readonly replicas: SavedReplicas;
}

/** This server as a member of a cluster. */
export class Cluster {
  readonly replicas: Replicas;
  readonly membership: Membership;
  private readonly config: ClusterConfig;
  private readonly engine: Engine;
  private readonly clock: Clock;
  private readonly beatMs: number;
  private readonly log: Log;
  private readonly digestsOf: ClusterEnvironment['digestsOf'];
  /** The reason why it cannot be a member. */
  private failure: Error | null = null;
  private state: 'opening' | 'open' = 'opening';

  /** @param incarnation That of another process whose place this one takes; by default, a new one. */
  constructor(environment: ClusterEnvironment, incarnation = randomBytes(8).toString('hex')) {
    const { config, server, digestsOf, limits, memory, engine, clock, flusher, log } = environment;
    this.digestsOf = digestsOf;
    this.log = log;
    this.config = config;
    this.engine = engine;
    this.clock = clock;
    this.beatMs = limits.beatMs;
    this.replicas = new Replicas({ ...environment, member: config.member });
    this.membership = new Membership({
      cluster: config.name,
      member: config.member,
      incarnation,
      digests: digestsOf(server),
      limits,
      memory,
      engine,
      clock,
      random: Math.random,
      log,
      flusher,
      watcher: this.replicas,
      failed: (error) => this.failed(error),
    });
  }

  /** Resolves when the members that answer have told what they have. @throws EngineError if the engine cannot connect, or another process has the name of this member. */
  async open(): Promise<void> {
    await this.membership.open();
    const since = this.clock.now();
    // A member answers within a beat.
    while (this.waits(this.clock.now() - since)) await new Promise<void>((resolve) => this.clock.after(CHECK_MS, resolve));
    if (this.failure !== null) throw this.failure;
    this.state = 'open';
  }

  /** Its state for another process, which takes its place. It hears nothing from now on. */
  save(): SavedCluster {
    const { name, member } = this.config;
    const replicas = this.replicas.save();
    return { name, member, membership: this.membership.save(), replicas };
  }

  /** Goes on after {@link save}, because no other process does. */
  resume(): void {
    this.membership.resume();
  }

  /** Another process has taken its place: closes the engine without a word to the other members. */
  release(): void {
    void this.engine.close();
  }

  /** Takes the place of another process, whose sessions have been restored here. The engine connects later; the other members notice a pause. */
  restore({ membership, replicas }: SavedCluster): void {
    this.membership.restore(membership);
    this.replicas.restore(replicas, this.membership.live);
  }

  /** Connects the engine after {@link restore}. */
  reopen(): void {
    this.state = 'open';
    this.replicas.catchUp();
    this.membership.open().catch((error: Error) => this.failed(error));
  }

  /** Whether it is connected to the others' engine. */
  get connected(): boolean {
    return this.engine.connected;
  }

  report(): ClusterReport {
    const { name, member } = this.config;
    const { known, crossings } = this.replicas;
    const members = Array.from(this.membership.live.values(), (link) => memberReport(link, known.members.get(link.name)));
    return { name, member, connected: this.connected, asks: crossings.asks.asked, members };
  }

  /** Says goodbye. The sessions of this member have ended. */
  async leave(): Promise<void> {
    await this.membership.leave();
    this.replicas.close();
  }

  /** Beats carry the digests of another configuration from now on. */
  reconfigured(server: ChopChopConfig): void {
    this.membership.setDigests(this.digestsOf(server));
  }

  private failed(error: Error): void {
    this.failure = error;
    // A start that fails says so itself.
    if (this.state === 'open') this.log.error({ err: error }, 'this server is not a member of its cluster any more; it goes on alone');
  }

  private waits(ms: number): boolean {
    if (this.failure !== null) return false;
    return ms < this.beatMs || (ms < SETTLE_MS && !this.replicas.complete);
  }
}
