import { restoredStanza, type SavedStanza, savedStanza } from '../../shared/saved-stanza.ts';
import type { Directory } from '../delivery/directory.ts';
import type { Presence } from '../sessions/presence.ts';
import { type RemoteIdentity, RemoteSession } from '../sessions/remote-session.ts';
import type { KnownSessions } from './known-sessions.ts';
import type { MemberReplica, ReplicaProgress } from './member-replica.ts';
import type { BuiltInElsewhere, RouterReplicas } from './router-replicas.ts';

/** A session of another member, as it goes to another process of this one. */
export interface SavedRemote extends RemoteIdentity {
  /** Its number in this process. */
  readonly here: number;
  readonly peerStalled: boolean;
  readonly backlogged: boolean;
  readonly stanzasRead: number;
  /** Its presence if it is available, or null. */
  readonly presence: SavedStanza | null;
}

/** Another member, as it goes to another process of this one. */
export interface SavedReplica extends ReplicaProgress {
  readonly name: string;
  readonly sessions: readonly SavedRemote[];
  readonly ended: readonly SavedRemote[];
}

/** All other members. */
export interface SavedReplicas {
  readonly lastClaim: number;
  /** Those of the sessions of this member, by number. */
  readonly claims: readonly (readonly [session: number, claim: number])[];
  readonly members: readonly SavedReplica[];
  readonly builtIn: readonly (readonly [member: string, service: BuiltInElsewhere])[];
}

export function saveReplicas(known: KnownSessions, presence: Presence, routers: RouterReplicas): SavedReplicas {
  const saved = (remotes: ReadonlyMap<number, RemoteSession>) => Array.from(remotes.values(), (remote) => savedRemote(remote, presence));
  return {
    lastClaim: known.claims.largest,
    claims: Array.from(known.allHere, ({ session, claim }) => [session.origin.session, claim]),
    members: Array.from(known.members.values(), (replica) => ({
      name: replica.member,
      ...replica.save(),
      sessions: saved(replica.sessions),
      ended: saved(replica.ended),
    })),
    builtIn: routers.save(),
  };
}

function savedRemote(remote: RemoteSession, presence: Presence): SavedRemote {
  const { kind, bareJid, jid, origin, isVersionless, number, since, host, claim, peerStalled, backlogged, stanzasRead } = remote;
  const stanza = presence.save(remote)?.stanza ?? null;
  return {
    kind,
    username: bareJid === origin.domain ? '' : bareJid.slice(0, -origin.domain.length - 1),
    domain: origin.domain,
    resource: jid === bareJid ? '' : jid.slice(bareJid.length + 1),
    isRouterAccount: origin.isRouterAccount,
    isVersionless,
    number,
    since,
    host,
    claim,
    here: origin.session,
    peerStalled,
    backlogged,
    stanzasRead,
    presence: stanza && savedStanza(stanza),
  };
}

/** The parts of the server that know sessions. */
export interface SessionPlaces {
  readonly known: KnownSessions;
  readonly directory: Directory;
  readonly presence: Presence;
}

/** Restores the sessions of a member. @throws Error if an address is taken */
export function restoreSessions(replica: MemberReplica, { sessions, ended }: SavedReplica, { known, directory, presence }: SessionPlaces): void {
  for (const saved of sessions) {
    const remote = restoredRemote(saved, replica);
    if (!directory.add(remote)) throw new Error(`the address ${remote.jid} is taken`);
    replica.sessions.set(remote.number, remote);
    known.addRemote(remote);
    if (saved.presence !== null) presence.restore(remote, { stanza: restoredStanza(saved.presence, () => remote.origin), addresses: [] });
  }
  for (const saved of ended) replica.ended.set(saved.number, restoredRemote(saved, replica));
}

function restoredRemote(saved: SavedRemote, replica: MemberReplica): RemoteSession {
  const remote = new RemoteSession(saved, saved.here, replica);
  remote.peerStalled = saved.peerStalled;
  remote.backlogged = saved.backlogged;
  remote.stanzasRead = saved.stanzasRead;
  return remote;
}
