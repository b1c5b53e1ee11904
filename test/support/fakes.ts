import type { Announcer } from '../../router/ports/announcer.ts';
import type {
  DeliveryObserver,
  Evidence,
  FailureObserver,
  Log,
  PeerRouter,
  RoutedSession,
  RouterEnvironment,
  SeenWorker,
} from '../../router/ports/environment.ts';
import type { RouterOptions } from '../../router/ports/options.ts';
import type { Clock, Timer } from '../../shared/clock.ts';
import type { Endpoint } from '../../shared/endpoint.ts';
import { StanzaError } from '../../shared/errors.ts';
import type { JobRunner } from '../../shared/job.ts';
import type { MemoryAccount } from '../../shared/memory-account.ts';
import type { Origin } from '../../shared/origin.ts';
import { bounce } from '../../shared/osrf/bounce.ts';
import { bodyOf, DEFAULT_ENVELOPE, FIRST_REQUEST, resultMessage, statusBody } from '../../shared/osrf/write.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { attribute, escapeAttribute, escapeText } from '../../shared/xml.ts';
import { readStanza } from './reading.ts';

interface Pending {
  readonly due: number;
  readonly action: () => void;
}

/** Time that only a test moves. */
export class FakeClock implements Clock {
  private time = 1_700_000_000_000;
  private pending: Pending[] = [];

  /** The number of running timers. */
  get timers(): number {
    return this.pending.length;
  }

  now(): number {
    return this.time;
  }

  wallTime(): number {
    return this.time;
  }

  after(ms: number, action: () => void): Timer {
    const timer: Pending = { due: this.time + ms, action };
    this.pending.push(timer);
    return {
      cancel: () => {
        this.pending = this.pending.filter((one) => one !== timer);
      },
    };
  }

  /** Moves the time; due timers run at their own moments, in order. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (let next = this.next(end); next !== undefined; next = this.next(end)) {
      this.pending = this.pending.filter((one) => one !== next);
      this.time = Math.max(this.time, next.due);
      next.action();
    }
    this.time = end;
  }

  private next(end: number): Pending | undefined {
    return this.pending.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
  }
}

/** Sums the charges. */
export class CountingAccount implements MemoryAccount {
  bytes = 0;

  charge(bytes: number): void {
    this.bytes += bytes;
  }
}

/** A session without a connection: {@link received} collects its stanzas. */
export class FakeSession implements RoutedSession {
  readonly jid: string;
  readonly origin: Origin;
  stalled = false;
  host = '';
  local = true;
  ended = false;
  backlogged = false;
  readonly observers: DeliveryObserver[] = [];
  readonly received: Stanza[] = [];
  readonly account = new CountingAccount();
  private static lastNumber = 0;

  constructor(jid: string, isRouterAccount = false) {
    this.jid = jid;
    const domain = jid.slice(jid.indexOf('@') + 1, jid.indexOf('/'));
    this.origin = { jid, fromAttribute: attribute('from', jid).trimStart(), domain, isRouterAccount, session: ++FakeSession.lastNumber, account: this.account };
  }

  observe(observer: DeliveryObserver): void {
    this.observers.push(observer);
  }

  end(): void {
    this.ended = true;
  }

  deliver(stanza: Stanza): void {
    for (const observer of this.observers) observer.delivered(stanza);
    this.received.push(stanza);
  }

  /** Removes and returns the stanzas since the last call. */
  take(): Stanza[] {
    return this.received.splice(0);
  }
}

/** A log that keeps its messages. */
export class FakeLog implements Log {
  readonly messages: string[] = [];

  info(_fields: object, message: string): void {
    this.messages.push(message);
  }

  warn(_fields: object, message: string): void {
    this.messages.push(message);
  }

  debug(): void {}

  error(_fields: object, message: string): void {
    this.messages.push(message);
  }
}

/** Runs jobs to their end at once. */
export const AT_ONCE: JobRunner = {
  run(job) {
    while (job.next().done !== true);
  },
  afterOthers(action) {
    action();
  },
};

/** Ignores failed requests. */
export const NO_FAILURES: FailureObserver = { refused() {}, failed() {}, failedInSession() {} };

/** The evidence about listeners, set by a test. */
export class FakeEvidence implements Evidence {
  /** Unread bytes of sessions' peers; without an entry: unknown. */
  readonly unread = new Map<RoutedSession, number>();
  /** The processes that have ended, by number. */
  readonly ended = new Set<number>();
  readonly workersOf = new Map<RoutedSession, SeenWorker[]>();
  /** The number of reads of the kernel's tables. */
  reads = 0;

  readUnread(sessions: readonly RoutedSession[], report: (bytes: ReadonlyMap<RoutedSession, number>) => void): void {
    this.reads++;
    report(new Map([...this.unread].filter(([session]) => sessions.includes(session))));
  }

  hasEnded(pid: number): boolean {
    return this.ended.has(pid);
  }

  workers(): ReadonlyMap<RoutedSession, readonly SeenWorker[]> {
    return this.workersOf;
  }
}

/** A router's server: a map of addresses, and time. */
export class FakeEnvironment implements RouterEnvironment {
  readonly directory = new Map<string, Endpoint>();
  readonly clock = new FakeClock();
  readonly jobs = AT_ONCE;
  readonly memory = { full: false };
  readonly log = new FakeLog();
  readonly failures = NO_FAILURES;
  readonly evidence = new FakeEvidence();
  announcer: Announcer | null = null;
  peerRouters: PeerRouter[] = [];
  /** The reported listeners of each class, as `CLASS: JID JID`. */
  readonly listenerChanges: string[] = [];

  deliver(stanza: Stanza): void {
    const { to } = stanza;
    const endpoint = this.directory.get(to) ?? this.directory.get(to.slice(0, to.indexOf('/')));
    endpoint?.deliver(stanza);
  }

  bounce(stanza: Stanza, error: StanzaError): void {
    const answer = bounce(stanza, error);
    if (answer !== null) this.deliver(answer);
  }

  queried(stanza: Stanza): void {
    this.bounce(stanza, new StanzaError('service-unavailable'));
  }

  publish(endpoint: Endpoint): boolean {
    const holder = this.directory.get(endpoint.jid) ?? endpoint;
    this.directory.set(endpoint.jid, holder);
    return holder === endpoint;
  }

  withdraw(endpoint: Endpoint): void {
    if (this.directory.get(endpoint.jid) === endpoint) this.directory.delete(endpoint.jid);
  }

  peers(): Iterable<PeerRouter> {
    return this.peerRouters;
  }

  listenersChanged(className: string, listeners: ReadonlyMap<string, unknown>): void {
    this.listenerChanges.push(`${className}: ${[...listeners.keys()].join(' ')}`);
  }

  session({ jid, session }: Origin): RoutedSession | null {
    const endpoint = this.directory.get(jid);
    return endpoint instanceof FakeSession && endpoint.origin.session === session ? endpoint : null;
  }

  /** A reachable session. */
  login(jid: string, isRouterAccount = false): FakeSession {
    const session = new FakeSession(jid, isRouterAccount);
    this.publish(session);
    return session;
  }

  /** Sends XML as from a session, stamped like the server's. */
  send(session: FakeSession, xml: string): void {
    const stanza = readStanza(xml);
    stanza.from = session.jid;
    stanza.origin = session.origin;
    this.deliver(stanza);
  }
}

export const ROUTER_OPTIONS: RouterOptions = {
  domain: 'localhost',
  name: 'router',
  trustedServers: new Set(['localhost']),
  trustedClients: new Set(['localhost', 'public.localhost']),
  balance: 'round-robin',
  localFirst: false,
  onListenerLoss: 'error',
  lossGraceMs: 1_000,
  stuckListenerMs: 0,
  absentService: 'status',
  holdMs: 0,
  limits: {
    heldRequests: 1_000,
    heldBytes: 1_000_000,
    registrations: 1_000,
    stalledAfterMs: 1_000,
    sessionRegistrations: 1_000,
    stanzaCopyBytes: 1_000_000,
    queryBytes: 65_536,
    queryMessages: 16,
  },
};

/** A router command as OpenSRF's libraries send it. */
export function commandXml(command: string, className: string, body = ''): string {
  const extension = `<opensrf router_command='${command}' router_class='${escapeAttribute(className)}'/>`;
  return `<message to='router@localhost/router'>${extension}<thread/><body>${escapeText(body)}</body></message>`;
}

/** A body of one REQUEST. */
export function requestBody(threadTrace: number, method = 'add', params: readonly unknown[] = []): string {
  const payload = { __c: 'osrfMethod', __p: { method, params } };
  return JSON.stringify([{ __c: 'osrfMessage', __p: { threadTrace, locale: 'en-US', type: 'REQUEST', api_level: 1, payload } }]);
}

/** A body of one RESULT. @param content Finished JSON. */
export function resultBody(threadTrace: number, content: string): string {
  return bodyOf([resultMessage(String(threadTrace), 'osrfResult', 'OK', 200, content)], DEFAULT_ENVELOPE);
}

/** A body that completes a request. */
export function completeBody(threadTrace: number): string {
  return statusBody({ ...FIRST_REQUEST, threadTrace: String(threadTrace) }, 'osrfConnectStatus', 'Request Complete', 205);
}

/** A message stanza with a thread. @param to An address; @param body Plain text. */
export function messageXml(to: string, thread: string, body: string): string {
  return `<message to='${escapeAttribute(to)}'><opensrf osrf_xid='7'/><thread>${escapeText(thread)}</thread><body>${escapeText(body)}</body></message>`;
}
