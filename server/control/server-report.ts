import type { ClusterReport } from '../cluster/cluster-report.ts';
import type { ChopChop } from '../compose/chopchop.ts';
import type { RouterConfig } from '../config/config.ts';
import type { Limits } from '../config/limits.ts';
import type { PeerFacts } from '../federation/federation.ts';
import { SYSTEM_TIME } from '../kernel/clock.ts';
import { VERSION } from '../kernel/version.ts';
import type { BoundAddress } from '../net/tcp.ts';
import type { Listening } from '../streams/listeners.ts';
import { json, problem, type Route } from './http.ts';
import type { Idl } from './idl.ts';
import type { Load, LoadReport } from './metrics/load.ts';

/** A server's report. Counts begin with the start. */
export interface ServerReport {
  readonly version: string;
  readonly pid: number;
  readonly node: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** The addresses for client logins. */
  readonly c2s: readonly BoundAddress[];
  /** All addresses, by kind. */
  readonly listening: Listening;
  /** The file of Evergreen's IDL, or null. */
  readonly idl: string | null;
  readonly domains: readonly string[];
  readonly balance: RouterConfig['balance'];
  readonly limits: Limits;
  readonly sessions: number;
  readonly connections: number;
  /** Unanswered requests. */
  readonly unanswered: number;
  /** Logins; stanzas and bytes in both directions. */
  readonly counts: Readonly<Record<string, number>>;
  /** Closed connections, by reason. */
  readonly closes: Readonly<Record<string, number>>;
  /** Bounced stanzas, by condition. */
  readonly bounces: Readonly<Record<string, number>>;
  readonly load: LoadReport;
  /** Null: it is no member of a cluster. */
  readonly cluster: ClusterReport | null;
  /** The peer servers. */
  readonly peers: readonly PeerFacts[];
}

export function serverRoute(server: ChopChop, load: Load, idl: Idl): Route {
  const startedAt = SYSTEM_TIME.wallTime() - process.uptime() * 1000;
  return { method: 'GET', path: '/api/v1/server', handle: () => json(serverReport(server, load, idl, startedAt)) };
}

function serverReport(server: ChopChop, load: Load, idl: Idl, startedAt: number): ServerReport {
  const { config, counts } = server;
  return {
    version: VERSION,
    pid: process.pid,
    node: process.version,
    startedAt,
    c2s: server.listening.c2s,
    listening: server.listening,
    idl: idl.file,
    domains: config.domains,
    balance: config.router.balance,
    limits: config.limits,
    sessions: server.sessions.size,
    connections: server.connections.size,
    unanswered: server.unanswered.size,
    counts: { logins: counts.logins, ...server.traffic() },
    closes: Object.fromEntries(counts.closes),
    bounces: Object.fromEntries(counts.bounces),
    load: load.report(),
    cluster: server.clusterReport,
    peers: server.federation?.peers ?? [],
  };
}

/** Has another process take over sessions and sockets. @returns the report. @throws Error with the reason; this process goes on. */
export type Restart = () => Promise<object>;

export function restartRoute(restart: Restart): Route {
  return {
    method: 'POST',
    path: '/api/v1/restart',
    handle: () =>
      restart().then(
        (report) => json(report),
        (error: Error) => problem(409, error.message),
      ),
  };
}
