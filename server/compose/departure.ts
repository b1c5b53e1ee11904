import { StreamError } from '../../shared/errors.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Federation } from '../federation/federation.ts';
import { connectionOf } from '../handover/saved-session.ts';
import { stateLines } from '../handover/state.ts';
import type { Connection } from '../net/connection.ts';
import type { Session } from '../sessions/session.ts';
import type { Parts } from './compose.ts';

/** The sessions that may log in while the next process starts. */
const NUMBERS = 100_000;

/** The pause between two looks at what must end first. */
const LOOK_MS = 10;

/** The longest time for the work that has begun before reading stopped. */
const SETTLE_MS = 2_000;

/** The programs of this process that end with a hand-over. */
export interface OwnPrograms {
  /** Answers the requests of browsers, and closes their connections. */
  closeGateways(): Promise<void>;
  reopenGateways(): Promise<void>;
  stopSettings(): void;
  startSettings(): Promise<void>;
  /** The membership of a cluster; null: none. */
  readonly cluster: Pick<Cluster, 'save' | 'resume' | 'release'> | null;
  /** The peer servers; null: none. */
  readonly federation: Pick<Federation, 'busy' | 'leaving' | 'hold' | 'goOn' | 'save'> | null;
}

/** Gives the sessions and sockets of a server away to another process, or goes on with them if that does not take over. */
export class Departure {
  private readonly parts: Parts;
  private readonly programs: OwnPrograms;
  /** The connections that the other process has too, by index. */
  private readonly indexes: ReadonlyMap<Connection, number>;
  /** The descriptors of the listening sockets, then those of the connections. */
  readonly descriptors: readonly number[];
  /** New sessions of the other process have larger numbers. */
  readonly sessionNumber: number;
  private state: 'begun' | 'alone' | 'released' = 'begun';
  private hasSaved = false;

  /** From now on new peers wait. All others notice nothing. */
  constructor(parts: Parts, programs: OwnPrograms) {
    const { listeners, connections, binding } = parts;
    this.parts = parts;
    this.programs = programs;
    listeners.hold();
    const movable = [...connections.open].filter(({ transport }) => transport.movable !== null && !transport.destroyed);
    this.indexes = new Map(movable.map((connection, index) => [connection, index]));
    this.descriptors = [...listeners.sockets.map(({ descriptor }) => descriptor), ...movable.map(({ transport }) => transport.movable?.descriptor ?? -1)];
    this.sessionNumber = binding.lastSessionNumber + NUMBERS;
  }

  get listeners(): Parts['listeners']['sockets'] {
    return this.parts.listeners.sockets;
  }

  /** The number of connections that the other process has too. */
  get connectionCount(): number {
    return this.indexes.size;
  }

  /** Ends the sessions that cannot be handed over, after their requests have been answered. @param ms The longest time for that. @returns their number. */
  async endOthers(ms: number): Promise<number> {
    this.state = 'alone';
    await this.programs.closeGateways();
    const { clock } = this.parts;
    const until = clock.now() + ms;
    while (this.busy && clock.now() < until) await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
    await this.endStreamsOfPeers(ms);
    this.programs.stopSettings();
    this.parts.programs.shutDown();
    const others = [...this.parts.sessions].filter((session) => !this.mayMove(session));
    for (const session of others) session.close('server-restarted', restarting());
    for (const connection of this.parts.connections.open) if (!connection.movable) connection.close('server-restarted', restarting());
    return others.length;
  }

  /** Stops reading, and finishes what has been read. */
  async freeze(): Promise<void> {
    const { clock, slices, connections } = this.parts;
    for (const connection of connections.open) connection.freeze();
    const until = clock.now() + SETTLE_MS;
    while (this.unsettled && clock.now() < until) await new Promise<void>((resolve) => clock.soon(() => slices.afterOthers(resolve)));
    if (this.unsettled) throw new Error('the input that was read could not be processed in time');
    for (const session of this.parts.sessions) if (isStuck(connectionOf(session))) session.close('server-restarted', restarting());
    this.programs.federation?.hold((connection) => !isStuck(connection));
    while (slices.size > 0) await new Promise<void>((resolve) => clock.soon(() => slices.afterOthers(resolve)));
  }

  /** The state, line by line. */
  lines(): Iterable<string> {
    // First, because it delivers what still waits.
    const cluster = this.programs.cluster?.save() ?? null;
    this.hasSaved = true;
    return stateLines(this.parts, (connection) => this.indexes.get(connection), { cluster, federation: this.programs.federation?.save() ?? null });
  }

  /** The other process has taken over: closes the sockets here, without a word to the peers. */
  release(): void {
    this.state = 'released';
    for (const { transport } of this.indexes.keys()) transport.movable?.release();
    this.parts.listeners.release();
    this.programs.cluster?.release();
    this.parts.clock.silence();
  }

  /** Goes on as before. */
  async thaw(): Promise<void> {
    if (this.state === 'released') return;
    if (this.hasSaved) this.programs.cluster?.resume();
    for (const connection of this.parts.connections.open) connection.thaw();
    this.parts.listeners.accept();
    if (this.state === 'begun') return;
    this.programs.federation?.goOn();
    await this.programs.startSettings();
    await this.programs.reopenGateways();
  }

  /** Ends the streams of peer servers that only this process can go on with, such as those over TLS. */
  private async endStreamsOfPeers(ms: number): Promise<void> {
    const { clock } = this.parts;
    const { federation } = this.programs;
    if (federation === null) return;
    federation.hold((connection) => this.indexes.has(connection) && connection.movable);
    const until = clock.now() + ms;
    while (federation.leaving && clock.now() < until) await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
  }

  /** Whether a negotiation or a goodbye is under way, or a request of a session that cannot be handed over. */
  private get busy(): boolean {
    if (this.programs.federation?.busy === true) return true;
    for (const connection of this.parts.connections.open) if (connection.transport.movable !== null && !connection.movable) return true;
    const leaving = new Set<number>();
    for (const session of this.parts.sessions) if (!this.mayMove(session)) leaving.add(session.origin.session);
    if (leaving.size === 0) return false;
    for (const { original, node } of this.parts.routers.ledger.open()) if (leaving.has(original.origin.session) || leaving.has(node.session)) return true;
    return false;
  }

  private get unsettled(): boolean {
    if (this.parts.slices.size > 0) return true;
    for (const connection of this.parts.connections.open) if (!connection.settled) return true;
    return false;
  }

  private mayMove(session: Session): boolean {
    const connection = connectionOf(session);
    return connection === null ? session.link.kind !== 'memory' && session.link.kind !== 'web' : !connection.open || this.indexes.has(connection);
  }
}

/** Whether a stanza over the limit is under way, whose text is not kept. */
function isStuck(connection: Connection | null): boolean {
  return connection?.open === true && connection.save() === null;
}

function restarting(): StreamError {
  return new StreamError('system-shutdown', 'the server restarts');
}
