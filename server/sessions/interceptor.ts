import type { Stanza } from '../../shared/stanza.ts';
import type { Session } from './session.ts';

/** Stands in the way of what sessions send: the faults a test asks for. */
export interface Interceptor {
  /**
   * Called for each stanza a session has sent, before anything is done with it.
   * @returns whether it has been taken: it goes no further then, unless {@link Session.forward} is called for it.
   * @throws StreamError to end the stream of its sender.
   */
  take(session: Session, stanza: Stanza): boolean;
}
