import type { MethodReport } from '../../control/metrics/latencies.ts';
import type { RouterReport } from '../../control/services.ts';
import type { SessionReport } from '../../control/sessions.ts';

/** What the server says at one moment. */
export interface Snapshot {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly routers: readonly RouterReport[];
  readonly sessions: readonly SessionReport[];
  /** Counts by service since the start. */
  readonly services: readonly MethodReport[];
}

/** A service now. Rates are of the time since the snapshot before; null without one. */
export interface ServiceRow {
  readonly service: string;
  readonly domain: string;
  readonly listeners: number;
  readonly workers: number;
  /** Requests handed to its listeners per second. */
  readonly requestsPerSecond: number | null;
  /** Failed, refused and lost ones per second, of all domains. */
  readonly errorsPerSecond: number | null;
  readonly unanswered: number;
  /** Since the start, of all domains. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** `ok`, or what is wrong with its listeners: `stalled`, `draining`, a suspicion. */
  readonly state: string;
}

/** A session now. */
export interface SessionRow {
  readonly session: string;
  readonly role: string;
  readonly peer: string;
  readonly readPerSecond: number | null;
  readonly deliveredPerSecond: number | null;
  readonly outboxBytes: number;
  readonly unanswered: number;
  readonly state: string;
}

/** @param before Null at the first look. */
export function serviceRows(now: Snapshot, before: Snapshot | null): ServiceRow[] {
  const counts = new Map(now.services.map((report) => [report.service, report]));
  const former = new Map(before?.services.map((report) => [report.service, report]));
  const workers = workersOf(now.sessions);
  const handedBefore = handedOf(before);
  const perSecond = rateOf(now, before);
  return now.routers.flatMap(({ domain, services }) =>
    services.map(({ service, listeners }) => {
      const { p50Ms = 0, p95Ms = 0, p99Ms = 0 } = counts.get(service) ?? {};
      const handed = listeners.reduce((sum, { requests }) => sum + requests, 0);
      return {
        service,
        domain,
        listeners: listeners.length,
        workers: workers.get(`${domain} ${service}`) ?? 0,
        requestsPerSecond: perSecond(handed, handedBefore.get(`${domain} ${service}`) ?? 0),
        errorsPerSecond: perSecond(errorsOf(counts.get(service)), errorsOf(former.get(service))),
        unanswered: listeners.reduce((sum, { unanswered }) => sum + unanswered, 0),
        p50Ms,
        p95Ms,
        p99Ms,
        state: stateOf(listeners),
      };
    }),
  );
}

/** @param before Null at the first look. */
export function sessionRows(now: Snapshot, before: Snapshot | null): SessionRow[] {
  const former = new Map(before?.sessions.map((session) => [session.jid, session]));
  const perSecond = rateOf(now, before);
  return now.sessions.map(({ jid, role, peer, member, stanzasRead, stanzasDelivered, outboxBytes, unanswered, stalled, waiting }) => ({
    session: jid,
    role,
    // A session of another member has no peer here.
    peer: peer === '' && member !== '' ? `member ${member}` : peer,
    readPerSecond: perSecond(stanzasRead, former.get(jid)?.stanzasRead ?? stanzasRead),
    deliveredPerSecond: perSecond(stanzasDelivered, former.get(jid)?.stanzasDelivered ?? stanzasDelivered),
    outboxBytes,
    unanswered,
    state: waiting ? 'away' : stalled ? 'stalled' : 'ok',
  }));
}

function rateOf(now: Snapshot, before: Snapshot | null): (count: number, former: number) => number | null {
  if (before === null) return () => null;
  const seconds = Math.max(0.001, (now.at - before.at) / 1_000);
  return (count, former) => Math.max(0, count - former) / seconds;
}

function errorsOf(report: MethodReport | undefined): number {
  return report === undefined ? 0 : report.failed + report.refused + report.lost;
}

function handedOf(snapshot: Snapshot | null): Map<string, number> {
  const all = snapshot?.routers.flatMap(({ domain, services }) => services.map(({ service, listeners }) => ({ key: `${domain} ${service}`, listeners }))) ?? [];
  return new Map(all.map(({ key, listeners }) => [key, listeners.reduce((sum, { requests }) => sum + requests, 0)]));
}

function workersOf(sessions: readonly SessionReport[]): Map<string, number> {
  const workers = new Map<string, number>();
  for (const { role, domain, services } of sessions) {
    if (role !== 'worker') continue;
    for (const service of services) workers.set(`${domain} ${service}`, (workers.get(`${domain} ${service}`) ?? 0) + 1);
  }
  return workers;
}

function stateOf(listeners: readonly { readonly stalled: boolean; readonly draining: boolean; readonly suspicion: string }[]): string {
  const states = listeners.flatMap(({ stalled, draining, suspicion }) => [stalled ? 'stalled' : '', draining ? 'draining' : '', suspicion]);
  return [...new Set(states.filter((state) => state !== ''))].join(', ') || 'ok';
}
