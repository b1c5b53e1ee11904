import type { Clock, Timer } from '../../shared/clock.ts';
import type { Job, JobRunner } from '../../shared/job.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { RouterEnvironment } from '../ports/environment.ts';
import type { RouterLimits } from '../ports/options.ts';

type HeldLimits = Pick<RouterLimits, 'heldRequests' | 'heldBytes'>;

/** The memory of a held request besides its stanza. */
export const HELD_BYTES = 200;

/** A held request as it goes to another process. */
export interface HeldRequest {
  readonly className: string;
  readonly request: Stanza;
  /** Its remaining time. */
  readonly ms: number;
}

interface Held {
  readonly request: Stanza;
  /** When it expires, in monotonic milliseconds. */
  readonly until: number;
  readonly queue: Queue;
}

interface Queue {
  readonly className: string;
  /** In order of arrival, which is that of their expiry. */
  readonly requests: Set<Held>;
  timer: Timer;
}

/** Requests that wait for the first listener of their class, in order, bounded in number, bytes and time. */
export class HeldRequests {
  private readonly queues = new Map<string, Queue>();
  /** By number of session, so that the end of a session need not search all requests. */
  private readonly bySession = new Map<number, Set<Held>>();
  private readonly holdMs: number;
  private readonly limits: HeldLimits;
  private readonly clock: Clock;
  private readonly jobs: JobRunner;
  private readonly onExpired: (className: string, request: Stanza) => void;
  /** Classes whose listeners are expected to register, and until when. */
  private readonly expected = new Set<string>();
  private expectedUntil = 0;
  private bytes = 0;
  size = 0;

  constructor(
    holdMs: number,
    limits: HeldLimits,
    { clock, jobs }: Pick<RouterEnvironment, 'clock' | 'jobs'>,
    onExpired: (className: string, request: Stanza) => void,
  ) {
    this.holdMs = holdMs;
    this.limits = limits;
    this.clock = clock;
    this.jobs = jobs;
    this.onExpired = onExpired;
  }

  /** Holds requests for these classes at least until that time has passed. */
  expect(classNames: Iterable<string>, ms: number): void {
    for (const name of classNames) this.expected.add(name);
    this.expectedUntil = this.clock.now() + ms;
  }

  /** Holds a request. @returns false if holding is off, or a limit is reached. */
  hold(className: string, request: Stanza): boolean {
    const { heldRequests, heldBytes } = this.limits;
    const ms = this.holdTime(className);
    if (ms <= 0 || this.size >= heldRequests || this.bytes + costOf(request) > heldBytes) return false;
    request.detach();
    this.keep(className, request, ms);
    return true;
  }

  private keep(className: string, request: Stanza, ms: number): void {
    const held = { request, until: this.clock.now() + ms, queue: this.queueOf(className, ms) };
    held.queue.requests.add(held);
    this.ofSession(request.origin.session).add(held);
    this.count(request, 1);
  }

  /** Whether any request waits for a class. */
  has(className: string): boolean {
    return this.size > 0 && this.queues.has(className);
  }

  /** Removes and yields the requests that wait for a class, including those that arrive meanwhile. */
  *release(className: string): Generator<Stanza, void, void> {
    // One iterator for all: a new one would walk over all deleted entries.
    for (const held of this.queues.get(className)?.requests ?? []) {
      this.remove(held);
      yield held.request;
    }
  }

  /** All requests with their remaining time, and the expected classes, for another process. */
  save(): { readonly held: readonly HeldRequest[]; readonly expected: readonly string[]; readonly expectedMs: number } {
    const now = this.clock.now();
    const held = [...this.queues.values()].flatMap(({ className, requests }) =>
      Array.from(requests, ({ request, until }) => ({ className, request, ms: until - now })),
    );
    return { held, expected: [...this.expected], expectedMs: this.expectedUntil - now };
  }

  /** Holds a request of another process for its remaining time. */
  restore({ className, request, ms }: HeldRequest): void {
    this.keep(className, request, Math.max(0, ms));
  }

  /** Drops the requests of a session that has ended. */
  forget(session: number): void {
    for (const held of this.bySession.get(session) ?? []) this.remove(held);
  }

  private *expire(queue: Queue): Job {
    for (const held of queue.requests) {
      const left = held.until - this.clock.now();
      if (left > 0) {
        queue.timer = this.clock.after(left, () => this.jobs.run(this.expire(queue)));
        return;
      }
      this.remove(held);
      this.onExpired(queue.className, held.request);
      yield;
    }
  }

  private holdTime(className: string): number {
    return this.expected.has(className) ? Math.max(this.holdMs, this.expectedUntil - this.clock.now()) : this.holdMs;
  }

  /** @returns the queue of a class, with a timer if it is new. */
  private queueOf(className: string, ms: number): Queue {
    const known = this.queues.get(className);
    if (known !== undefined) return known;
    const queue: Queue = { className, requests: new Set(), timer: this.clock.after(ms, () => this.jobs.run(this.expire(queue))) };
    this.queues.set(className, queue);
    return queue;
  }

  private ofSession(session: number): Set<Held> {
    const known = this.bySession.get(session);
    if (known !== undefined) return known;
    const requests = new Set<Held>();
    this.bySession.set(session, requests);
    return requests;
  }

  private remove(held: Held): void {
    const { request, queue } = held;
    const ofSession = this.ofSession(request.origin.session);
    ofSession.delete(held);
    if (ofSession.size === 0) this.bySession.delete(request.origin.session);
    queue.requests.delete(held);
    this.count(request, -1);
    if (queue.requests.size > 0) return;
    queue.timer.cancel();
    this.queues.delete(queue.className);
  }

  private count(request: Stanza, sign: 1 | -1): void {
    const bytes = sign * costOf(request);
    this.size += sign;
    this.bytes += bytes;
    request.origin.account.charge(bytes);
  }
}

function costOf(request: Stanza): number {
  return request.cost + HELD_BYTES;
}
