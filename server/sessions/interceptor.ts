import type { Stanza } from '../../shared/stanza.ts';
import type { Session } from './session.ts';

/** Intercepts the stanzas of sessions, to inject faults. */
export interface Interceptor {
  /**
   * Called for each stanza of a session, before any processing.
   * @returns true if it takes the stanza, which then needs {@link Session.forward} to go on.
   * @throws StreamError to end the stream of its sender.
   */
  take(session: Session, stanza: Stanza): boolean;
}
