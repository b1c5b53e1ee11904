import type { Stanza } from '../../shared/stanza.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { Guard } from '../kernel/guard.ts';
import type { Session } from './session.ts';

/**
 * Observes all sessions, for recordings, metrics and the console. It is called on the hot path, so it must
 * not wait, and must copy the stanzas that it keeps ({@link Stanza.detach}).
 */
export interface Tap {
  /** Called when a session is bound. */
  bound(session: Session): void;
  /** Called with a stamped stanza from a session. */
  read(session: Session, stanza: Stanza): void;
  /** Called with a stanza to a session, before it is written. */
  delivered(session: Session, stanza: Stanza): void;
  /** Called when a session has ended. */
  ended(session: Session, reason: CloseReason): void;
}

interface GuardedTap {
  readonly tap: Tap;
  readonly guard: Guard;
}

/** Combines taps into one that never throws. */
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
