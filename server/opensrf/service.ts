import { randomBytes } from 'node:crypto';
import type { Stanza } from '../../shared/stanza.ts';
import { JabberClient, type LoginOptions } from './jabber-client.ts';
import { registrationXml } from './message.ts';
import type { ServiceDescription } from './service-description.ts';
import { Worker } from './worker.ts';

/** A service that logs in over TCP. It registers with its own domain's router where none is named. */
export interface ServiceOptions extends Omit<LoginOptions, 'resource'>, ServiceDescription {}

/** Logs in as the service's account with the given resource. */
export type ServiceLogin = (resource: string) => Promise<JabberClient>;

/**
 * An OpenSRF service as OpenSRF runs one: a listener that registers with the router and gets all requests, and workers (drones),
 * each with a connection of its own, that answer the client directly.
 */
export class OsrfService {
  readonly listener: JabberClient;
  readonly workers: readonly Worker[];
  private readonly description: ServiceDescription;
  private readonly routers: readonly string[];
  /** Requests waiting for a free worker. */
  private readonly backlog: Stanza[] = [];

  private constructor(description: ServiceDescription, listener: JabberClient, workers: readonly Worker[]) {
    this.description = description;
    this.listener = listener;
    this.workers = workers;
    this.routers = description.routers ?? [];
    listener.onMessage = (message) => this.received(message);
    for (const worker of workers) worker.onFree = () => this.handOut();
  }

  /** Logs in listener and workers over TCP, and registers. @throws LoginError */
  static async start(options: ServiceOptions): Promise<OsrfService> {
    const description = { routers: [`router@${options.domain}/router`], ...options };
    return OsrfService.startWith(description, (resource) => JabberClient.login({ ...options, resource }));
  }

  /** Logs in listener and workers, and registers. @throws LoginError */
  static async startWith(description: ServiceDescription, login: ServiceLogin): Promise<OsrfService> {
    const unique = `${process.pid}_${randomBytes(3).toString('hex')}`;
    const loginAs = (role: string) => login(`${description.service}_${role}_${unique}`);
    const drones = await Promise.all(Array.from({ length: description.workers }, (_, index) => loginAs(`drone_at_localhost_${index + 1}`)));
    const workers = drones.map((jabber) => new Worker(jabber, description));
    const service = new OsrfService(description, await loginAs('listener_at_localhost'), workers);
    service.register();
    return service;
  }

  register(): void {
    for (const router of this.routers) this.listener.send(registrationXml('register', router, this.listener.jid, this.description.service));
  }

  unregister(): void {
    for (const router of this.routers) this.listener.send(registrationXml('unregister', router, this.listener.jid, this.description.service));
  }

  /** Unregisters and logs out. */
  async stop(): Promise<void> {
    this.unregister();
    await Promise.all([this.listener.close(), ...this.workers.map(({ jabber }) => jabber.close())]);
  }

  private received(stanza: Stanza): void {
    if (stanza.type === 'error') return;
    this.backlog.push(stanza);
    this.handOut();
  }

  private handOut(): void {
    for (let worker = this.freeWorker(); worker !== undefined && this.backlog.length > 0; worker = this.freeWorker()) {
      const stanza = this.backlog.shift() as Stanza;
      this.description.onEvent?.({
        kind: 'listener-received',
        listener: this.listener.jid,
        from: stanza.from,
        routerFrom: stanza.routerFrom,
        worker: worker.jabber.jid,
      });
      worker.take(stanza, stanza.routerFrom);
    }
  }

  private freeWorker(): Worker | undefined {
    return this.workers.find((worker) => worker.free);
  }
}
