import type { Stanza } from '../../shared/stanza.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { Guard } from '../kernel/guard.ts';
import type { Session } from './session.ts';

/**
 * Looks from the side at what passes through the sessions of a server: recordings, metrics, the console. It is called on the hot path, so it may
 * not wait, and copies what it keeps ({@link Stanza.detach}, of a stanza of its own).
 */
export interface Tap {
  /** A session has its address. */
  bound(session: Session): void;
  /** A session has sent a stanza; the sender's address is in it already. */
  read(session: Session, stanza: Stanza): void;
  /** A stanza was handed to a session, which has yet to write it. */
  delivered(session: Session, stanza: Stanza): void;
  /** A session's address is free again. */
  ended(session: Session, reason: CloseReason): void;
}

interface GuardedTap {
  readonly tap: Tap;
  readonly guard: Guard;
}

/** Any number of taps as one, which never throws. */
export class Taps implements Tap {
  private taps: readonly GuardedTap[] = [];

  get empty(): boolean {
    return this.taps.length === 0;
  }

  add(tap: Tap, guard: Guard): void {
    this.taps = [...this.taps, { tap, guard }];
  }

  remove(tap: Tap): void {
    this.taps = this.taps.filter((one) => one.tap !== tap);
  }

  bound(session: Session): void {
    for (const { tap, guard } of this.taps) {
      try {
        tap.bound(session);
      } catch (error) {
        guard.failed(error);
      }
    }
  }

  read(session: Session, stanza: Stanza): void {
    for (const { tap, guard } of this.taps) {
      try {
        tap.read(session, stanza);
      } catch (error) {
        guard.failed(error);
      }
    }
  }

  delivered(session: Session, stanza: Stanza): void {
    for (const { tap, guard } of this.taps) {
      try {
        tap.delivered(session, stanza);
      } catch (error) {
        guard.failed(error);
      }
    }
  }

  ended(session: Session, reason: CloseReason): void {
    for (const { tap, guard } of this.taps) {
      try {
        tap.ended(session, reason);
      } catch (error) {
        guard.failed(error);
      }
    }
  }
}
