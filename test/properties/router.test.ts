import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Ledger } from '../../router/ledger/ledger.ts';
import { LISTENER_LOSS_POLICIES, type ListenerLossPolicy } from '../../router/ports/options.ts';
import { Router } from '../../router/router.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { commandXml, completeBody, FakeEnvironment, type FakeSession, messageXml, ROUTER_OPTIONS, requestBody } from '../support/fakes.ts';
import { readStanza } from '../support/reading.ts';
import { cases } from '../support/tier.ts';

// So little time passes in all that no listener is suspected to be dead.
const LOSS_GRACE_MS = 10;
/** All timers fire at multiples of this. */
const TICK_MS = 1;
const CLASSES = ['a', 'b'];
const LISTENERS = 3;
const CLIENTS = 2;

interface Request {
  readonly id: string;
  readonly client: string;
  readonly className: string;
}

interface Node {
  readonly listener: string;
  readonly className: string;
  draining: boolean;
  /** When it entered the pool. */
  since: number;
}

interface Handing extends Request {
  readonly node: Node;
  open: boolean;
}

/** The router's guarantees without its tables: every request is handed to the next node, held, or answered. */
class Model {
  nodes: Node[] = [];
  handings: Handing[] = [];
  held: (Request & { due: number })[] = [];
  /** The unread input, by address. */
  readonly inboxes = new Map<string, string[]>();
  /** Handings whose listener is lost, with the end of the grace for its workers. */
  private lost: { due: number; handings: Handing[] }[] = [];
  private readonly last = new Map<string, number>();
  private entries = 0;
  private readonly holdMs: number;
  private readonly policy: ListenerLossPolicy;
  private now = 0;

  constructor(holdMs: number, policy: ListenerLossPolicy) {
    this.holdMs = holdMs;
    this.policy = policy;
  }

  route(request: Request): void {
    const pool = this.nodes.filter((node) => node.className === request.className && !node.draining).sort((a, b) => a.since - b.since);
    const node = pool.find(({ since }) => since > (this.last.get(request.className) ?? 0)) ?? pool[0];
    if (node === undefined) {
      if (this.holdMs > 0) this.held.push({ ...request, due: this.now + this.holdMs });
      else this.inboxes.get(request.client)?.push(request.id);
      return;
    }
    this.last.set(request.className, node.since);
    this.handings.push({ ...request, node, open: this.inboxes.has(request.client) });
    this.inboxes.get(node.listener)?.push(request.id);
  }

  register(listener: string, className: string): void {
    const known = this.nodes.find((node) => node.listener === listener && node.className === className);
    if (known === undefined) this.nodes.push({ listener, className, draining: false, since: ++this.entries });
    else if (known.draining) this.enter(known);
    this.release(className);
  }

  unregister(listener: string, className: string): void {
    this.nodes = this.nodes.filter((node) => node.listener !== listener || node.className !== className);
  }

  drain(className: string, listener: string, draining: boolean): void {
    const nodes = this.nodes.filter((node) => node.className === className && (listener === '' || node.listener === listener));
    for (const node of nodes) {
      if (draining) node.draining = true;
      else if (node.draining) this.enter(node);
    }
    if (!draining && nodes.length > 0) this.release(className);
  }

  answered(id: string): void {
    for (const handing of this.handings) if (handing.id === id) handing.open = false;
  }

  clientEnded(client: string): void {
    this.inboxes.delete(client);
    this.held = this.held.filter((request) => request.client !== client);
    for (const handing of this.handings) if (handing.client === client) handing.open = false;
  }

  /** @param unsent The requests never written to it. */
  listenerEnded(listener: string, unsent: readonly string[]): void {
    this.inboxes.delete(listener);
    // Including those of an unregistered listener, which may end before it has answered.
    const handings = this.handings.filter(({ node, open }) => open && node.listener === listener);
    this.nodes = this.nodes.filter((node) => node.listener !== listener);
    if (this.policy === 'ignore') for (const handing of handings) handing.open = false;
    else this.lost.push({ due: this.now + LOSS_GRACE_MS, handings });
    for (const id of unsent) this.again(this.handings.findLast((handing) => handing.id === id && handing.node.listener === listener) as Handing);
  }

  advance(ms: number): void {
    for (let passed = 0; passed < ms; passed += TICK_MS) this.tick();
  }

  private tick(): void {
    this.now += TICK_MS;
    for (const { handings } of this.lost.filter(({ due }) => due <= this.now)) {
      for (const handing of handings.filter(({ open }) => open)) this.settle(handing);
    }
    this.lost = this.lost.filter(({ due }) => due > this.now);
    for (const request of this.held.filter(({ due }) => due <= this.now)) this.inboxes.get(request.client)?.push(request.id);
    this.held = this.held.filter(({ due }) => due > this.now);
  }

  private settle(handing: Handing): void {
    if (this.policy === 'reroute') {
      this.again(handing);
      return;
    }
    handing.open = false;
    this.inboxes.get(handing.client)?.push(handing.id);
  }

  private again(handing: Handing): void {
    handing.open = false;
    this.route(handing);
  }

  private enter(node: Node): void {
    node.draining = false;
    node.since = ++this.entries;
  }

  private release(className: string): void {
    const released = this.held.filter((request) => request.className === className);
    this.held = this.held.filter((request) => request.className !== className);
    for (const request of released) this.route(request);
  }
}

/** The real router and its model, with the same input. */
class Pair {
  readonly environment = new FakeEnvironment();
  readonly unanswered = new Ledger({ requests: 10_000, bytes: 100_000_000 }, this.environment);
  readonly router: Router;
  readonly model: Model;
  private readonly sessions = new Map<string, FakeSession>();
  private readonly answerable: { id: string; client: string }[] = [];
  /** The input of each listener, in order. */
  readonly read: { listener: string; className: string; id: string }[] = [];
  private requests = 0;
  private logins = 0;

  constructor(holdMs: number, policy: ListenerLossPolicy) {
    this.router = new Router({ ...ROUTER_OPTIONS, holdMs, onListenerLoss: policy, lossGraceMs: LOSS_GRACE_MS }, this.environment, this.unanswered);
    this.router.resume();
    this.model = new Model(holdMs, policy);
  }

  /** The session at a place; a new one with a new address if the last has ended. */
  session(place: string): FakeSession {
    const known = this.sessions.get(place);
    if (known !== undefined) return known;
    const session = this.environment.login(`o@localhost/${place}_${++this.logins}`);
    this.sessions.set(place, session);
    this.model.inboxes.set(session.jid, []);
    return session;
  }

  command(command: 'register' | 'unregister', place: string, className: string): void {
    const session = this.session(place);
    this.environment.send(session, commandXml(command, className));
    this.model[command](session.jid, className);
  }

  drain(place: string, className: string, draining: boolean): void {
    const listener = place === '' ? '' : this.session(place).jid;
    this.router.drain(className, listener, draining);
    this.model.drain(className, listener, draining);
  }

  send(place: string, className: string): void {
    const { jid } = this.session(place);
    const id = `r${String(++this.requests).padStart(4, '0')}`;
    this.environment.send(this.session(place), messageXml(`router@localhost/${className}`, id, requestBody(1)));
    this.model.route({ id, client: jid, className });
  }

  /** The session's peer reads its input. */
  take(place: string): void {
    const session = this.session(place);
    for (const { thread: id, routerFrom: client, from } of session.take()) {
      if (place.startsWith('client')) continue;
      this.answerable.push({ id, client });
      this.read.push({ listener: session.jid, className: from.slice(from.indexOf('/') + 1), id });
    }
    this.model.inboxes.set(session.jid, []);
  }

  answer(index: number): void {
    const [request] = this.answerable.splice(index % Math.max(1, this.answerable.length), 1);
    if (request === undefined || !this.environment.directory.has(request.client)) return;
    this.environment.deliver(readStanza(messageXml(request.client, request.id, completeBody(1))));
    this.model.answered(request.id);
    this.model.inboxes.get(request.client)?.push(request.id);
  }

  end(place: string): void {
    const session = this.session(place);
    const unsent: Stanza[] = place.startsWith('listener') ? session.take() : [];
    this.sessions.delete(place);
    this.environment.withdraw(session);
    this.router.sessionEnded(session.origin.session, session.jid);
    for (const stanza of unsent) this.router.returned(stanza);
    this.router.allReturned(session.origin.session);
    this.model.clientEnded(session.jid);
    this.model.listenerEnded(
      session.jid,
      unsent.map(({ thread }) => thread),
    );
  }

  advance(ms: number): void {
    this.environment.clock.advance(ms);
    this.model.advance(ms);
  }

  compare(): void {
    for (const [place, session] of this.sessions) {
      const came = session.received.map(({ thread }) => thread);
      const expected = this.model.inboxes.get(session.jid) ?? [];
      // Timers of the same moment reach a client in no guaranteed order.
      if (place.startsWith('client')) assert.deepEqual(came.sort(), [...expected].sort(), session.jid);
      else assert.deepEqual(came, expected, session.jid);
    }
    assert.equal(this.unanswered.size, this.model.handings.filter(({ open }) => open).length, 'unanswered');
    assert.deepEqual([...this.router.classes.keys()].sort(), [...new Set(this.model.nodes.map(({ className }) => className))].sort());
  }
}

const place = (kind: string, count: number): fc.Arbitrary<string> => fc.nat(count - 1).map((index) => `${kind}${index}`);
const listener = place('listener', LISTENERS);
const client = place('client', CLIENTS);
const className = fc.constantFrom(...CLASSES);

type Step = (pair: Pair) => void;

const step: fc.Arbitrary<readonly [name: string, step: Step]> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(listener, className)
      .map(([place, name]) => [`${place} registers ${name}`, (pair: Pair) => pair.command('register', place, name)] as const),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(listener, className)
      .map(([place, name]) => [`${place} unregisters ${name}`, (pair: Pair) => pair.command('unregister', place, name)] as const),
  },
  { weight: 8, arbitrary: fc.tuple(client, className).map(([place, name]) => [`${place} asks ${name}`, (pair: Pair) => pair.send(place, name)] as const) },
  { weight: 3, arbitrary: fc.oneof(listener, client).map((place) => [`${place} reads`, (pair: Pair) => pair.take(place)] as const) },
  { weight: 2, arbitrary: fc.nat(50).map((index) => [`answer ${index}`, (pair: Pair) => pair.answer(index)] as const) },
  { weight: 1, arbitrary: fc.oneof(listener, client).map((place) => [`${place} ends`, (pair: Pair) => pair.end(place)] as const) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.oneof(fc.constant(''), listener), className, fc.boolean())
      .map(([place, name, draining]) => [`${draining ? 'drain' : 'resume'} ${name} ${place}`, (pair: Pair) => pair.drain(place, name, draining)] as const),
  },
  { weight: 1, arbitrary: fc.constantFrom(2, 8, 20).map((ms) => [`${ms} ms pass`, (pair: Pair) => pair.advance(ms)] as const) },
);

// Graces end at multiples of 100 ms and holds between those: the order of timers at the same moment is not guaranteed.
const holdMs = fc.constantFrom(0, 21);

/** Each listener of a class reads a client's requests that were handed over once in the order in which they were sent. */
function assertOrderKept({ model, read }: Pair): void {
  const handings = new Map<string, Handing[]>();
  for (const handing of model.handings) handings.set(handing.id, [...(handings.get(handing.id) ?? []), handing]);
  const latest = new Map<string, string>();
  for (const { listener, className, id } of read) {
    const [handing, again] = handings.get(id) ?? [];
    if (handing === undefined || again !== undefined) continue;
    const key = `${listener} ${className} ${handing.client}`;
    assert.ok(id > (latest.get(key) ?? ''), `${id} came behind ${latest.get(key)}`);
    latest.set(key, id);
  }
}

for (const policy of LISTENER_LOSS_POLICIES) {
  test(`with policy "${policy}" every request is handed over, held or answered, in the order of the model`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), holdMs, (steps, holdMs) => {
        const pair = new Pair(holdMs, policy);
        for (const [, act] of steps) {
          act(pair);
          pair.compare();
        }
        assertOrderKept(pair);
        for (let index = 0; index < CLIENTS; index++) pair.end(`client${index}`);
        pair.compare();
        assert.equal(pair.unanswered.size, 0);
        pair.advance(10_000);
        pair.compare();
        assert.equal(pair.environment.clock.timers, 0);
        for (const service of pair.router.classes.values()) for (const node of service.nodes.values()) assert.equal(node.unanswered, 0);
      }),
      { numRuns: cases(300) },
    );
  });
}
