import { randomBytes } from 'node:crypto';
import { osrfStanza, registrationStanza } from '../../shared/osrf/stanzas.ts';
import { FIRST_REQUEST, statusBody } from '../../shared/osrf/write.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { createClock } from '../kernel/clock.ts';
import { UNLOGGED } from '../kernel/guard.ts';
import { checkOptions } from '../kernel/option-kinds.ts';
import { Backlog } from './backlog.ts';
import { JabberClient } from './jabber-client.ts';
import type { JabberLogin, LoginOptions } from './login.ts';
import { checkMethods, SERVICE_KINDS, SERVICE_NEEDS } from './option-kinds.ts';
import type { ServiceDescription } from './service-description.ts';
import { BACKLOG_FULL, Worker } from './worker.ts';

/** A service that logs in over TCP. By default it registers with the router of its own domain. */
export interface ServiceOptions extends Omit<LoginOptions, 'resource'>, Omit<ServiceDescription, 'keepalive' | 'onThrown'> {
  /** The silence after which a worker ends a session; 0: never. */
  readonly keepaliveMs?: number;
}

/** Logs in with the service's account and the given resource. */
export type ServiceLogin = (resource: string) => Promise<JabberLogin>;

/**
 * An OpenSRF service: a listener that registers with the router and receives all requests, and workers (drones),
 * each with its own login, that answer the client directly.
 */
export class OsrfService {
  /** The login of the listener. */
  readonly listener: JabberLogin;
  /** The workers that are logged in. */
  readonly workers: Worker[] = [];
  private readonly description: ServiceDescription;
  private readonly loginWorker: (number: number) => Promise<JabberLogin>;
  private readonly routers: readonly string[];
  /** Requests that wait for a free worker. */
  private readonly waiting: Stanza[] = [];
  private readonly backlog: Backlog;
  /** The pending login of another worker, or null. */
  private growth: Promise<void> | null = null;
  private stopped = false;
  /** The number of workers that have logged in. */
  private logins: number;

  private constructor(description: ServiceDescription, listener: JabberLogin, loginWorker: (number: number) => Promise<JabberLogin>) {
    this.description = description;
    this.listener = listener;
    this.loginWorker = loginWorker;
    this.routers = description.routers ?? [];
    this.logins = description.workers;
    this.backlog = new Backlog(description.maxBacklog, description.maxBacklogBytes);
    listener.onMessage = (message) => this.received(message);
  }

  /** Logs in listener and workers over TCP, and registers. @throws ConnectError, LoginError; TypeError for invalid options. */
  static async start(given: ServiceOptions): Promise<OsrfService> {
    checkOptions('OsrfService.start', given, SERVICE_KINDS, SERVICE_NEEDS);
    checkMethods('OsrfService.start', given.methods);
    const { keepaliveMs = 0, ...options } = given;
    const keepalive = keepaliveMs > 0 && { keepalive: { ms: keepaliveMs, clock: createClock(UNLOGGED) } };
    const description = { routers: [`router@${options.domain}/router`], ...options, ...keepalive };
    return OsrfService.startWith(description, (resource) => JabberClient.login({ ...options, resource }));
  }

  /** Logs in listener and workers, and registers. @throws LoginError */
  static async startWith(description: ServiceDescription, login: ServiceLogin): Promise<OsrfService> {
    const unique = `${process.pid}_${randomBytes(3).toString('hex')}`;
    const loginAs = (role: string) => login(`${description.service}_${role}_${unique}`);
    const loginWorker = (number: number) => loginAs(`drone_at_localhost_${number}`);
    const drones = await Promise.all(Array.from({ length: description.workers }, (_, index) => loginWorker(index + 1)));
    const service = new OsrfService(description, await loginAs('listener_at_localhost'), loginWorker);
    for (const jabber of drones) service.addWorker(jabber);
    service.register();
    return service;
  }

  /** The JID of its listener. */
  get jid(): string {
    return this.listener.jid;
  }

  /** The JIDs of its workers. */
  get workerJids(): string[] {
    return this.workers.map(({ jabber }) => jabber.jid);
  }

  /** Registers with the routers. */
  register(): void {
    this.order('register');
  }

  /** Unregisters from the routers. It still answers received requests. */
  unregister(): void {
    this.order('unregister');
  }

  /** Unregisters and logs out. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.unregister();
    await this.growth;
    await Promise.all([this.listener.close(), ...this.workers.map(({ jabber }) => jabber.close())]);
  }

  private order(command: 'register' | 'unregister'): void {
    for (const router of this.routers) this.listener.send(registrationStanza(command, router, this.listener.jid, this.description.service));
  }

  private received(stanza: Stanza): void {
    if (stanza.type === 'error') return;
    if (this.freeWorker() === undefined && !this.backlog.hasRoomFor(stanza, this.workersToCome)) {
      this.refuse(stanza);
      return;
    }
    this.waiting.push(stanza);
    this.backlog.add(stanza);
    this.handOut();
  }

  /** Workers that may still log in; a request may wait for each of them too. */
  private get workersToCome(): number {
    const { workers, maxWorkers = workers } = this.description;
    return maxWorkers - this.workers.length;
  }

  /** Refuses a request as OpenSRF's listeners do: they always name request 1, without reading the message. */
  private refuse({ routerFrom, thread, transactionId }: Stanza): void {
    const body = statusBody(FIRST_REQUEST, 'osrfMethodException', BACKLOG_FULL, 503);
    this.listener.send(osrfStanza({ to: routerFrom, from: this.listener.jid, thread, transactionId, form: 'child' }, body));
  }

  private handOut(): void {
    for (let worker = this.freeWorker(); worker !== undefined && this.waiting.length > 0; worker = this.freeWorker()) {
      const stanza = this.waiting.shift() as Stanza;
      this.backlog.remove(stanza);
      this.description.onEvent?.({
        kind: 'listener-received',
        listener: this.listener.jid,
        from: stanza.from,
        routerFrom: stanza.routerFrom,
        worker: worker.jabber.jid,
      });
      worker.take(stanza, stanza.routerFrom);
    }
    const { workers, maxWorkers = workers } = this.description;
    if (this.waiting.length > 0 && this.growth === null && this.workers.length < maxWorkers && !this.stopped) this.growth = this.grow();
  }

  private async grow(): Promise<void> {
    const jabber = await this.loginWorker(++this.logins).catch(() => null);
    this.growth = null;
    // Without another worker (the server may be stopping), the existing ones carry on.
    if (jabber === null) return;
    this.addWorker(jabber);
    this.handOut();
  }

  private addWorker(jabber: JabberLogin): void {
    const worker = new Worker(jabber, this.description);
    worker.onFree = () => this.handOut();
    jabber.onClose = () => this.workerLost(worker);
    this.workers.push(worker);
  }

  /** Removes a worker; another one logs in when needed. */
  private workerLost(worker: Worker): void {
    this.workers.splice(this.workers.indexOf(worker), 1);
    this.handOut();
  }

  private freeWorker(): Worker | undefined {
    return this.workers.find((worker) => worker.free);
  }
}
