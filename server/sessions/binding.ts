import type { Router } from '../../router/router.ts';
import { StanzaError, StreamError } from '../../shared/errors.ts';
import type { Job, JobRunner } from '../../shared/job.ts';
import { BOUNCES, type Stanza } from '../../shared/stanza.ts';
import type { ComponentConflict } from '../config/components.ts';
import type { Directory } from '../delivery/directory.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { ServerCounts } from '../kernel/counts.ts';
import type { Guard } from '../kernel/guard.ts';
import type { Log } from '../kernel/log.ts';
import { BoundSession } from './bound-session.ts';
import { ClientSession } from './client-session.ts';
import { ComponentSession } from './component-session.ts';
import type { Link } from './link.ts';
import { RemoteSession } from './remote-session.ts';
import type { Session, SessionIdentity, SessionLife } from './session.ts';
import type { SessionEnvironment, SessionOwner } from './session-environment.ts';

/** The rules for binding an address. */
export interface BindingRules {
  /** Whether an external router may log in and replace the internal one. */
  readonly externalRouter: 'allow' | 'refuse';
  /** Which component keeps a domain when a second one logs in. */
  readonly componentConflict: ComponentConflict;
  /** The most sessions of all domains. */
  readonly maxSessions: number;
  /** A longer stanza is refused. */
  readonly stanzaBytes: number;
}

/** The parts of the server that the binding needs. */
export interface BindingEnvironment extends Omit<SessionEnvironment, 'owner' | 'nextNumber'> {
  readonly directory: Directory;
  /** The bound sessions, which the binding updates. */
  readonly sessions: Set<Session>;
  /** The components among them. */
  readonly components: Set<Session>;
  /** By domain. */
  readonly routers: ReadonlyMap<string, Router>;
  /** Returns an unwritten request to its router. */
  readonly returned: (stanza: Stanza) => void;
  /** Runs long jobs in slices. */
  readonly jobs: JobRunner;
  readonly counts: ServerCounts;
  /** Isolates failures at the end of a session, so that all other steps are done. */
  readonly endGuard: Guard;
  readonly log: Log;
  /** Called when an external router has replaced an internal one. */
  readonly onRouterReplaced: () => void;
}

/** The other members of a cluster, which learn about the sessions here. */
export interface OtherMembers {
  bound(session: Session): void;
  /** @param isStopping Whether the session has ended because this member stops. */
  ended(session: Session, isStopping: boolean): void;
  /** All requests that were not written to an ended session have been returned. */
  allReturned(session: Session): void;
  /** Returns a request that was not written to the member whose router has handed it over. @returns false if that is this one. */
  returned(stanza: Stanza): boolean;
  /** A session here takes the address of one of another member. */
  replaced(session: RemoteSession): void;
}

/** Binds sessions to their addresses, and frees the addresses when sessions end. */
export class Binding implements SessionOwner {
  /** Null: there is no cluster. */
  others: OtherMembers | null = null;
  private readonly rules: BindingRules;
  private readonly environment: BindingEnvironment;
  private readonly sessionEnvironment: SessionEnvironment;
  private lastNumber = 0;
  private state: 'open' | 'closing' = 'open';

  constructor(rules: BindingRules, environment: BindingEnvironment) {
    const { clock, delivery, presence, observation, memory, isListener } = environment;
    this.rules = rules;
    this.environment = environment;
    this.sessionEnvironment = { clock, delivery, presence, observation, memory, isListener, owner: this, nextNumber: () => ++this.lastNumber };
  }

  /** From now on, a session's end returns its undelivered stanzas. */
  open(): void {
    this.state = 'open';
  }

  /** From now on, a session's end returns nothing, because all sessions are about to end. */
  close(): void {
    this.state = 'closing';
  }

  /** Makes a client's session, if its address is free or can be freed. */
  bindClient(link: Link, identity: SessionIdentity): Session | StanzaError {
    const session = new ClientSession(identity, link, this.sessionEnvironment);
    return this.bind(session) ?? session;
  }

  /** Makes a session of another kind. @param create Makes it without binding it. */
  bindAs(create: (environment: SessionEnvironment) => BoundSession): StanzaError | null {
    return this.bind(create(this.sessionEnvironment));
  }

  /** Makes a component's session, if its domain is free or can be freed. */
  bindComponent(link: Link, domain: string): Session | StanzaError {
    const session = new ComponentSession(domain, link, this.sessionEnvironment);
    return this.bind(session) ?? session;
  }

  /** A number for a session of another member. */
  nextSessionNumber(): number {
    return ++this.lastNumber;
  }

  /** The largest number of a session so far. */
  get lastSessionNumber(): number {
    return this.lastNumber;
  }

  /** Gives new sessions larger numbers than those of another process, whose sessions are to come here. */
  numberFrom(number: number): void {
    this.lastNumber = number;
  }

  /** Goes on with a session of another process. */
  restore(link: Link, identity: SessionIdentity, life: SessionLife): Session {
    const { domain, username } = identity;
    return this.restoreAs((environment) =>
      username === '' ? new ComponentSession(domain, link, environment, life) : new ClientSession(identity, link, environment, life),
    );
  }

  /** Goes on with a session of another kind. @param create Makes it with its life in the other process. */
  restoreAs<OneSession extends BoundSession>(create: (environment: SessionEnvironment) => OneSession): OneSession {
    const session = create(this.sessionEnvironment);
    const { directory, sessions, components, observation } = this.environment;
    if (!directory.add(session)) throw new Error(`the address ${session.jid} is taken`);
    sessions.add(session);
    if (session.kind === 'component') components.add(session);
    session.account.loggedIn(session);
    observation.bound(session);
    const router = this.environment.routers.get(session.origin.domain);
    if (router?.jid === session.jid) session.observe(router.registrationObserver);
    return session;
  }

  sessionEnded(session: Session, reason: CloseReason, unsent: readonly Stanza[]): void {
    const { directory, sessions, components, routers, presence, observation, counts, endGuard, log } = this.environment;
    endGuard.run(() => presence.ended(session));
    directory.remove(session);
    sessions.delete(session);
    components.delete(session);
    counts.sessionEnded(session);
    observation.ended(session, reason);
    endGuard.run(() => this.others?.ended(session, this.state === 'closing'));
    endGuard.run(() => log.info({ jid: session.jid, reason, unsent: unsent.length, sessions: sessions.size }, 'session ended'));
    endGuard.run(() => this.returnOfRouter(session));
    for (const router of routers.values()) endGuard.run(() => router.sessionEnded(session.origin.session, session.jid));
    for (const stanza of unsent) session.account.charge(stanza.cost);
    this.environment.jobs.run(this.handBackAll(session, unsent));
    session.account.close();
  }

  oversizedStanzaRead({ from, to, transactionId: xid }: Stanza, length: number): void {
    this.environment.log.warn({ from, to, size: length, limit: this.rules.stanzaBytes, xid }, 'refused an oversized stanza');
  }

  /** Binds a session to its address. @returns the error, or null. */
  private bind(session: BoundSession): StanzaError | null {
    const { directory, sessions, components, observation, memory, counts, log } = this.environment;
    // A session that replaces another does not increase the number.
    if (sessions.size >= this.rules.maxSessions && !(directory.get(session.jid) instanceof BoundSession)) {
      return new StanzaError('resource-constraint', `this server has reached its limit of ${sessions.size} sessions`);
    }
    if (memory.full) return new StanzaError('resource-constraint', 'no memory left for more sessions');
    const place = this.freeAddress(session);
    if (place === 'taken') return new StanzaError('conflict', `${session.jid} is in use`);
    directory.add(session);
    sessions.add(session);
    if (session.kind === 'component') components.add(session);
    session.account.loggedIn(session);
    counts.logins++;
    observation.bound(session);
    this.others?.bound(session);
    if (place === 'router') this.environment.onRouterReplaced();
    log.info({ jid: session.jid, peer: session.link.peer, sessions: sessions.size }, 'session bound');
    return null;
  }

  /** Returns a session's undelivered stanzas; charges the rest to the session until then. */
  private *handBackAll(session: Session, unsent: readonly Stanza[]): Job {
    const { account, origin } = session;
    for (const stanza of unsent) {
      account.charge(-stanza.cost);
      this.handBack(stanza);
      yield;
    }
    for (const router of this.environment.routers.values()) router.allReturned(origin.session);
    this.others?.allReturned(session);
  }

  private handBack(stanza: Stanza): void {
    const { returned, delivery, endGuard } = this.environment;
    try {
      // A member that stops ends its own clients too, but not those of other members.
      if (this.others?.returned(stanza) === true || this.state === 'closing') return;
      if (stanza.returnPath !== BOUNCES) returned(stanza);
      else delivery.bounce(stanza, new StanzaError('service-unavailable', 'the session ended before delivery'));
    } catch (error) {
      endGuard.failed(error);
    }
  }

  /** Frees an address. @returns `free`, `router` if an internal router was suspended, or `taken`. */
  private freeAddress(newcomer: BoundSession): 'free' | 'router' | 'taken' {
    const holder = this.environment.directory.get(newcomer.jid);
    if (holder === undefined) return 'free';
    if (holder instanceof RemoteSession && this.mayReplace(holder)) {
      this.others?.replaced(holder);
      return 'free';
    }
    if (holder instanceof BoundSession && this.mayReplace(holder)) {
      holder.close('replaced', new StreamError('conflict', 'replaced by a new login with the same address'));
      return 'free';
    }
    const router = this.environment.routers.get(newcomer.origin.domain);
    if (router !== undefined && holder === router && this.rules.externalRouter === 'allow') return this.stepAside(router, newcomer);
    const owner =
      holder instanceof ComponentSession || (holder instanceof RemoteSession && holder.kind === 'component') ? 'another component' : 'a live router';
    this.environment.log.warn({ jid: newcomer.jid, peer: newcomer.link.peer }, `refused a login: the address belongs to ${owner}`);
    return 'taken';
  }

  private stepAside(router: Router, newcomer: BoundSession): 'router' {
    this.environment.log.warn({ jid: newcomer.jid, peer: newcomer.link.peer }, 'an external router logged in; the internal one is suspended');
    router.suspend();
    newcomer.observe(router.registrationObserver);
    return 'router';
  }

  private mayReplace(holder: BoundSession | RemoteSession): boolean {
    if (holder.kind === 'peer') return false;
    return holder.kind === 'component' ? this.rules.componentConflict === 'replace' : !holder.origin.isRouterAccount;
  }

  private returnOfRouter(session: Session): void {
    const router = this.environment.routers.get(session.origin.domain);
    if (router?.jid !== session.jid || !router.suspended) return;
    router.resume();
    this.environment.log.warn({ jid: router.jid, classes: router.classes.size }, 'the external router left; the internal one resumed');
  }
}
