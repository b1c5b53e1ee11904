import type { Stanza } from '../../shared/stanza.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { Session } from './session.ts';

/**
 * Looks from the side at what passes through the sessions of a server: recordings, metrics, the console. It is called on the hot path, so it may
 * not throw or wait, and copies what it keeps ({@link Stanza.detach}, of a stanza of its own).
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

/** Any number of taps as one. */
export class Taps implements Tap {
  private taps: readonly Tap[] = [];

  get empty(): boolean {
    return this.taps.length === 0;
  }

  add(tap: Tap): void {
    this.taps = [...this.taps, tap];
  }

  remove(tap: Tap): void {
    this.taps = this.taps.filter((one) => one !== tap);
  }

  bound(session: Session): void {
    for (const tap of this.taps) tap.bound(session);
  }

  read(session: Session, stanza: Stanza): void {
    for (const tap of this.taps) tap.read(session, stanza);
  }

  delivered(session: Session, stanza: Stanza): void {
    for (const tap of this.taps) tap.delivered(session, stanza);
  }

  ended(session: Session, reason: CloseReason): void {
    for (const tap of this.taps) tap.ended(session, reason);
  }
}
