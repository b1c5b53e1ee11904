import type { Stanza } from '../../shared/stanza.ts';
import type { PresenceAnnouncer, PresentSession } from '../sessions/presence.ts';
import { FRAME_KINDS, writeFrame } from './frame.ts';
import type { MemberReplica } from './member-replica.ts';
import { writeStanza } from './stanza-frame.ts';

/** Announces which sessions of this member are available (RFC 6121 §4). */
export class AvailabilityAnnouncer implements PresenceAnnouncer {
  private readonly members: ReadonlyMap<string, MemberReplica>;

  constructor(members: ReadonlyMap<string, MemberReplica>) {
    this.members = members;
  }

  available(session: PresentSession, stanza: Stanza): void {
    for (const replica of this.members.values()) announceAvailable(replica, session, stanza);
  }

  unavailable({ origin: { session } }: PresentSession): void {
    for (const replica of this.members.values()) replica.sendOfSession(session, writeFrame(FRAME_KINDS.unavailable, [session]));
  }
}

/** Announces the presence of a session to one member. */
export function announceAvailable(replica: MemberReplica, { origin: { session } }: PresentSession, stanza: Stanza): void {
  replica.sendOfSession(session, writeStanza(FRAME_KINDS.presence, stanza, 0, { target: 0, sender: session, senderMember: '', hops: 0 }));
}
