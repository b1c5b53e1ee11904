import type { Router } from '../../router/router.ts';
import type { Clock } from '../../shared/clock.ts';
import type { StanzaError } from '../../shared/errors.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { type ChopChopConfig, routerName } from '../config/config.ts';
import { Delivery } from '../delivery/delivery.ts';
import { Directory } from '../delivery/directory.ts';
import type { HostItem } from '../host/disco.ts';
import { Host } from '../host/host.ts';
import { Queries } from '../host/queries.ts';
import { ROUTER_NAME, ROUTER_SERVICES } from '../host/services.ts';
import type { ServerCounts } from '../kernel/counts.ts';
import type { GuardedLog } from '../logging/guarded-logs.ts';
import type { Connection } from '../net/connection.ts';
import { Binding } from '../sessions/binding.ts';
import { Component } from '../sessions/component.ts';
import type { Interceptor } from '../sessions/interceptor.ts';
import { Liveness } from '../sessions/liveness.ts';
import type { ManagementFailure } from '../sessions/management-elements.ts';
import { Presence } from '../sessions/presence.ts';
import { Resumption } from '../sessions/resumption.ts';
import { Session, type SessionEnvironment } from '../sessions/session.ts';
import { type Tap, Taps } from '../sessions/tap.ts';

/** What the endpoints need of their server. */
export interface EndpointsEnvironment {
  readonly clock: Clock;
  readonly counts: ServerCounts;
  /** By domain. */
  readonly routers: ReadonlyMap<string, Router>;
  readonly guardedLog: GuardedLog;
  /** Milliseconds since 1970. */
  readonly startedAt: () => number;
  /** A router program has taken the place of an internal router. */
  readonly onRouterReplaced: () => void;
}

/** Everything in a server that can be addressed, but its routers: hosts, clients' sessions, components; and the rules by which stanzas reach them. */
export class Endpoints {
  readonly directory = new Directory();
  readonly delivery: Delivery;
  private readonly queries: Queries;
  private readonly config: ChopChopConfig;
  private readonly clock: Clock;
  private readonly binding: Binding;
  private readonly resumption: Resumption;
  private readonly liveness: Liveness;
  private readonly taps = new Taps();
  private readonly sessionEnvironment: SessionEnvironment;

  constructor(config: ChopChopConfig, environment: EndpointsEnvironment) {
    const { clock, counts, routers, guardedLog, startedAt, onRouterReplaced } = environment;
    const { directory } = this;
    this.config = config;
    this.clock = clock;
    this.delivery = new Delivery(directory, counts);
    this.binding = new Binding({
      directory,
      delivery: this.delivery,
      routers,
      externalRouter: config.router.externalRouter,
      componentConflict: config.components.conflict,
      maxSessions: config.limits.sessions,
      tap: this.taps,
      counts,
      log: guardedLog('sessions', ['warn']),
      onRouterReplaced,
    });
    this.resumption = new Resumption(config.limits, clock, guardedLog('resumption', ['info', 'warn']));
    this.liveness = new Liveness(config.limits);
    const presence = new Presence(this.delivery, config.limits);
    this.sessionEnvironment = {
      clock,
      delivery: this.delivery,
      presence,
      managementRead: (session, element, namespace) => this.resumption.elementRead(session, element, namespace),
      onEnded: (session, reason, unsent) => this.binding.sessionEnded(session, reason, unsent),
      tap: null,
      interceptor: null,
    };
    const facts = { now: () => clock.wallTime(), startedAt, items: (domain: string) => this.itemsOf(domain), queryBytes: config.limits.queryBytes };
    this.queries = new Queries(this.delivery, facts);
    for (const domain of config.domains) directory.add(new Host(domain, this.delivery, presence, this.queries));
  }

  /** Those that have an address: of clients, and components. */
  get sessions(): ReadonlySet<Session> {
    return this.binding.sessions;
  }

  /** From now on there may be sessions. */
  open(): void {
    this.binding.open();
  }

  /** All sessions are about to end: nobody is left to be told of what they did not get. */
  close(): void {
    this.binding.close();
  }

  /** Ends the sessions that wait for a connection. */
  endWaiting(): void {
    for (const session of this.sessions) if (!session.connection.open) session.close('server-stopped', null);
  }

  /** To be called now and then: looks after silent sessions. */
  check(): void {
    this.liveness.check(this.sessions, this.clock.now());
  }

  /** Makes a client's session, if its address is free or may be freed. */
  bindClient(connection: Connection, username: string, domain: string, resource: string, legacy: boolean): Session | StanzaError {
    const privileged = username === routerName(this.config.router, domain);
    const session = new Session({ username, domain, resource, privileged, legacy }, connection, this.sessionEnvironment);
    return this.binding.bind(session) ?? session;
  }

  /** Makes a component, if its domain is free or may be freed. */
  bindComponent(connection: Connection, domain: string): Component | StanzaError {
    const component = new Component(domain, connection, this.sessionEnvironment);
    return this.binding.bind(component) ?? component;
  }

  /** What came to the address of an internal router and is no message. */
  routerQueried(stanza: Stanza): void {
    this.queries.answer(stanza, ROUTER_SERVICES, stanza.to);
  }

  /** Lets an account's client go on with a session that it had, or says why not. */
  resume(connection: Connection, bareJid: string, element: Stanza): ManagementFailure | null {
    return this.resumption.resume(connection, bareJid, element);
  }

  /** Lets a tap look at all sessions from now on. @returns what ends that. */
  watch(tap: Tap): () => void {
    this.taps.add(tap);
    this.sessionEnvironment.tap = this.taps;
    return () => {
      this.taps.remove(tap);
      if (this.taps.empty) this.sessionEnvironment.tap = null;
    };
  }

  /** Lets something stand in the way of what sessions send; null: nothing any more. */
  intercept(interceptor: Interceptor | null): void {
    this.sessionEnvironment.interceptor = interceptor;
  }

  private itemsOf(domain: string): HostItem[] {
    const components = [...this.sessions].filter((session) => session instanceof Component && session.domain.endsWith(`.${domain}`));
    const router = { jid: `${routerName(this.config.router, domain)}@${domain}/router`, name: ROUTER_NAME };
    return [router, ...components.map(({ jid }) => ({ jid, name: '' }))];
  }
}
