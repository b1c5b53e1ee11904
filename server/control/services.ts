import type { ServiceClass } from '../../router/pools/service-class.ts';
import type { ServiceNode, SuspicionReason } from '../../router/pools/service-node.ts';
import type { Router } from '../../router/router.ts';
import type { ChopChop } from '../compose/chopchop.ts';
import type { Log } from '../kernel/log.ts';
import type { Bits } from '../kernel/slices.ts';
import { RemoteSession } from '../sessions/remote-session.ts';
import { json, problem, type Reply, type Route } from './http.ts';
import type { MethodReport } from './metrics/latencies.ts';
import { sessionList } from './sessions.ts';
import { jsonList, slicedJson, withMember } from './sliced.ts';

/** A router's report, with its services. Times are milliseconds since 1970. */
export interface RouterReport {
  readonly router: string;
  readonly domain: string;
  /** Whether an external router has replaced it. */
  readonly suspended: boolean;
  /** Refused requests, by status code. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly services: readonly ServiceReport[];
}

/** The report of a service class. */
export interface ServiceReport {
  readonly service: string;
  readonly since: number;
  readonly listeners: readonly ListenerReport[];
}

/** The report of a listener. */
export interface ListenerReport {
  readonly jid: string;
  /** The member of the cluster that has its session; `''`: there is no cluster. */
  readonly member: string;
  readonly since: number;
  /** Requests handed to it. */
  readonly requests: number;
  /** …those of them whose answer has begun or is complete… */
  readonly answered: number;
  /** …and those still unanswered. */
  readonly unanswered: number;
  readonly stalled: boolean;
  readonly draining: boolean;
  /** The reason why the router suspects that it is dead and passes it over; `''`: none. */
  readonly suspicion: SuspicionReason | '';
}

/** @param outcomes Makes the sums by service of a health report. */
export function serviceRoutes(server: ChopChop, log: Log, outcomes: () => readonly MethodReport[]): Route[] {
  return [
    { method: 'GET', path: '/api/v1/picture', handle: () => slicedJson(server.jobs, picture(server, outcomes)) },
    { method: 'GET', path: '/api/v1/routers', handle: () => slicedJson(server.jobs, routerReport(server)) },
    { method: 'POST', path: '/api/v1/services/*/drain', handle: ({ path: [service = ''], body }) => drain(server, log, service, body, true) },
    { method: 'POST', path: '/api/v1/services/*/resume', handle: ({ path: [service = ''], body }) => drain(server, log, service, body, false) },
  ];
}

/** Routers, sessions and outcomes in one answer, because HTTP costs more than they do. */
function* picture(server: ChopChop, outcomes: () => readonly MethodReport[]): Bits<string> {
  const routers = yield* routerList(server);
  const sessions = yield* sessionList(server, server.sessionsElsewhere);
  const membersOfSessions = sessions.slice(1, -1);
  return `${withMember({ services: outcomes() }, 'routers', routers).slice(0, -1)},${membersOfSessions}}`;
}

function* routerReport(server: ChopChop): Bits<string> {
  return withMember({}, 'routers', yield* routerList(server));
}

function* routerList({ routers, config }: ChopChop): Bits<string> {
  const own = config.cluster?.member ?? '';
  let list = '';
  for (const router of routers.values()) list += `${list === '' ? '' : ','}${yield* routerJson(router, own)}`;
  return `[${list}]`;
}

/** A {@link RouterReport}. */
function* routerJson({ jid, domain, suspended, refusalCounts, classes }: Router, own: string): Bits<string> {
  let services = '';
  for (const service of classes.values()) services += `${services === '' ? '' : ','}${yield* serviceJson(service, own)}`;
  const head: Omit<RouterReport, 'services'> = { router: jid, domain, suspended, refusals: Object.fromEntries(refusalCounts) };
  return withMember({ ...head }, 'services', `[${services}]`);
}

/** A {@link ServiceReport}. */
function* serviceJson({ name, since, nodes }: ServiceClass, own: string): Bits<string> {
  const head: Omit<ServiceReport, 'listeners'> = { service: name, since };
  return withMember({ ...head }, 'listeners', yield* jsonList(listenersOf(nodes.values(), own)));
}

/** @param own The name of this member; `''`: there is no cluster. */
function* listenersOf(nodes: Iterable<ServiceNode>, own: string): Iterable<ListenerReport> {
  for (const { jid, endpoint, since, total, stalled, draining, suspicion } of nodes) {
    const { count, answered, unanswered } = total;
    const member = endpoint instanceof RemoteSession ? endpoint.carrier.member : own;
    yield { jid, member, since, requests: count, answered, unanswered, stalled, draining, suspicion: suspicion?.reason ?? '' };
  }
}

/** @param body `{domain?, listener?}`; by default all routers and all listeners. */
function drain({ routers }: ChopChop, log: Log, service: string, body: unknown, draining: boolean): Reply {
  const { domain, listener = '' } = (body ?? {}) as { readonly domain?: unknown; readonly listener?: unknown };
  if (typeof listener !== 'string') return problem(400, 'listener must be a string');
  if (domain !== undefined && !routers.has(String(domain))) return problem(404, `no router for ${domain}`);
  const chosen = [...routers].filter(([name]) => domain === undefined || name === domain);
  const listeners = chosen.reduce((sum, [, router]) => sum + router.drain(service, listener, draining), 0);
  if (listeners === 0) return problem(404, `${listener === '' ? service : `${listener}, as a listener of ${service},`} is not registered`);
  log.info({ class: service, listener, listeners }, draining ? 'draining, by the control interface' : 'draining ended, by the control interface');
  return json({ service, listeners, draining });
}
