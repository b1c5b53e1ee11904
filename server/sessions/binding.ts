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
import type { Session, SessionIdentity } from './session.ts';
import type { SessionEnvironment, SessionOwner } from './session-environment.ts';

/** Who may have an address. */
export interface BindingRules {
  /** Whether a router program may log in and take the internal router's place. */
  readonly externalRouter: 'allow' | 'refuse';
  /** Which component keeps a domain when a second one comes for it. */
  readonly componentConflict: ComponentConflict;
  /** Of all domains. */
  readonly maxSessions: number;
  /** A longer stanza is refused. */
  readonly stanzaBytes: number;
}

/** What the binding of addresses needs of its server. */
export interface BindingEnvironment extends Omit<SessionEnvironment, 'owner' | 'nextNumber'> {
  readonly directory: Directory;
  /** Those that have an address; the binding keeps it. */
  readonly sessions: Set<Session>;
  /** Those of them that are components. */
  readonly components: Set<Session>;
  /** By domain. */
  readonly routers: ReadonlyMap<string, Router>;
  /** Takes back a routed request that was not written. */
  readonly returned: (stanza: Stanza) => void;
  /** Does what takes long. */
  readonly jobs: JobRunner;
  readonly counts: ServerCounts;
  /** Takes what goes wrong when a session ends: all of the rest is done nevertheless. */
  readonly endGuard: Guard;
  readonly log: Log;
  /** A router program has taken the place of an internal router. */
  readonly onRouterReplaced: () => void;
}

/** Gives sessions their addresses, and takes them back when sessions end. */
export class Binding implements SessionOwner {
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

  /** From now on a session that ends gives back what its peer did not get. */
  open(): void {
    this.state = 'open';
  }

  /** All sessions are about to end: no sender is left to be told of what was not delivered. */
  close(): void {
    this.state = 'closing';
  }

  /** Makes a client's session, if its address is free or may be freed. */
  bindClient(link: Link, identity: SessionIdentity): Session | StanzaError {
    const session = new ClientSession(identity, link, this.sessionEnvironment);
    return this.bind(session) ?? session;
  }

  /** Makes a component's session, if its domain is free or may be freed. */
  bindComponent(link: Link, domain: string): Session | StanzaError {
    const session = new ComponentSession(domain, link, this.sessionEnvironment);
    return this.bind(session) ?? session;
  }

  sessionEnded(session: Session, reason: CloseReason, unsent: readonly Stanza[]): void {
    const { directory, sessions, components, routers, presence, observation, counts, endGuard, log } = this.environment;
    endGuard.run(() => presence.ended(session));
    directory.remove(session);
    sessions.delete(session);
    components.delete(session);
    counts.sessionEnded(session);
    observation.ended(session, reason);
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

  /** @returns why a session cannot have its address; null if it has it. */
  private bind(session: BoundSession): StanzaError | null {
    const { directory, sessions, components, observation, memory, counts, log } = this.environment;
    // A session that replaces another takes no room.
    if (sessions.size >= this.rules.maxSessions && !(directory.get(session.jid) instanceof BoundSession)) {
      return new StanzaError('resource-constraint', `this server has ${sessions.size} sessions and takes no more`);
    }
    if (memory.full) return new StanzaError('resource-constraint', 'this server has no memory left for more sessions');
    const place = this.freeAddress(session);
    if (place === 'taken') return new StanzaError('conflict', `${session.jid} is in use`);
    directory.add(session);
    sessions.add(session);
    if (session.kind === 'component') components.add(session);
    session.account.loggedIn(session);
    counts.logins++;
    observation.bound(session);
    if (place === 'router') this.environment.onRouterReplaced();
    log.info({ jid: session.jid, peer: session.link.peer, sessions: sessions.size }, 'session bound');
    return null;
  }

  /** What is not handed back yet is still kept for the session. */
  private *handBackAll({ account, origin }: Session, unsent: readonly Stanza[]): Job {
    for (const stanza of unsent) {
      account.charge(-stanza.cost);
      this.handBack(stanza);
      yield;
    }
    for (const router of this.environment.routers.values()) router.allReturned(origin.session);
  }

  private handBack(stanza: Stanza): void {
    if (this.state === 'closing') return;
    const { returned, delivery, endGuard } = this.environment;
    try {
      if (stanza.returnPath !== BOUNCES) returned(stanza);
      else delivery.bounce(stanza, new StanzaError('service-unavailable', 'the session ended before it could be delivered'));
    } catch (error) {
      endGuard.failed(error);
    }
  }

  /** @returns whether the address is free now, was that of an internal router that stepped aside, or stays taken. */
  private freeAddress(newcomer: BoundSession): 'free' | 'router' | 'taken' {
    const holder = this.environment.directory.get(newcomer.jid);
    if (holder === undefined) return 'free';
    if (holder instanceof BoundSession && this.isReplaceable(holder)) {
      holder.close('replaced', new StreamError('conflict', 'the same address has logged in again'));
      return 'free';
    }
    const router = this.environment.routers.get(newcomer.origin.domain);
    if (router !== undefined && holder === router && this.rules.externalRouter === 'allow') return this.stepAside(router, newcomer);
    const owner = holder instanceof ComponentSession ? 'another component' : 'a live router';
    this.environment.log.warn({ jid: newcomer.jid, peer: newcomer.link.peer }, `refused a login: the address belongs to ${owner}`);
    return 'taken';
  }

  private stepAside(router: Router, newcomer: BoundSession): 'router' {
    this.environment.log.warn({ jid: newcomer.jid, peer: newcomer.link.peer }, 'a router from outside logged in; the internal one steps aside');
    router.suspend();
    newcomer.observe(router.registrationObserver);
    return 'router';
  }

  private isReplaceable(holder: BoundSession): boolean {
    return holder.kind === 'component' ? this.rules.componentConflict === 'replace' : !holder.origin.isRouterAccount;
  }

  private returnOfRouter(session: Session): void {
    const router = this.environment.routers.get(session.origin.domain);
    if (router?.jid !== session.jid || !router.suspended) return;
    router.resume();
    this.environment.log.warn({ jid: router.jid, classes: router.classes.size }, 'the router from outside has left; the internal one is back');
  }
}
