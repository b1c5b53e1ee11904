import { type MemoryAccount, NO_ACCOUNT } from '../../shared/memory-account.ts';
import type { Origin } from '../../shared/origin.ts';
import { BOUNCES, Stanza, UNFOLLOWED } from '../../shared/stanza.ts';
import type { BoundSession } from '../sessions/bound-session.ts';
import type { Carrier, EndReason, RemoteSession } from '../sessions/remote-session.ts';
import { FRAME_KINDS, writeFrame } from './frame.ts';
import type { Member } from './link/members.ts';
import { writeBound } from './session-frame.ts';
import { pathElsewhere, writeStanza } from './stanza-frame.ts';

/** The stream of a server's own frames. */
export const SERVER_STREAM = 0;

/** A session of this member, and the count of its claim to its address. */
export interface LocalSession {
  readonly session: BoundSession;
  readonly claim: number;
}

/** What a {@link MemberReplica} needs of the others. */
export interface ReplicaContext {
  /** The members that the stanza being delivered has come through. */
  readonly hops: number;
  /** A session of another member by its number here, or undefined. */
  remote(session: number): RemoteSession | undefined;
  /** A session of this member, and the count of its claim. */
  here(session: number): LocalSession | undefined;
  /** The member takes nothing more: bounces a stanza. */
  refuse(stanza: Stanza): void;
  /** The member is lost: bounces a stanza. */
  unreachable(stanza: Stanza): void;
}

/** How far two members have told each other what they have. */
export interface ReplicaProgress {
  readonly introduced: readonly number[] | null;
  readonly isComplete: boolean;
  readonly crossings: number;
}

/** Another member of the cluster: its sessions as they are known here, and what it knows of the sessions here. */
export class MemberReplica implements Carrier {
  readonly account: MemoryAccount = NO_ACCOUNT;
  /** Its sessions, by their number there. */
  readonly sessions = new Map<number, RemoteSession>();
  /** Those that have ended, while their unwritten requests come back. */
  readonly ended = new Map<number, RemoteSession>();
  /** The stanzas sent to it. */
  crossings = 0;
  private readonly to: Member;
  private readonly context: ReplicaContext;
  /** The sessions that it knows, until the snapshot is complete; null: it knows all. */
  private introduced: Set<number> | null = new Set();
  private isComplete = false;
  private state: 'live' | 'lost' = 'live';

  constructor(to: Member, context: ReplicaContext) {
    this.to = to;
    this.context = context;
  }

  get member(): string {
    return this.to.name;
  }

  get stalled(): boolean {
    return this.state === 'lost' || this.to.suspect || this.to.full;
  }

  /** What it knows, for another process of this member. */
  save(): ReplicaProgress {
    const { introduced, isComplete, crossings } = this;
    return { introduced: introduced && [...introduced], isComplete, crossings };
  }

  /** Goes on with what it knows. */
  restore({ introduced, isComplete, crossings }: ReplicaProgress): void {
    this.introduced = introduced && new Set(introduced);
    this.isComplete = isComplete;
    this.crossings = crossings;
  }

  /** From now on, its sessions are being forgotten. */
  lost(): void {
    this.state = 'lost';
  }

  /** Whether it knows all that is here. */
  get informed(): boolean {
    return this.introduced === null;
  }

  /** Whether all that it has is known here. */
  get complete(): boolean {
    return this.isComplete;
  }

  /** Its snapshot has come. */
  snapshotCame(): void {
    this.isComplete = true;
  }

  send({ number }: RemoteSession, stanza: Stanza): void {
    this.sendIfRoom(number, stanza);
  }

  /** Sends a stanza to an address there whose session the member is to make. */
  sendUnbound(stanza: Stanza): void {
    this.sendIfRoom(0, stanza);
  }

  /** Sends a stanza of a peer server for the peer's session there. @param stream For all stanzas of the peer. */
  sendForeign(stream: number, stanza: Stanza): void {
    if (this.to.full) {
      this.context.refuse(stanza);
      return;
    }
    this.crossings++;
    this.to.send(stream, writeStanza(FRAME_KINDS.foreign, stanza, BOUNCES, { target: 0, sender: 0, senderMember: '', hops: this.context.hops }));
  }

  /** Sends a stanza to an address there. @param target The number of a session there; 0: as its `to` says. */
  sendStanza(target: number, stanza: Stanza): void {
    this.crossings++;
    this.write(FRAME_KINDS.stanza, target, stanza, stanza.returnPath);
  }

  /** Sends a request back to the router that has handed it over. */
  sendReturned(stanza: Stanza): void {
    const returnPath = pathElsewhere(stanza.returnPath);
    // The ledger there has the request.
    const short = returnPath === UNFOLLOWED ? stanza : withoutContent(stanza);
    this.write(FRAME_KINDS.returned, 0, short, returnPath);
  }

  forgotten({ number }: RemoteSession): void {
    this.sessions.delete(number);
  }

  end({ number }: RemoteSession, reason: EndReason): void {
    this.sendFrame(writeFrame(FRAME_KINDS.kick, [number], reason));
  }

  /** Sends a frame of the server. */
  sendFrame(frame: string): void {
    this.to.send(SERVER_STREAM, frame);
  }

  /** Sends a frame about a session of this member, in order with its stanzas. */
  sendOfSession(session: number, frame: string): void {
    this.introduce(session);
    this.to.send(session, frame);
  }

  /** Announces a session of this member, unless the member knows it. */
  introduce(number: number): void {
    if (this.introduced === null || this.introduced.has(number)) return;
    this.announce(number);
  }

  /** Announces a new session. */
  announce(number: number): void {
    const local = this.context.here(number);
    if (local === undefined) return;
    this.introduced?.add(number);
    this.to.send(number, writeBound(local.session, local.claim));
  }

  /** A session of this member has ended. @param isLeaving Whether this member is about to leave. */
  forget(number: number, isLeaving: boolean): void {
    if (this.introduced === null || this.introduced.delete(number)) this.to.send(number, writeFrame(FRAME_KINDS.ended, isLeaving ? [number, 1] : [number]));
  }

  /** All sessions of this member have been announced. */
  snapshotSent(): void {
    this.introduced = null;
    this.sendFrame(writeFrame(FRAME_KINDS.complete, []));
  }

  private sendIfRoom(target: number, stanza: Stanza): void {
    if (this.state === 'lost') this.context.unreachable(stanza);
    else if (this.to.full && stanza.returnPath === BOUNCES) this.context.refuse(stanza);
    else this.sendStanza(target, stanza);
  }

  private write(kind: typeof FRAME_KINDS.stanza | typeof FRAME_KINDS.returned, target: number, stanza: Stanza, returnPath: number): void {
    const { hops } = this.context;
    const { sender, senderMember } = this.senderOf(stanza.origin);
    this.to.send(senderMember === '' ? sender : SERVER_STREAM, writeStanza(kind, stanza, returnPath, { target, sender, senderMember, hops }));
  }

  private senderOf({ session }: Origin): { sender: number; senderMember: string } {
    const remote = this.context.remote(session);
    if (remote !== undefined) return { sender: remote.number, senderMember: remote.carrier.member };
    if (session !== 0) this.introduce(session);
    return { sender: session, senderMember: '' };
  }
}

function withoutContent({ name, to, from, type, id, origin }: Stanza): Stanza {
  const short = new Stanza(name, to, from, type, id);
  short.origin = origin;
  return short;
}
