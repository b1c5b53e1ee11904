import type { Announcer, Listener } from '../../router/ports/announcer.ts';
import type { Router } from '../../router/router.ts';
import { parseJid } from '../../shared/jid.ts';
import type { Job } from '../../shared/job.ts';
import { type Stanza, UNFOLLOWED } from '../../shared/stanza.ts';
import type { Log } from '../kernel/log.ts';
import type { RemoteSession } from '../sessions/remote-session.ts';
import { EarlyRegistrations } from './early-registrations.ts';
import { FRAME_KINDS, type Frame, numberAt, textAt, writeFrame } from './frame.ts';
import type { KnownSessions, SessionPlace } from './known-sessions.ts';
import { FrameError } from './link/members.ts';
import type { MemberReplica } from './member-replica.ts';

const CHILD = 1;
const DRAINING = 2;

/** The built-in `opensrf.settings` of this member, which learns of those of others. */
export interface BuiltInService {
  /** The address of its listener; `''`: it is not logged in. */
  readonly listener: string;
  /** A digest of its file. */
  readonly digest: string;
  /** Another member has a built-in service. Called before its listener joins. */
  memberHas(member: string, listener: string, digest: string): void;
  /** Another member, or its built-in service, has ended. */
  memberLost(member: string): void;
}

/** The built-in `opensrf.settings` of another member. */
export interface BuiltInElsewhere {
  /** The address of its listener. */
  readonly jid: string;
  readonly digest: string;
}

/** The parts of the server that the registrations of a cluster need. */
export interface RouterReplicasEnvironment {
  /** By domain. */
  readonly routers: ReadonlyMap<string, Router>;
  /** By domain: called by the routers. */
  readonly announcers: Map<string, Announcer>;
  /** Returns a request to its router by its number in the ledger. */
  returnedByNumber(number: number): void;
  /** Called when an external router at another member has replaced an internal one. */
  onRouterReplaced(): void;
  /** Null: there is none. */
  readonly settings: BuiltInService | null;
  readonly log: Log;
}

/** Keeps the routers of all members equal: each announces what it has learnt itself, and applies what others announce. */
export class RouterReplicas {
  private readonly environment: RouterReplicasEnvironment;
  private readonly known: KnownSessions;
  private readonly early = new EarlyRegistrations();
  /** The listeners of built-in services by member. */
  private readonly builtIn = new Map<string, BuiltInElsewhere>();

  constructor(environment: RouterReplicasEnvironment, known: KnownSessions) {
    this.environment = environment;
    this.known = known;
    for (const domain of environment.routers.keys()) environment.announcers.set(domain, this.announcerOf(domain));
  }

  /** The built-in services of other members, for another process of this one. */
  save(): [member: string, service: BuiltInElsewhere][] {
    return [...this.builtIn];
  }

  restore(services: readonly (readonly [member: string, service: BuiltInElsewhere])[]): void {
    for (const [member, { jid, digest }] of services) this.noteBuiltIn(member, jid, digest);
  }

  /** Stops announcing. */
  close(): void {
    this.environment.announcers.clear();
  }

  /** Announces all listeners of this member. */
  *snapshot(replica: MemberReplica): Job {
    for (const [domain, router] of this.environment.routers) {
      for (const [className, listener] of router.replica.listeners()) {
        const place = this.known.placeOf(listener.session);
        if (place.member === '') {
          replica.sendOfSession(place.number, this.joinedFrame(domain, className, listener, place));
          if (listener.suspicion !== null) replica.sendOfSession(place.number, suspectedFrame(domain, className, listener.jid, listener.suspicion.reason));
        }
        yield;
      }
    }
  }

  isListener({ origin: { session } }: RemoteSession): boolean {
    for (const router of this.environment.routers.values()) if (router.isListener(session)) return true;
    return false;
  }

  /** A session of another member is about to be bound: if it is an external router, it replaces ours. */
  addressTaken({ jid, origin: { domain }, carrier: { member } }: RemoteSession): void {
    const router = this.environment.routers.get(domain);
    if (router?.jid !== jid || router.suspended) return;
    this.environment.log.warn({ jid, member }, 'an external router logged in at another member; the internal one is suspended');
    router.suspend();
    this.environment.onRouterReplaced();
  }

  /** A session of another member has been bound. */
  bound({ carrier: { member }, number }: RemoteSession): void {
    const frames = this.early.take({ member, number });
    const replica = this.known.members.get(member);
    for (const frame of frames) if (replica !== undefined) this.joined(replica, frame);
  }

  /** A session of another member has left the directory. */
  sessionEnded({ jid, origin, carrier: { member } }: RemoteSession): void {
    if (this.builtIn.get(member)?.jid === jid) {
      this.builtIn.delete(member);
      this.environment.settings?.memberLost(member);
    }
    for (const router of this.environment.routers.values()) router.sessionEnded(origin.session, jid);
    const router = this.environment.routers.get(origin.domain);
    if (router?.jid !== jid || !router.suspended) return;
    router.resume();
    this.environment.log.warn({ jid, classes: router.classes.size }, 'the external router at another member left; the internal one resumed');
  }

  /** All requests that were not written to an ended session have come back. */
  allReturned({ origin: { session } }: RemoteSession): void {
    for (const router of this.environment.routers.values()) router.allReturned(session);
  }

  /** A request was not written. @param returnPath Its number in the ledger. */
  returned(returnPath: number, stanza: Stanza): void {
    if (returnPath !== UNFOLLOWED) {
      this.environment.returnedByNumber(returnPath);
      return;
    }
    stanza.returnPath = UNFOLLOWED;
    this.environment.routers.get(parseJid(stanza.from)?.domain ?? '')?.returned(stanza);
  }

  /** Obeys a frame about listeners; ignores kinds of a later version. */
  obey(replica: MemberReplica, frame: Frame): void {
    switch (frame.kind) {
      case FRAME_KINDS.registered:
        this.joined(replica, frame);
        return;
      case FRAME_KINDS.left:
        this.left(frame);
        return;
      case FRAME_KINDS.suspected:
        this.routerOf(frame)?.replica.suspect(textAt(frame, 1), textAt(frame, 2), textAt(frame, 3));
        return;
      case FRAME_KINDS.drain:
        this.drained(replica, frame);
        return;
      default:
    }
  }

  private joined(replica: MemberReplica, frame: Frame): void {
    const flags = numberAt(frame, 2);
    const place = { number: numberAt(frame, 0), member: textAt(frame, 3) };
    if (parseJid(textAt(frame, 2)) === null) throw new FrameError('a listener without a valid address');
    const session = this.known.sessionAt(replica, place);
    if (session === null) {
      this.keepEarly(replica, { number: place.number, member: place.member || replica.member }, frame);
      return;
    }
    const listener: Listener = {
      jid: textAt(frame, 2),
      form: (flags & CHILD) === 0 ? 'attributes' : 'child',
      since: numberAt(frame, 1),
      draining: (flags & DRAINING) !== 0,
    };
    this.noteBuiltIn(replica.member, listener.jid, textAt(frame, 4));
    this.routerOf(frame)?.replica.join(textAt(frame, 1), listener, session);
  }

  /** @param digest That of the file of a built-in service; `''`: it is none. */
  private noteBuiltIn(member: string, jid: string, digest: string): void {
    if (digest === '') return;
    this.builtIn.set(member, { jid, digest });
    this.environment.settings?.memberHas(member, jid, digest);
  }

  /** The session of a third member may be unknown yet; that of the sender itself, because another one has its address. Only that of a peer server may still be bound then. */
  private keepEarly({ member: from }: MemberReplica, place: SessionPlace, frame: Frame): void {
    const isPeers = !this.environment.routers.has(parseJid(textAt(frame, 2))?.domain ?? '');
    if (!this.known.members.has(place.member) || (place.member === from && !isPeers) || this.early.keep(from, place, frame)) return;
    this.environment.log.warn(
      { member: from, jid: textAt(frame, 2) },
      'registration at an external router ignored: too many are for sessions that are not known yet',
    );
  }

  /** A session that was never known here has ended. */
  endedUnknown({ member }: MemberReplica, number: number): void {
    this.early.take({ member, number });
  }

  /** Forgets what waits for the sessions of a lost member. */
  memberLeft(member: string): void {
    this.early.memberLeft(member);
  }

  /** The own member of a listener decides whether it drains, and repeats what others have announced: so all end with the same. */
  private drained(replica: MemberReplica, frame: Frame): void {
    const router = this.routerOf(frame);
    const [className, jid] = [textAt(frame, 1), textAt(frame, 2)];
    const node = router?.classes.get(className)?.nodes.get(jid);
    if (node === undefined) return;
    const { member } = this.known.placeOf(node.session);
    if (member === '' || member === replica.member) router?.replica.drain(className, jid, numberAt(frame, 0) !== 0);
  }

  private left(frame: Frame): void {
    const router = this.routerOf(frame);
    const [className, jid, thread] = [textAt(frame, 1), textAt(frame, 2), textAt(frame, 3)];
    if (numberAt(frame, 0) === 0) {
      this.early.left(frame);
      router?.replica.leave(className, jid);
    } else router?.replica.bounced(className, jid, thread);
  }

  private routerOf(frame: Frame): Router | undefined {
    return this.environment.routers.get(textAt(frame, 0));
  }

  private announcerOf(domain: string): Announcer {
    // In order with the stanzas of a session of this member.
    const send = (session: number, frame: string) => {
      const place = this.known.placeOf(session);
      for (const replica of this.known.members.values()) {
        if (place.member === '') replica.sendOfSession(place.number, frame);
        else replica.sendFrame(frame);
      }
    };
    return {
      joined: (className, listener, session) => send(session, this.joinedFrame(domain, className, listener, this.known.placeOf(session))),
      left: (className, jid, session) => send(session, writeFrame(FRAME_KINDS.left, [0], domain, className, jid, '')),
      bounced: (className, jid, session, thread) => send(session, writeFrame(FRAME_KINDS.left, [1], domain, className, jid, thread)),
      suspected: (className, jid, session, reason) => send(session, suspectedFrame(domain, className, jid, reason)),
      drained: (className, jid, session, draining) => send(session, writeFrame(FRAME_KINDS.drain, [draining ? 1 : 0], domain, className, jid)),
    };
  }

  private joinedFrame(domain: string, className: string, { jid, form, since, draining }: Listener, { number, member }: SessionPlace): string {
    const flags = (form === 'child' ? CHILD : 0) | (draining ? DRAINING : 0);
    const { settings } = this.environment;
    const digest = settings !== null && settings.listener === jid ? settings.digest : '';
    return writeFrame(FRAME_KINDS.registered, [number, Math.round(since), flags], domain, className, jid, member, digest);
  }
}

function suspectedFrame(domain: string, className: string, jid: string, reason: string): string {
  return writeFrame(FRAME_KINDS.suspected, [], domain, className, jid, reason);
}
