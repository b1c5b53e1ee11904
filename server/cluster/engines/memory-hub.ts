import type { Clock } from '../../../shared/clock.ts';
import type { Engine } from '../link/engine.ts';
import { MemoryEngine } from './memory-engine.ts';

/** The way from one member to another, whose faults anyone may set. */
export interface Way {
  cut: boolean;
  delayMs: number;
  /** The number of next messages to drop. */
  drop: number;
  /** The number of next messages to deliver twice. */
  repeat: number;
}

/** The time of a hub. */
export interface HubClock extends Pick<Clock, 'now' | 'after'> {
  /** Calls the action in the next turn of the event loop; without it, a timer does. */
  soon?(action: () => void): void;
}

/** Carries the messages of several members in one process, with the faults that a network has. A clock that a test moves makes it deterministic. */
export class MemoryHub {
  private readonly clock: HubClock;
  private readonly disturb: (way: Way, from: string, to: string) => void;
  private readonly engines = new Map<string, MemoryEngine>();
  private readonly ways = new Map<string, Way>();
  private due: (() => void)[] = [];

  /** @param disturb Called before each message is carried; may change its way. */
  constructor(clock: HubClock, disturb: (way: Way, from: string, to: string) => void = () => {}) {
    this.clock = clock;
    this.disturb = disturb;
  }

  /** Makes the engine of a member, which replaces an earlier one of that name. */
  engine(name: string): Engine {
    this.crash(name);
    const engine = new MemoryEngine(name, this);
    this.engines.set(name, engine);
    return engine;
  }

  /** The engine that a member has now. */
  engineOf(name: string): MemoryEngine {
    const engine = this.engines.get(name);
    if (engine === undefined) throw new Error(`the hub has no member ${name}`);
    return engine;
  }

  /** The way between two members, in one direction. */
  way(from: string, to: string): Way {
    const key = `${from} ${to}`;
    const known = this.ways.get(key);
    if (known !== undefined) return known;
    const way: Way = { cut: false, delayMs: 0, drop: 0, repeat: 0 };
    this.ways.set(key, way);
    return way;
  }

  /** Cuts, or heals, both directions between two members. */
  cut(one: string, other: string, cut = true): void {
    this.way(one, other).cut = cut;
    this.way(other, one).cut = cut;
  }

  /** A member's process stands still: what it sends and receives waits, and the timers of {@link clockOf}. */
  freeze(name: string): void {
    const engine = this.engines.get(name);
    if (engine !== undefined) engine.frozen = true;
  }

  /** Its process goes on: first its timers run, then it reads what has waited. */
  thaw(name: string): void {
    this.engines.get(name)?.thaw();
  }

  /** Freezes a member for a time. */
  freezeFor(name: string, ms: number): void {
    this.freeze(name);
    this.clock.after(ms, () => this.thaw(name));
  }

  /** A member's process ends: nothing goes there or comes from there. */
  crash(name: string): void {
    this.engines.get(name)?.crash();
    this.engines.delete(name);
  }

  /** Closes, or opens, the connection between a member and its server. */
  connect(name: string, connected: boolean): void {
    this.engines.get(name)?.connect(connected);
  }

  /** A clock whose timers stand still while a member is frozen. */
  clockOf(name: string): Pick<Clock, 'now' | 'after'> {
    const { clock, engines } = this;
    return {
      now: () => clock.now(),
      after: (ms, action) => clock.after(ms, () => engines.get(name)?.run(action) ?? action()),
    };
  }

  /** Carries a message to all other members. */
  carry(from: MemoryEngine, subject: string, payload: Uint8Array): void {
    for (const to of this.engines.values()) {
      if (to !== from && to.hears(subject)) this.carryTo(from.name, to, subject, payload);
    }
  }

  private carryTo(from: string, to: MemoryEngine, subject: string, payload: Uint8Array): void {
    const way = this.way(from, to.name);
    this.disturb(way, from, to.name);
    if (way.cut) return;
    if (way.drop > 0) {
      way.drop--;
      return;
    }
    const copies = way.repeat > 0 ? 2 : 1;
    if (way.repeat > 0) way.repeat--;
    const deliver = (): void => to.deliver(subject, payload);
    for (let copy = 0; copy < copies; copy++) this.deliverAfter(way.delayMs, deliver);
  }

  private deliverAfter(ms: number, deliver: () => void): void {
    if (ms > 0) {
      this.clock.after(ms, deliver);
      return;
    }
    this.due.push(deliver);
    if (this.due.length > 1) return;
    if (this.clock.soon === undefined) this.clock.after(0, this.deliverDue);
    else this.clock.soon(this.deliverDue);
  }

  private readonly deliverDue = (): void => {
    const { due } = this;
    this.due = [];
    for (const deliver of due) deliver();
  };
}
