import type { DeliveryObserver } from '../../router/ports/environment.ts';
import { StreamError } from '../../shared/errors.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { Guard, Guards } from '../kernel/guard.ts';
import type { Interceptor } from './interceptor.ts';
import type { Session } from './session.ts';
import { type Tap, Taps } from './taps.ts';

/**
 * The taps that see the stanzas of all sessions, and the interceptor that may change them. Each costs one comparison while there is none.
 * All of them are behind a guard: a tap that throws does not throw into the session that it looks at.
 */
export class Observation {
  /** Null while there is no tap. */
  tap: Tap | null = null;
  /** Null while no fault is to be injected. */
  interceptor: Interceptor | null = null;
  private readonly guards: Guards;
  private readonly taps = new Taps();
  /** One for each tap, so that a removed one cannot come back. */
  private readonly guardOf = new WeakMap<Tap, Guard>();
  private readonly observers: Guard;

  constructor(guards: Guards) {
    this.guards = guards;
    // The router's ledger is among them, without which no request would ever be answered.
    this.observers = guards.create('delivery observer', null);
  }

  /** Lets a tap look at all sessions from now on. @param name A constant, for the log. @returns what ends that. */
  watch(tap: Tap, name: string): () => void {
    const guard = this.guardOf.get(tap) ?? this.guards.create(name, () => this.remove(tap));
    this.guardOf.set(tap, guard);
    if (guard.out) return () => {};
    this.taps.add(tap, guard);
    this.tap = this.taps;
    return () => this.remove(tap);
  }

  /** Puts an interceptor in the way of all sessions; null takes it away. */
  intercept(interceptor: Interceptor | null): void {
    if (interceptor === null) {
      this.interceptor = null;
      return;
    }
    const guard = this.guards.create('interceptor', () => (this.interceptor = null));
    this.interceptor = guarded(interceptor, guard);
  }

  /** A session is handed a stanza: tells an observer of that session. */
  delivered(observer: DeliveryObserver, stanza: Stanza): void {
    try {
      observer.delivered(stanza);
    } catch (error) {
      this.observers.failed(error);
    }
  }

  /** A session has its address. */
  bound(session: Session): void {
    this.tap?.bound(session);
  }

  /** A session's address is free again. */
  ended(session: Session, reason: CloseReason): void {
    this.tap?.ended(session, reason);
  }

  private remove(tap: Tap): void {
    this.taps.remove(tap);
    if (this.taps.empty) this.tap = null;
  }
}

/** A stanza that the interceptor fails to take goes on its way. */
function guarded(interceptor: Interceptor, guard: Guard): Interceptor {
  return {
    take(session, stanza) {
      try {
        return interceptor.take(session, stanza);
      } catch (error) {
        if (error instanceof StreamError) throw error;
        guard.failed(error);
        return false;
      }
    },
  };
}
