import type { Router } from '../../router/router.ts';
import { StanzaError, StreamError } from '../../shared/errors.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { ComponentConflict } from '../config/components.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Directory } from '../delivery/directory.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { ServerCounts } from '../kernel/counts.ts';
import type { Log } from '../kernel/log.ts';
import { Component } from './component.ts';
import { Session } from './session.ts';
import type { Tap } from './tap.ts';

/** What the binding of addresses needs of its server. */
export interface BindingEnvironment {
  readonly directory: Directory;
  readonly delivery: Delivery;
  /** By domain. */
  readonly routers: ReadonlyMap<string, Router>;
  /** Whether a router program may log in and take the internal router's place. */
  readonly externalRouter: 'allow' | 'refuse';
  /** Who has a domain when a second component comes for it. */
  readonly componentConflict: ComponentConflict;
  /** Of all domains. */
  readonly maxSessions: number;
  readonly tap: Tap;
  readonly counts: ServerCounts;
  readonly log: Log;
  /** A router program has taken the place of an internal router. */
  readonly onRouterReplaced: () => void;
}

/** Who may have an address, and what becomes of it when a session ends. */
export class Binding {
  /** Those that have an address. */
  readonly sessions = new Set<Session>();
  private readonly environment: BindingEnvironment;
  private state: 'open' | 'closing' = 'open';

  constructor(environment: BindingEnvironment) {
    this.environment = environment;
  }

  /** From now on what a session did not get is handed on when it ends. */
  open(): void {
    this.state = 'open';
  }

  /** All sessions are about to end: nobody is left to be told of what they did not get. */
  close(): void {
    this.state = 'closing';
  }

  /** Gives a session its address, if it is free or may be freed. @returns why not; null if it has it. */
  bind(session: Session): StanzaError | null {
    const { directory, tap, counts, log, maxSessions, onRouterReplaced } = this.environment;
    // Who comes in the place of another takes no room.
    if (this.sessions.size >= maxSessions && !(directory.get(session.jid) instanceof Session)) {
      return new StanzaError('resource-constraint', `this server has ${this.sessions.size} sessions and takes no more`);
    }
    if (!this.freeAddress(session)) return new StanzaError('conflict', `${session.jid} is in use`);
    directory.add(session);
    this.sessions.add(session);
    counts.logins++;
    tap.bound(session);
    if (session.observer !== null) onRouterReplaced();
    log.info({ jid: session.jid, peer: session.connection.peer, sessions: this.sessions.size }, 'session bound');
    return null;
  }

  /** A session has ended: its address is free, and what it did not get goes to others or back. */
  sessionEnded(session: Session, reason: CloseReason, unsent: readonly Stanza[]): void {
    const { directory, routers, tap, counts, log } = this.environment;
    directory.remove(session);
    this.sessions.delete(session);
    counts.sessionEnded(session);
    tap.ended(session, reason);
    log.info({ jid: session.jid, reason, unsent: unsent.length, sessions: this.sessions.size }, 'session ended');
    this.returnOfRouter(session);
    for (const router of routers.values()) router.sessionEnded(session);
    if (this.state === 'open') for (const stanza of unsent) this.handOn(stanza);
  }

  private handOn(stanza: Stanza): void {
    if (stanza.forwarder !== null) stanza.forwarder.returned(stanza);
    else this.environment.delivery.bounce(stanza, new StanzaError('service-unavailable', 'the session ended before it could be delivered'));
  }

  private freeAddress(newcomer: Session): boolean {
    const { directory, routers, externalRouter, log } = this.environment;
    const holder = directory.get(newcomer.jid);
    if (holder === undefined) return true;
    if (holder instanceof Session && this.isReplaceable(holder)) {
      holder.close('replaced', new StreamError('conflict', 'the same address has logged in again'));
      return true;
    }
    const router = routers.get(newcomer.domain);
    if (router === undefined || holder !== router || externalRouter === 'refuse') {
      const owner = holder instanceof Component ? 'another component' : 'a live router';
      log.warn({ jid: newcomer.jid, peer: newcomer.connection.peer }, `refused a login: the address belongs to ${owner}`);
      return false;
    }
    log.warn({ jid: newcomer.jid, peer: newcomer.connection.peer }, 'a router from outside logged in; the internal one steps aside');
    router.suspend();
    newcomer.observer = router;
    return true;
  }

  private isReplaceable(holder: Session): boolean {
    return holder instanceof Component ? this.environment.componentConflict === 'replace' : !holder.privileged;
  }

  private returnOfRouter(session: Session): void {
    const router = this.environment.routers.get(session.domain);
    if (router?.jid !== session.jid || !router.suspended) return;
    router.resume();
    this.environment.log.warn({ jid: router.jid, classes: router.classes.size }, 'the router from outside has left; the internal one is back');
  }
}
