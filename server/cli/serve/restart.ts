import type { ChopChop } from '../../compose/chopchop.ts';
import type { Departure } from '../../compose/departure.ts';
import { SYSTEM_TIME } from '../../kernel/clock.ts';
import type { Log } from '../../kernel/log.ts';
import type { Keeper } from '../../process/keeper.ts';
import type { ServiceManager } from '../../process/notify.ts';
import { HAND_OVER_FORMAT } from '../../process/predecessor.ts';
import { Successor } from '../../process/successor.ts';

/** The longest time in which the next process restores everything. */
const TAKE_OVER_MS = 30_000;
/** The longest time in which it writes its files. */
const SETTLE_MS = 10_000;

/** The time in which the caller gets its answer. */
const ANSWER_MS = 200;

/** How this process has given its work away: the next one serves, or has crashed. */
export type Departed = 'handed over' | 'lost';

/** The outcome of a restart. */
export interface RestartReport {
  /** The process that serves now. */
  readonly pid: number;
  /** The sessions that went on. */
  readonly sessions: number;
  /** Those that could not be handed over. */
  readonly ended: number;
  /** The time in which nothing was read or written. */
  readonly pausedMs: number;
}

/** The parts of `serve` that a restart needs. */
export interface RestarterParts {
  readonly server: ChopChop;
  readonly keeper: Keeper;
  readonly systemd: ServiceManager;
  readonly log: Log;
  /** The reason why this server cannot hand over, or `''`. */
  readonly obstacle: string;
  /** The port of the control interface; 0: none. */
  controlPort(): number;
  /** Closes its listening sockets. */
  releaseControl(): void;
}

/** Restarts the server: the program now on disk takes over sessions and sockets. */
export class Restarter {
  /** Resolves when this process may end. */
  readonly left: Promise<Departed>;
  private readonly parts: RestarterParts;
  private successor: Successor | null = null;
  private state: 'serving' | 'restarting' | 'left' | 'stopping' = 'serving';
  private leave: (how: Departed) => void = () => {};

  constructor(parts: RestarterParts) {
    this.parts = parts;
    this.left = new Promise((resolve) => (this.leave = resolve));
  }

  /** @throws Error with the reason; the server goes on as before. */
  async restart(): Promise<RestartReport> {
    const { log, obstacle, systemd } = this.parts;
    if (obstacle !== '') throw new Error(obstacle);
    if (this.state !== 'serving') throw new Error(this.state === 'stopping' ? 'the server is stopping' : 'a restart is under way');
    this.state = 'restarting';
    log.info({}, 'restarting');
    const departure = this.parts.server.depart();
    try {
      const report = await this.handOver(departure);
      // The caller has its answer by then.
      setTimeout(this.leave, ANSWER_MS, 'handed over');
      const { pid: successor, ...numbers } = report;
      log.info({ successor, ...numbers }, 'another process has taken over');
      return report;
    } catch (error) {
      if (this.over) setTimeout(this.leave, ANSWER_MS, 'lost');
      if (this.over || this.stopping) throw error;
      await departure.thaw();
      void systemd.ready();
      this.state = 'serving';
      log.error({ reason: (error as Error).message }, 'not restarted: this process goes on');
      throw error;
    }
  }

  /** The server is about to stop. @returns whether another process has to. */
  stop(): boolean {
    if (this.state === 'left') {
      this.successor?.signal('SIGTERM');
      return true;
    }
    this.successor?.signal('SIGKILL');
    this.state = 'stopping';
    return false;
  }

  private get over(): boolean {
    return this.state === 'left';
  }

  private get stopping(): boolean {
    return this.state === 'stopping';
  }

  private async handOver(departure: Departure): Promise<RestartReport> {
    const { server, keeper, systemd } = this.parts;
    const { limits } = server.config;
    const { listeners, connectionCount: connections, sessionNumber } = departure;
    const successor = new Successor(
      {
        format: HAND_OVER_FORMAT,
        listeners: listeners.map(({ key, host, port }) => ({ key, host, port })),
        connections,
        sessionNumber,
        controlPort: this.parts.controlPort(),
        kept: keeper.keeps,
      },
      departure.descriptors,
      keeper,
    );
    this.successor = successor;
    await Promise.all([successor.ready(limits.successorMs), systemd.reloading()]);
    const ended = await departure.endOthers(limits.restartDrainMs);
    const begin = SYSTEM_TIME.now();
    try {
      await departure.freeze();
    } catch (error) {
      await successor.fail((error as Error).message);
    }
    const sessions = server.sessionCount;
    await successor.takeOver(departure.lines(), TAKE_OVER_MS);
    this.state = 'left';
    const pausedMs = Math.round(SYSTEM_TIME.now() - begin);
    departure.release();
    this.parts.releaseControl();
    for (const [index, listener] of listeners.entries()) for (const handle of listener.takeWaiting()) await successor.accepted(index, handle);
    successor.release();
    await successor.settled(SETTLE_MS);
    if (successor.howEnded !== '') throw new Error(`the next process crashed after it had taken over: ${successor.howEnded}`);
    return { pid: successor.pid, sessions, ended, pausedMs };
  }
}
