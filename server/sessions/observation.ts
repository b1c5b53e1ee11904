import type { DeliveryObserver } from '../../router/ports/environment.ts';
import { StreamError } from '../../shared/errors.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { Guard, Guards } from '../kernel/guard.ts';
import { RecentMessages } from '../logging/recent-messages.ts';
import { InjectedFaults } from './injected-faults.ts';
import type { Interceptor } from './interceptor.ts';
import type { Session } from './session.ts';
import { type Tap, Taps } from './taps.ts';

/**
 * The taps on all sessions, and the interceptor. Each costs one comparison while there is none.
 * Guards isolate the sessions from failures of the taps.
 */
export class Observation {
  /** All taps as one, or null. */
  tap: Tap | null = null;
  /** Injects faults, or null. */
  interceptor: Interceptor | null = null;
  /** The requests that the interceptor's faults have hit. */
  readonly injected = new InjectedFaults();
  /** For the log of failed requests. */
  readonly recent = new RecentMessages();
  private readonly guards: Guards;
  private readonly taps = new Taps();
  /** One guard per tap, so that the guard of a removed tap cannot affect a new one. */
  private readonly guardOf = new WeakMap<Tap, Guard>();
  private readonly observers: Guard;

  constructor(guards: Guards) {
    this.guards = guards;
    // These observers include the router's ledger and must not be removed.
    this.observers = guards.create('delivery observer', null);
  }

  /** Attaches a tap to all sessions. @param name A constant, for the log. @returns A function that detaches it. */
  watch(tap: Tap, name: string): () => void {
    const guard = this.guardOf.get(tap) ?? this.guards.create(name, () => this.remove(tap));
    this.guardOf.set(tap, guard);
    if (guard.out) return () => {};
    this.taps.add(tap, guard);
    this.tap = this.taps;
    return () => this.remove(tap);
  }

  /** Sets the interceptor of all sessions; null removes it. */
  intercept(interceptor: Interceptor | null): void {
    if (interceptor === null) {
      this.interceptor = null;
      return;
    }
    const guard = this.guards.create('interceptor', () => (this.interceptor = null));
    this.interceptor = guarded(interceptor, guard);
  }

  /** Notifies an observer of a session that gets a stanza. */
  delivered(observer: DeliveryObserver, stanza: Stanza): void {
    try {
      observer.delivered(stanza);
    } catch (error) {
      this.observers.failed(error);
    }
  }

  /** Called when a session is bound. */
  bound(session: Session): void {
    this.tap?.bound(session);
  }

  /** Called when a session has ended. */
  ended(session: Session, reason: CloseReason): void {
    this.tap?.ended(session, reason);
  }

  private remove(tap: Tap): void {
    this.taps.remove(tap);
    if (this.taps.empty) this.tap = null;
  }
}

/** If the interceptor fails, its stanza continues unchanged. */
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
