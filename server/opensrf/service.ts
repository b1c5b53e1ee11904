import { randomBytes } from 'node:crypto';
import { bodyText, type OsrfMessage, parseOsrfMessages } from '../../shared/osrf-message.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { unescapeXml } from '../../shared/xml.ts';
import { JabberClient, type LoginOptions } from './jabber-client.ts';
import { messageXml, type OutgoingMessage, registrationXml } from './message.ts';

/** The methods of a service by name. What one returns (or resolves to) is the request's result; what it throws becomes status 500. */
export type Methods = Readonly<Record<string, (...params: never[]) => unknown>>;

/** Something that happened in a service, as {@link ServiceOptions.onEvent} is told. */
export type ServiceEvent =
  | { readonly kind: 'listener-received'; readonly listener: string; readonly from: string; readonly routerFrom: string; readonly worker: string }
  | { readonly kind: 'worker-received'; readonly worker: string; readonly from: string; readonly type: string };

/** Where a service runs and what it can do. */
export interface ServiceOptions extends Omit<LoginOptions, 'resource'> {
  readonly service: string;
  readonly methods: Methods;
  readonly workers: number;
  /** The routers it registers with, by domain; its own where none is given. */
  readonly routerDomains?: readonly string[];
  readonly routerName?: string;
  readonly onEvent?: (event: ServiceEvent) => void;
}

/**
 * An OpenSRF service as OpenSRF runs one: a listener that registers with the router and gets all requests, and workers (drones),
 * each with a connection of its own, that answer the client directly.
 */
export class OsrfService {
  readonly listener: JabberClient;
  readonly workers: readonly Worker[];
  private readonly options: ServiceOptions;
  private readonly routers: readonly string[];
  /** Requests waiting for a free worker. */
  private readonly backlog: Stanza[] = [];

  private constructor(options: ServiceOptions, listener: JabberClient, workers: readonly Worker[]) {
    this.options = options;
    this.listener = listener;
    this.workers = workers;
    this.routers = (options.routerDomains ?? [options.domain]).map((domain) => `${options.routerName ?? 'router'}@${domain}/router`);
    listener.onMessage = (message) => this.received(message);
    for (const worker of workers) worker.onFree = () => this.handOut();
  }

  /** Logs in listener and workers, and registers. @throws LoginError */
  static async start(options: ServiceOptions): Promise<OsrfService> {
    const unique = `${process.pid}_${randomBytes(3).toString('hex')}`;
    const login = (role: string) => JabberClient.login({ ...options, resource: `${options.service}_${role}_${unique}` });
    const drones = await Promise.all(Array.from({ length: options.workers }, (_, index) => login(`drone_at_localhost_${index + 1}`)));
    const workers = drones.map((jabber) => new Worker(jabber, options.methods, options.onEvent));
    const service = new OsrfService(options, await login('listener_at_localhost'), workers);
    service.register();
    return service;
  }

  register(): void {
    for (const router of this.routers) this.listener.send(registrationXml('register', router, this.listener.jid, this.options.service));
  }

  unregister(): void {
    for (const router of this.routers) this.listener.send(registrationXml('unregister', router, this.listener.jid, this.options.service));
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
      this.options.onEvent?.({
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

/** One drone: takes a request from its listener, or keeps a session with one client until that disconnects. */
export class Worker {
  readonly jabber: JabberClient;
  /** Called when it can take the next request. */
  onFree: () => void = () => {};
  private readonly methods: Methods;
  private readonly onEvent: ServiceOptions['onEvent'];
  private busy = 0;
  /** The thread of the session it is bound to, `''` if none. */
  private thread = '';

  constructor(jabber: JabberClient, methods: Methods, onEvent: ServiceOptions['onEvent']) {
    this.jabber = jabber;
    this.methods = methods;
    this.onEvent = onEvent;
    jabber.onMessage = (message) => {
      if (message.type !== 'error') this.take(message, message.from);
    };
  }

  get free(): boolean {
    return this.busy === 0 && this.thread === '';
  }

  /** Works on a stanza for a client. */
  take(stanza: Stanza, client: string): void {
    const messages = parseOsrfMessages(bodyText(stanza)) ?? [];
    this.busy++;
    void this.workOn(stanza, client, messages).finally(() => {
      this.busy--;
      if (this.free) this.onFree();
    });
  }

  private async workOn(stanza: Stanza, client: string, messages: readonly OsrfMessage[]): Promise<void> {
    for (const message of messages) {
      this.onEvent?.({ kind: 'worker-received', worker: this.jabber.jid, from: client, type: message.type });
      const answers = await this.answersTo(message, stanza);
      if (answers.length > 0) this.jabber.send(messageXml(client, this.jabber.jid, stanza.transactionId, unescapeXml(stanza.thread), answers));
    }
  }

  private async answersTo(message: OsrfMessage, stanza: Stanza): Promise<OutgoingMessage[]> {
    switch (message.type) {
      case 'CONNECT':
        this.thread = stanza.thread;
        return [status(message, 'osrfConnectStatus', 'Connection Successful', '200')];
      case 'DISCONNECT':
        if (this.thread === stanza.thread) this.thread = '';
        return [];
      case 'REQUEST':
        return this.call(message);
      default:
        return [];
    }
  }

  private async call(message: OsrfMessage): Promise<OutgoingMessage[]> {
    const { method: name, params } = message.payload;
    const method = typeof name === 'string' && Object.hasOwn(this.methods, name) ? this.methods[name] : undefined;
    if (method === undefined) return [status(message, 'osrfMethodException', `Method [${name}] not found`, '404')];
    try {
      const content = await method(...((Array.isArray(params) ? params : []) as never[]));
      const result: OutgoingMessage = {
        type: 'RESULT',
        threadTrace: message.threadTrace,
        payload: ['osrfResult', { status: 'OK', statusCode: '200', content: content ?? null }],
      };
      return [result, status(message, 'osrfConnectStatus', 'Request Complete', '205')];
    } catch (error) {
      return [status(message, 'osrfMethodException', error instanceof Error ? error.message : String(error), '500')];
    }
  }
}

function status({ threadTrace }: OsrfMessage, payloadClass: string, text: string, statusCode: string): OutgoingMessage {
  return { type: 'STATUS', threadTrace, payload: [payloadClass, { status: text, statusCode }] };
}
