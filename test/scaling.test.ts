import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ledger } from '../router/ledger/ledger.ts';
import { Router } from '../router/router.ts';
import { FIRST_REQUEST, statusBody } from '../shared/osrf/write.ts';
import { Stanza } from '../shared/stanza.ts';
import { cpuMs } from './support/cpu.ts';
import { commandXml, FakeEnvironment, type FakeLog, type FakeSession, ROUTER_OPTIONS, requestBody } from './support/fakes.ts';

const COMPLETE = statusBody(FIRST_REQUEST, 'osrfConnectStatus', 'Request Complete', 205);

/** The requests, sessions or registrations of others, from few to many. */
const FEW = 1_000;
const MANY = 100_000;

/** How many times an event is measured at once. */
const EVENTS = 200;
const ROUNDS = 5;

/** A walk over everything would cost a hundred times as much with {@link MANY} as with {@link FEW}. Caches cost two to four times as much. */
const AT_MOST_TIMES = 12;
/** The CPU time below which the clock and the garbage collector decide. */
const LEAST_MS = 3;

/** An environment that remembers nothing. */
class ForgetfulEnvironment extends FakeEnvironment {
  override readonly log = { info() {}, warn() {}, debug() {}, error() {}, messages: [] } as unknown as FakeLog;

  override listenersChanged(): void {}

  override login(jid: string): FakeSession {
    const session = super.login(jid);
    session.received.push = () => 0;
    return session;
  }
}

class Site {
  readonly environment = new ForgetfulEnvironment();
  readonly router: Router;
  readonly ledger: Ledger;
  private logins = 0;

  constructor(balance: 'round-robin' | 'least-outstanding' = 'round-robin', holdMs = 0) {
    this.ledger = new Ledger({ requests: 1_000_000, bytes: 2 ** 40 }, this.environment);
    const limits = { ...ROUTER_OPTIONS.limits, heldRequests: 1_000_000, heldBytes: 2 ** 40, registrations: 1_000_000 };
    this.router = new Router({ ...ROUTER_OPTIONS, balance, holdMs, lossGraceMs: 0, limits }, this.environment, this.ledger);
    this.router.resume();
  }

  login(): FakeSession {
    return this.environment.login(`o@localhost/${++this.logins}`);
  }

  listener(service: string): FakeSession {
    const session = this.login();
    this.environment.send(session, commandXml('register', service));
    return session;
  }

  ask(client: FakeSession, service: string, thread: string): void {
    this.environment.deliver(this.message(client, `router@localhost/${service}`, thread, requestBody(1)));
  }

  answer(worker: FakeSession, client: FakeSession, thread: string): void {
    this.environment.deliver(this.message(worker, client.jid, thread, COMPLETE));
  }

  /** Returns a request as the server of a listener that is gone does. */
  bounce(listener: FakeSession, service: string, thread: string): void {
    const stanza = this.message(listener, `router@localhost/${service}`, thread, '');
    stanza.type = 'error';
    this.environment.deliver(stanza);
  }

  end(session: FakeSession): void {
    this.environment.withdraw(session);
    this.router.sessionEnded(session.origin.session, session.jid);
    this.router.allReturned(session.origin.session);
  }

  private message(from: FakeSession, to: string, thread: string, body: string): Stanza {
    const stanza = new Stanza('message', to, from.jid, '', '');
    stanza.origin = from.origin;
    stanza.thread = thread;
    stanza.inner = `<thread>${thread}</thread><body>${body}</body></message>`;
    return stanza;
  }
}

/** Requests of ten clients that a listener never answers. */
function openRequests(site: Site, count: number): void {
  site.listener('busy');
  const clients = Array.from({ length: 10 }, () => site.login());
  for (let index = 0; index < count; index++) site.ask(clients[index % 10] as FakeSession, 'busy', `busy${index}`);
}

/** An event in a site with this many open things of others. @returns the events of one round, {@link EVENTS} times. */
type SetUp = (others: number) => () => void;

const EVENTS_OF_ONE: readonly (readonly [name: string, setUp: SetUp])[] = [
  [
    'a request and its answer, among open requests',
    (others) => {
      const site = new Site();
      openRequests(site, others);
      const [client, worker] = [site.login(), site.listener('math')];
      return () => {
        for (let event = 0; event < EVENTS; event++) {
          site.ask(client, 'math', `t${event}`);
          site.answer(worker, client, `t${event}`);
        }
        assert.equal(site.ledger.size, others);
      };
    },
  ],
  [
    'the loss of a listener with one request, among open requests of other listeners',
    (others) => {
      const site = new Site();
      openRequests(site, others);
      const client = site.login();
      return () => {
        for (let event = 0; event < EVENTS; event++) {
          const listener = site.listener('math');
          site.ask(client, 'math', `t${event}`);
          site.end(listener);
          site.environment.clock.advance(1);
        }
        assert.equal(site.ledger.size, others);
      };
    },
  ],
  [
    'a request that a listener bounces, among open requests of other listeners',
    (others) => {
      const site = new Site();
      openRequests(site, others);
      const client = site.login();
      return () => {
        for (let event = 0; event < EVENTS; event++) {
          const listener = site.listener('math');
          site.ask(client, 'math', `t${event}`);
          site.bounce(listener, 'math', `t${event}`);
        }
        assert.equal(site.ledger.size, others);
      };
    },
  ],
  [
    'the end of a client with one request, among open requests of other clients',
    (others) => {
      const site = new Site();
      openRequests(site, others);
      site.listener('math');
      return () => {
        for (let event = 0; event < EVENTS; event++) {
          const client = site.login();
          site.ask(client, 'math', 't');
          site.end(client);
        }
        assert.equal(site.ledger.size, others);
      };
    },
  ],
  [
    'the end of a client with one held request, among held requests of other clients',
    (others) => {
      const site = new Site('round-robin', 1_000);
      const client = site.login();
      for (let index = 0; index < others; index++) site.ask(client, 'absent', `t${index}`);
      return () => {
        for (let event = 0; event < EVENTS; event++) {
          const other = site.login();
          site.ask(other, 'absent', 't');
          site.end(other);
        }
        assert.equal(site.router.heldRequests, others);
      };
    },
  ],
  [
    'the end of a session with one registration, among registrations of other sessions',
    (others) => {
      const site = new Site();
      for (let index = 0; index < others; index++) site.listener(`s${index}`);
      return () => {
        for (let event = 0; event < EVENTS; event++) site.end(site.listener('math'));
      };
    },
  ],
  [
    'the choice of the least busy listener, among listeners of the same service',
    (others) => {
      const site = new Site('least-outstanding');
      for (let index = 0; index < others; index++) site.listener('math');
      const client = site.login();
      return () => {
        for (let event = 0; event < EVENTS; event++) {
          site.ask(client, 'math', `t${event}`);
          site.answer(client, client, `t${event}`);
        }
      };
    },
  ],
];

for (const [name, setUp] of EVENTS_OF_ONE) {
  test(`the cost of ${name} does not grow with their number`, () => {
    const cost = (others: number): number => {
      const happen = setUp(others);
      happen();
      return Math.min(...Array.from({ length: ROUNDS }, () => cpuMs(happen)));
    };
    const few = cost(FEW);
    const many = cost(MANY);
    assert.ok(many < AT_MOST_TIMES * few + LEAST_MS, `${EVENTS} times: ${few} ms among ${FEW}, ${many} ms among ${MANY}`);
  });
}
