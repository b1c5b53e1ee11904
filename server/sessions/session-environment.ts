import type { Clock } from '../../shared/clock.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { MemoryBudget } from '../kernel/memory-budget.ts';
import type { Observation } from './observation.ts';
import type { Presence } from './presence.ts';
import type { Session } from './session.ts';

/** Owns the bound sessions. */
export interface SessionOwner {
  /** Called when a session has ended. @param unsent The undelivered stanzas, in order. */
  sessionEnded(session: Session, reason: CloseReason, unsent: readonly Stanza[]): void;
  /** A session has sent a stanza that is too long, and the server refuses it. @param length All of its characters. */
  oversizedStanzaRead(stanza: Stanza, length: number): void;
}

/** The environment that all sessions of a server share. */
export interface SessionEnvironment {
  readonly clock: Clock;
  readonly delivery: Delivery;
  readonly presence: Presence;
  readonly observation: Observation;
  readonly owner: SessionOwner;
  readonly memory: MemoryBudget;
  /** Whether a session has registered a service. @param session Its number. */
  isListener(session: number): boolean;
  /** The number of the next session. */
  nextNumber(): number;
}
