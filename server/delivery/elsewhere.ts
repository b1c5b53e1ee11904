import type { Stanza } from '../../shared/stanza.ts';

/** The sessions that other members of a cluster have. */
export interface Elsewhere {
  /**
   * Looks for the session of a full JID that is absent here.
   * @param absent Called if no member has it; otherwise the stanza is delivered.
   * @returns false if there is no member to ask.
   */
  find(stanza: Stanza, absent: (stanza: Stanza) => void): boolean;
  /** Sends the bounce of a request to the member whose router has handed it over. @returns false if that is this one. */
  sendBack(request: Stanza, answer: Stanza): boolean;
}
