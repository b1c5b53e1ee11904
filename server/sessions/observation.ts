import type { CloseReason } from '../kernel/close-reason.ts';
import type { Interceptor } from './interceptor.ts';
import type { Session } from './session.ts';
import { type Tap, Taps } from './taps.ts';

/** Who looks at the stanzas of all sessions, and who stands in their way. It costs one comparison each while there is neither. */
export class Observation {
  /** Null while there is no tap. */
  tap: Tap | null = null;
  /** Null while no fault is to be injected. */
  interceptor: Interceptor | null = null;
  private readonly taps = new Taps();

  /** Lets a tap look at all sessions from now on. @returns what ends that. */
  watch(tap: Tap): () => void {
    this.taps.add(tap);
    this.tap = this.taps;
    return () => {
      this.taps.remove(tap);
      if (this.taps.empty) this.tap = null;
    };
  }

  /** A session has its address. */
  bound(session: Session): void {
    this.tap?.bound(session);
  }

  /** A session's address is free again. */
  ended(session: Session, reason: CloseReason): void {
    this.tap?.ended(session, reason);
  }
}
