import { setTimeout as wait } from 'node:timers/promises';
import { OsrfClient } from '../../server/osrf/client.ts';
import { OsrfError } from '../../server/osrf/errors.ts';
import { OsrfService } from '../../server/osrf/service.ts';

/** A request of a recording: its delay and its results. */
export interface RecordedCall {
  readonly service: string;
  readonly method: string;
  readonly params: readonly unknown[];
  readonly ms: number;
  readonly results: readonly unknown[];
}

/** How the server is reached, and how hard it is asked. */
export interface LedgerLoadOptions {
  readonly login: { readonly host: string; readonly port: number; readonly domain: string; readonly username: string; readonly password: string };
  readonly calls: readonly RecordedCall[];
  /** Workers of each service. */
  readonly workers: number;
  readonly clients: number;
  /** Requests a second; null: as fast as each client gets its answer. */
  readonly rate: number | null;
}

/** Outcomes of one method. */
export interface Outcomes {
  ok: number;
  failed: number;
  refused: number;
  lost: number;
}

/** One in this many requests has an error; there are five kinds. */
const ERROR_EVERY = 20;
const SESSION_EVERY = 10;
const ABSENT = 'open-ils.absent';

/** Parameters on which a method fails, or answers late. */
const FAIL = 'fail, as one of the recording';
const LATE = 'answer when the client has left';

/** Plays a recording: services that answer as recorded after the recorded delay, and clients that keep a ledger of every outcome. */
export class LedgerLoad {
  /** By service and method. */
  readonly ledger = new Map<string, Outcomes>();
  private readonly options: LedgerLoadOptions;
  private readonly services: OsrfService[] = [];
  private clients: OsrfClient[] = [];
  private count = 0;

  constructor(options: LedgerLoadOptions) {
    this.options = options;
  }

  async start(): Promise<void> {
    const { login, calls, workers, clients } = this.options;
    for (const service of new Set(calls.map((call) => call.service)))
      this.services.push(await OsrfService.start({ ...login, service, workers, methods: methodsOf(service, calls) }));
    for (const { listener } of this.services) await listener.settled();
    this.clients = await Promise.all(Array.from({ length: clients }, (_, index) => OsrfClient.connect({ ...login, resource: `ledger_${index}` })));
  }

  /** Sends this many requests. */
  async run(requests: number): Promise<void> {
    const { rate } = this.options;
    if (rate === null) await Promise.all(this.clients.map((client) => this.askInTurn(client, requests / this.clients.length)));
    else await this.askAtRate(requests, rate);
  }

  async stop(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
    await Promise.all(this.services.map((service) => service.stop()));
  }

  private async askInTurn(client: OsrfClient, requests: number): Promise<void> {
    for (let left = requests; left > 0; left--) await this.ask(client);
  }

  private async askAtRate(requests: number, rate: number): Promise<void> {
    const begin = performance.now();
    const asked: Promise<void>[] = [];
    while (asked.length < requests) {
      const due = Math.min(requests, Math.floor(((performance.now() - begin) / 1_000) * rate));
      while (asked.length < due) {
        const answer = this.ask(this.clients[asked.length % this.clients.length] as OsrfClient);
        // A failure before the last request would end the process, and leave its server running.
        answer.catch(() => {});
        asked.push(answer);
      }
      await wait(5);
    }
    await Promise.all(asked);
  }

  private async ask(client: OsrfClient): Promise<void> {
    const number = ++this.count;
    const call = this.options.calls[number % this.options.calls.length] as RecordedCall;
    if (number % ERROR_EVERY === 0) await this.askForTrouble(client, call, (number / ERROR_EVERY) % 4);
    else if (number % SESSION_EVERY === 1) await this.askInSession(client, call);
    else await this.noted(call.service, call.method, client.request(call.service, call.method, ...call.params));
  }

  private async askInSession(client: OsrfClient, { service, method, params }: RecordedCall): Promise<void> {
    const session = client.session(service);
    await session.connect(60_000);
    for (let times = 0; times < 2; times++) await this.noted(service, method, session.request(method, ...params));
    session.disconnect();
  }

  private async askForTrouble(client: OsrfClient, { service, method }: RecordedCall, kind: number): Promise<void> {
    switch (kind) {
      case 0:
        return this.noted(service, method, client.request(service, method, FAIL));
      case 1:
        return this.noted(service, 'no.such.method', client.request(service, 'no.such.method'));
      case 2:
        return this.noted(ABSENT, method, client.request(ABSENT, method));
      default:
        return this.leave(service, method);
    }
  }

  /** A client that leaves without its answer. */
  private async leave(service: string, method: string): Promise<void> {
    const client = await OsrfClient.connect({ ...this.options.login, resource: `leaver_${this.count}_${performance.now()}` });
    const answer = client.request(service, method, LATE).catch(() => {});
    // The server reads in order: this is answered when it has read the request.
    await client.jabber.settled();
    client.kill();
    await answer;
    this.of(service, method).lost++;
  }

  private async noted(service: string, method: string, answer: Promise<unknown>): Promise<void> {
    try {
      await answer;
      this.of(service, method).ok++;
    } catch (error) {
      if (!(error instanceof OsrfError)) throw error;
      this.of(service, method)[service === ABSENT ? 'refused' : 'failed']++;
    }
  }

  private of(service: string, method: string): Outcomes {
    const key = `${service} ${method}`;
    const outcomes = this.ledger.get(key) ?? { ok: 0, failed: 0, refused: 0, lost: 0 };
    this.ledger.set(key, outcomes);
    return outcomes;
  }
}

function methodsOf(service: string, calls: readonly RecordedCall[]) {
  const own = calls.filter((call) => call.service === service);
  return Object.fromEntries(own.map(({ method, ms, results }) => [method, answering(ms, results)]));
}

function answering(ms: number, results: readonly unknown[]) {
  return async (...params: unknown[]) => {
    if (params[0] === FAIL) throw new Error('the recording has an error here');
    // The client leaves before that.
    await wait(params[0] === LATE ? 300 : ms);
    return results[0] ?? null;
  };
}
