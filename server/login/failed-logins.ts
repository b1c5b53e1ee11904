import type { Clock } from '../../shared/clock.ts';
import type { Limits } from '../config/limits.ts';
import { addressOfPeer } from '../net/peer-address.ts';

type FailedLoginLimits = Pick<Limits, 'failedLogins' | 'failedLoginWindowMs' | 'failedLoginDelayMs'>;

interface Window {
  failures: number;
  readonly since: number;
}

/** The most remembered addresses; beyond it the one with the oldest window is forgotten. */
const MAX_ADDRESSES = 10_000;

/**
 * Failed logins by address. After a number of failures in a window of time, the server delays the answers to further ones.
 *
 * A correct password is never delayed: a whole site may share an address, and one of its programs with a wrong password must not delay the others.
 * So the delay slows down attackers that wait for the answer; against others, only the strength of the password helps.
 */
export class FailedLogins {
  private readonly limits: FailedLoginLimits;
  private readonly clock: Clock;
  private readonly windows = new Map<string, Window>();

  constructor(limits: FailedLoginLimits, clock: Clock) {
    this.limits = limits;
    this.clock = clock;
  }

  /** Counts a failed login. @returns the delay of the answer in milliseconds. */
  delayMs(peer: string): number {
    const address = addressOfPeer(peer);
    const now = this.clock.now();
    const known = this.windows.get(address);
    const open = known !== undefined && now - known.since < this.limits.failedLoginWindowMs;
    const window = open ? known : { failures: 0, since: now };
    if (!open) this.begin(address, window);
    return ++window.failures > this.limits.failedLogins ? this.limits.failedLoginDelayMs : 0;
  }

  private begin(address: string, window: Window): void {
    this.windows.delete(address);
    this.windows.set(address, window);
    if (this.windows.size <= MAX_ADDRESSES) return;
    const [oldest] = this.windows.keys();
    this.windows.delete(oldest as string);
  }
}
