import { NO_ACCOUNT } from './memory-account.ts';
import { type Origin, SERVER_ORIGIN } from './origin.ts';
import { Stanza } from './stanza.ts';

/** A stanza as JSON, with its sender as a value. */
export interface SavedStanza extends Pick<Stanza, 'name' | 'to' | 'from' | 'type' | 'id'> {
  readonly origin: SavedOrigin;
}

type SavedOrigin = Pick<Origin, 'jid' | 'fromAttribute' | 'domain' | 'isRouterAccount' | 'session'>;

/** The origin of a live session; null if it has ended. @param session Its number. */
export type OriginOf = (session: number) => Origin | null;

/** Turns a stanza into JSON for another process. */
export function savedStanza(stanza: Stanza): SavedStanza {
  const { jid, fromAttribute, domain, isRouterAccount, session } = stanza.origin;
  return { ...stanza, origin: { jid, fromAttribute, domain, isRouterAccount, session } };
}

/** The stanza of {@link savedStanza}. */
export function restoredStanza(saved: SavedStanza, originOf: OriginOf): Stanza {
  const stanza = new Stanza(saved.name, saved.to, saved.from, saved.type, saved.id);
  return Object.assign(stanza, saved, { origin: originFrom(saved.origin, originOf), knownCost: 0, isDetached: true });
}

function originFrom(saved: SavedOrigin, originOf: OriginOf): Origin {
  if (saved.session === 0) return SERVER_ORIGIN;
  return originOf(saved.session) ?? Object.freeze({ ...saved, account: NO_ACCOUNT });
}
