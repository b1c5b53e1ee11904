import type { Clock, Timer } from '../../shared/clock.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { RouterLimits } from '../ports/options.ts';

type HeldLimits = Pick<RouterLimits, 'heldRequests' | 'heldBytes'>;

interface Held {
  readonly request: Stanza;
  readonly since: number;
}

interface Queue {
  readonly requests: Held[];
  timer: Timer;
}

/** Requests for classes without a listener, waiting for the first one to register. In order, bounded in number, bytes and time. */
export class HeldRequests {
  private readonly queues = new Map<string, Queue>();
  private readonly holdMs: number;
  private readonly limits: HeldLimits;
  private readonly clock: Clock;
  private readonly onExpired: (className: string, request: Stanza) => void;
  private bytes = 0;
  size = 0;

  constructor(holdMs: number, limits: HeldLimits, clock: Clock, onExpired: (className: string, request: Stanza) => void) {
    this.holdMs = holdMs;
    this.limits = limits;
    this.clock = clock;
    this.onExpired = onExpired;
  }

  /** False if nothing is held, or no more. */
  hold(className: string, request: Stanza): boolean {
    const { heldRequests, heldBytes } = this.limits;
    if (this.holdMs === 0 || this.size >= heldRequests || this.bytes + request.length > heldBytes) return false;
    request.detach();
    const held = { request, since: this.clock.now() };
    const queue = this.queues.get(className);
    if (queue === undefined) {
      this.queues.set(className, { requests: [held], timer: this.clock.after(this.holdMs, () => this.expire(className)) });
    } else {
      queue.requests.push(held);
    }
    this.size++;
    this.bytes += request.length;
    return true;
  }

  /** Takes out all that waits for a class, in the order in which it came. */
  release(className: string): Stanza[] {
    const queue = this.queues.get(className);
    if (queue === undefined) return [];
    this.queues.delete(className);
    queue.timer.cancel();
    for (const { request } of queue.requests) this.count(request);
    return queue.requests.map(({ request }) => request);
  }

  /** Lets go of the requests of a session that has ended: nobody waits for their answers any more. */
  forget(session: number): void {
    if (this.size === 0) return;
    const sentBy = (request: Stanza) => request.origin.session === session;
    for (const [className, queue] of this.queues) {
      const kept = queue.requests.filter(({ request }) => !sentBy(request));
      for (const { request } of queue.requests) if (sentBy(request)) this.count(request);
      queue.requests.splice(0, queue.requests.length, ...kept);
      if (kept.length > 0) continue;
      queue.timer.cancel();
      this.queues.delete(className);
    }
  }

  private expire(className: string): void {
    const queue = this.queues.get(className) as Queue;
    const now = this.clock.now();
    while (queue.requests.length > 0 && (queue.requests[0] as Held).since + this.holdMs <= now) {
      const { request } = queue.requests.shift() as Held;
      this.count(request);
      this.onExpired(className, request);
    }
    const next = queue.requests[0];
    if (next === undefined) this.queues.delete(className);
    else queue.timer = this.clock.after(next.since + this.holdMs - now, () => this.expire(className));
  }

  private count(request: Stanza): void {
    this.size--;
    this.bytes -= request.length;
  }
}
