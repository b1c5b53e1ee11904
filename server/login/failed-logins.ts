import type { Clock } from '../../shared/clock.ts';
import type { Limits } from '../config/limits.ts';
import { addressOfPeer } from '../net/peer-address.ts';

type FailedLoginLimits = Pick<Limits, 'failedLogins' | 'failedLoginWindowMs' | 'failedLoginDelayMs'>;

interface Window {
  failures: number;
  readonly since: number;
}

/** More are not remembered; the one that began longest ago is forgotten first. */
const MAX_ADDRESSES = 10_000;

/**
 * How many logins have failed from each address. After so many in a window of time, the next failures are told late.
 *
 * A right password is never late: a whole site shares an address, and one of its programs with a wrong password, started again and again, must not hold up the others.
 * So this slows down who waits for an answer. Who does not has to be kept out by the password.
 */
export class FailedLogins {
  private readonly limits: FailedLoginLimits;
  private readonly clock: Clock;
  private readonly windows = new Map<string, Window>();

  constructor(limits: FailedLoginLimits, clock: Clock) {
    this.limits = limits;
    this.clock = clock;
  }

  /** A login has failed. @returns after how many milliseconds that may be told. */
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
