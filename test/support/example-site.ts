import { setTimeout as wait } from 'node:timers/promises';
import { OsrfClient } from '../../server/osrf/client.ts';
import type { JabberLogin } from '../../server/osrf/login.ts';
import { OsrfService } from '../../server/osrf/service.ts';
import type { Methods } from '../../server/osrf/service-description.ts';
import type { ServiceRequest } from '../../server/osrf/service-request.ts';
import { ServiceStatus } from '../../server/osrf/service-status.ts';
import { withSystemMethods } from '../../server/osrf/system-methods.ts';
import { messagesIn } from '../../shared/osrf/read.ts';
import { osrfStanza } from '../../shared/osrf/stanzas.ts';
import { bodyOf, DEFAULT_ENVELOPE, requestMessage } from '../../shared/osrf/write.ts';

const LOGIN = { domain: 'private.localhost', username: 'opensrf', password: 'password' } as const;

/** The address of the server. */
interface Place {
  readonly host: string;
  readonly port: number;
}

const PEOPLE = ['Ada Lovelace', 'Grace Hopper', 'Barbara Liskov', 'Frances Allen', 'Radia Perlman'];

/**
 * A small library system: services that call each other under one transaction id, one that streams, one that fails, and clients of several kinds.
 * For tests of the console, and its pictures.
 */
export class ExampleSite {
  readonly services: OsrfService[] = [];
  readonly clients: OsrfClient[] = [];
  private readonly place: Place;
  /** The worker that has the last request of a client. */
  private readonly workers = new Map<string, string>();
  /** The waiting callers, by thread. */
  private readonly waiting = new Map<string, (content: unknown) => void>();
  private threads = 0;

  private constructor(place: Place) {
    this.place = place;
  }

  static async start(place: Place, { cstoreWorkers = 8 } = {}): Promise<ExampleSite> {
    const site = new ExampleSite(place);
    await site.serve('opensrf.settings', 2, { 'opensrf.settings.host_config.get': () => ({ apps: {} }) });
    await site.serve('open-ils.auth', 2, {
      'open-ils.auth.authenticate.init': (name: string) => `seed of ${name}`,
      'open-ils.auth.authenticate.complete': () => ({ ilsevent: 0, textcode: 'SUCCESS', payload: { authtoken: '9f2c61ab4d', authtime: 420 } }),
    });
    await site.serve('open-ils.cstore', cstoreWorkers, {
      'open-ils.cstore.direct.actor.user.retrieve': async (id: number) => {
        await wait(2);
        return { __c: 'au', __p: [null, id, 'br1', `patron${id}`, PEOPLE[id % PEOPLE.length], true, null, 'en-US'] };
      },
      'open-ils.cstore.direct.actor.card.search': async (query: unknown) => {
        await wait(3);
        return { __c: 'ac', __p: [true, '99999373998', 7, query] };
      },
    });
    await site.serve('open-ils.actor', 6, {
      'open-ils.actor.user.fleshed.retrieve': {
        handle: async (request: ServiceRequest, id: number) => {
          const user = await site.askFrom(request, 'open-ils.cstore', 'open-ils.cstore.direct.actor.user.retrieve', [id]);
          const card = await site.askFrom(request, 'open-ils.cstore', 'open-ils.cstore.direct.actor.card.search', [{ usr: id }]);
          return { user, card };
        },
      },
    });
    await site.serve('open-ils.search', 10, {
      async *'open-ils.search.biblio.multiclass.query'(query: string) {
        for (let n = 1; n <= 3; n++) {
          await wait(4);
          yield { id: 4700 + n, title: `${query}, part ${n}`, author: PEOPLE[n] };
        }
      },
    });
    await site.serve('open-ils.circ', 4, {
      'open-ils.circ.checkout': (barcode: string) => {
        if (barcode.endsWith('4')) throw new ServiceStatus(500, ` *** Call to [open-ils.circ.checkout] failed: item ${barcode} is marked lost`);
        return { ilsevent: 0, textcode: 'SUCCESS', payload: { barcode, due_date: '2026-12-15' } };
      },
    });
    for (const name of ['gateway_1', 'gateway_2', 'translator_1', 'sip2_1', 'srfsh_1']) await site.client(name);
    return site;
  }

  /** A client logged in for the site's whole life. */
  async client(name: string): Promise<OsrfClient> {
    const client = await OsrfClient.connect({ ...LOGIN, ...this.place, resource: `${name}_at_localhost_4143` });
    this.clients.push(client);
    return client;
  }

  /** One of each kind of request. */
  async round(number: number): Promise<void> {
    const [gateway, other, translator, sip2, srfsh] = this.clients as [OsrfClient, OsrfClient, OsrfClient, OsrfClient, OsrfClient];
    const settled = [
      gateway.request('open-ils.actor', 'open-ils.actor.user.fleshed.retrieve', number),
      translator.request('open-ils.search', 'open-ils.search.biblio.multiclass.query', 'the art of computer programming'),
      other.request('open-ils.auth', 'open-ils.auth.authenticate.complete', { username: 'admin', password: 'demo123' }),
      sip2.request('open-ils.circ', 'open-ils.circ.checkout', `3204800${number}`),
      srfsh.request('opensrf.settings', 'opensrf.settings.host_config.get', 'localhost'),
    ].map((request) => request.answer);
    await Promise.allSettled(settled);
  }

  async stop(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
    await Promise.all(this.services.map((service) => service.stop()));
  }

  private async serve(name: string, workers: number, methods: Methods): Promise<void> {
    const service = await OsrfService.start({
      ...LOGIN,
      ...this.place,
      service: name,
      workers,
      methods: withSystemMethods(name, 'Example', methods),
      onEvent: (event) => {
        if (event.kind === 'worker-received') this.workers.set(event.from, event.worker);
      },
    });
    for (const { jabber } of service.workers) this.letAsk(jabber);
    await service.listener.settled();
    this.services.push(service);
  }

  /** A worker's connection gets its own requests and the answers to its calls. */
  private letAsk(jabber: JabberLogin): void {
    const take = jabber.onMessage;
    jabber.onMessage = (message) => {
      const answered = this.waiting.get(message.thread);
      if (answered === undefined) take(message);
      else answered(messagesIn(message)?.[0]?.payload['content']);
    };
  }

  /** Calls another service while handling a request, under its transaction id and from its worker's connection, like OpenSRF's libraries. */
  private askFrom(request: ServiceRequest, service: string, method: string, params: unknown[]): Promise<unknown> {
    const worker = this.workers.get(request.session.client);
    const jabber = this.services.flatMap(({ workers }) => workers).find((one) => one.jabber.jid === worker)?.jabber;
    if (jabber === undefined) throw new Error('no worker has that request');
    const thread = `nested-${++this.threads}`;
    const { transactionId } = request.session;
    const body = bodyOf([requestMessage('1', method, params)], DEFAULT_ENVELOPE);
    return new Promise((resolve) => {
      this.waiting.set(thread, resolve);
      jabber.send(osrfStanza({ to: `router@${LOGIN.domain}/${service}`, from: jabber.jid, thread, transactionId, form: 'child' }, body));
    });
  }
}
