import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Ledger } from '../../router/ledger/ledger.ts';
import { LISTENER_LOSS_POLICIES, type ListenerLossPolicy } from '../../router/ports/options.ts';
import { Router } from '../../router/router.ts';
import { parseOsrfMessages } from '../../shared/osrf/message.ts';
import { bodyText } from '../../shared/osrf/read.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { commandXml, completeBody, FakeEnvironment, type FakeSession, messageXml, ROUTER_OPTIONS, requestBody, resultBody } from '../support/fakes.ts';
import { cases } from '../support/tier.ts';

const GRACE_MS = 500;
const CLIENTS = 2;
const THREADS = ['shared', 'other'];
const LISTENERS = 2;

/** A request as its client sees it. */
interface Asked {
  readonly client: number;
  readonly thread: string;
  readonly trace: number;
  /** Statuses that ended it. */
  readonly ends: number[];
}

/** A request that a worker works on. */
interface Job {
  readonly asked: Asked;
  readonly address: string;
}

/** A listener with one worker, which answers its listener's requests in any order. */
interface Service {
  readonly listener: FakeSession;
  readonly worker: FakeSession;
  readonly jobs: Job[];
  state: 'up' | 'listener lost' | 'gone';
}

/** A router with clients that have several requests open on one thread text, and services that come and go. */
class Site {
  readonly environment = new FakeEnvironment();
  readonly asked: Asked[] = [];
  private readonly router: Router;
  private readonly clients: FakeSession[];
  private readonly services: Service[] = [];
  private readonly traces = new Map<string, number>();
  private logins = 0;

  constructor(policy: ListenerLossPolicy) {
    const ledger = new Ledger({ requests: 10_000, bytes: 100_000_000 }, this.environment);
    this.router = new Router({ ...ROUTER_OPTIONS, onListenerLoss: policy, lossGraceMs: GRACE_MS }, this.environment, ledger);
    this.router.resume();
    this.clients = Array.from({ length: CLIENTS }, (_, index) => this.environment.login(`o@localhost/client${index}`));
    for (let index = 0; index < LISTENERS; index++) this.start();
  }

  start(): void {
    const number = ++this.logins;
    const listener = this.environment.login(`o@localhost/listener${number}`);
    this.services.push({ listener, worker: this.environment.login(`o@localhost/worker${number}`), jobs: [], state: 'up' });
    this.environment.send(listener, commandXml('register', 'a'));
  }

  ask(client: number, thread: string): void {
    const trace = (this.traces.get(`${client} ${thread}`) ?? 0) + 1;
    this.traces.set(`${client} ${thread}`, trace);
    const asked: Asked = { client, thread, trace, ends: [] };
    this.asked.push(asked);
    this.environment.send(this.clients[client] as FakeSession, messageXml('router@localhost/a', thread, requestBody(trace)));
    this.settle();
  }

  /** A worker sends one result, or the end of an answer. */
  answer(service: number, job: number, isLast: boolean): void {
    const { worker, jobs, state } = this.at(service);
    if (state === 'gone' || jobs.length === 0) return;
    const index = job % jobs.length;
    const { asked, address } = jobs[index] as Job;
    if (isLast) jobs.splice(index, 1);
    // The router gave it up in the meantime: the worker was too late.
    if (asked.ends.length > 0) return;
    const body = isLast ? completeBody(asked.trace) : resultBody(asked.trace, '1');
    this.environment.send(worker, messageXml(address, asked.thread, body));
    this.settle();
  }

  loseListener(service: number): void {
    const lost = this.at(service);
    if (lost.state !== 'up') return;
    lost.state = 'listener lost';
    this.end(lost.listener);
  }

  loseService(service: number): void {
    const lost = this.at(service);
    if (lost.state === 'up') this.end(lost.listener);
    if (lost.state !== 'gone') this.end(lost.worker);
    lost.state = 'gone';
  }

  advance(): void {
    this.environment.clock.advance(GRACE_MS);
    this.settle();
  }

  /** Ends all services, and lets all time pass. */
  close(): void {
    for (let pass = 0; pass < 5; pass++) {
      for (let index = 0; index < this.services.length; index++) this.loseService(index);
      this.advance();
    }
  }

  private at(index: number): Service {
    return this.services[index % this.services.length] as Service;
  }

  private end(session: FakeSession): void {
    this.environment.withdraw(session);
    this.router.sessionEnded(session.origin.session, session.jid);
    this.router.allReturned(session.origin.session);
    this.settle();
  }

  /** Everything that was handed to a session is read. */
  private settle(): void {
    for (const service of this.services) {
      for (const request of service.listener.take()) service.jobs.push({ asked: this.find(request.routerFrom, request), address: request.routerFrom });
    }
    for (const client of this.clients) for (const answer of client.take()) this.note(client.jid, answer);
  }

  private note(client: string, answer: Stanza): void {
    for (const message of parseOsrfMessages(bodyText(answer)) ?? []) {
      if (message.type === 'STATUS') this.find(client, answer).ends.push(Number(message.payload['statusCode']));
    }
  }

  private find(client: string, stanza: Stanza): Asked {
    const trace = Number(parseOsrfMessages(bodyText(stanza))?.[0]?.threadTrace);
    const number = Number(client.slice(-1));
    return this.asked.find((one) => one.client === number && one.thread === stanza.thread && one.trace === trace) as Asked;
  }
}

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('ask' as const), client: fc.nat(CLIENTS - 1), thread: fc.constantFrom(...THREADS) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('answer' as const), service: fc.nat(5), job: fc.nat(9), isLast: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('lose listener' as const, 'lose service' as const), service: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('start' as const, 'advance' as const) }) },
);

for (const policy of LISTENER_LOSS_POLICIES) {
  test(`with policy "${policy}" every request of a thread with several ends exactly once, however results, ends and losses follow each other`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const site = new Site(policy);
        for (const one of steps) {
          switch (one.kind) {
            case 'ask':
              site.ask(one.client, one.thread);
              break;
            case 'answer':
              site.answer(one.service, one.job, one.isLast);
              break;
            case 'lose listener':
              site.loseListener(one.service);
              break;
            case 'lose service':
              site.loseService(one.service);
              break;
            case 'start':
              site.start();
              break;
            case 'advance':
              site.advance();
          }
        }
        site.close();
        for (const { ends, ...asked } of site.asked) {
          const most = policy === 'ignore' ? ends.length <= 1 : ends.length === 1;
          assert.ok(most, `${JSON.stringify(asked)} ended with ${JSON.stringify(ends)}`);
        }
      }),
      { numRuns: cases(1_000) },
    );
  });
}
