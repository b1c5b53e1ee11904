import type { ChopChop } from '../compose/chopchop.ts';
import { routerName } from '../config/config.ts';
import type { ControlPlace } from '../config/sources/control.ts';
import { followedLimits } from '../conversations/bounded-exchanges.ts';
import { type Log, logOfPart } from '../kernel/log.ts';
import { LogProtect } from '../logging/log-protect.ts';
import { callRoutes } from './call.ts';
import { consoleRoutes } from './console-routes.ts';
import { type ControlAddress, ControlServer } from './control-server.ts';
import { eventRoutes } from './events.ts';
import { Health } from './health.ts';
import { Idl } from './idl.ts';
import { LazyMetrics } from './lazy-metrics.ts';
import { Load } from './metrics/load.ts';
import { readinessRoutes } from './readiness.ts';
import { requestRoutes } from './requests.ts';
import { type Restart, restartRoute, serverRoute } from './server-report.ts';
import { serviceRoutes } from './services.ts';
import { sessionRoutes } from './sessions.ts';
import { Trace } from './trace/trace.ts';

/** A running control interface. */
export interface Control extends ControlAddress {
  readonly token: string;
  /** Lets the process end while the interface listens. */
  unref(): void;
  /** Accepts no more connections, so that another process can. */
  release(): void;
  stop(): Promise<void>;
}

/**
 * Puts the control interface on a running server: API, console, metrics, health.
 * @param lostLogLines Lines that the log's destination dropped. @param idlFile The file of Evergreen's IDL. @throws ControlListenError
 */
export async function startControl(
  server: ChopChop,
  place: ControlPlace,
  token: string,
  log: Log,
  lostLogLines = () => 0,
  idlFile: string | null = null,
  restart: Restart | null = null,
): Promise<Control> {
  const partLog = logOfPart(log, 'control');
  const load = new Load(server, lostLogLines);
  const healthGuard = server.guards.create('health', () => {});
  const metricsGuard = server.guards.create('metrics', () => {});
  const trace = new Trace(
    tracedServer(server),
    {
      stanzaSeen: ({ length, from }) => healthGuard.run(() => health.limits.stanzaSeen(length, from)),
      requestEnded: (request) => {
        healthGuard.run(() => health.ended(request));
        metricsGuard.run(() => metrics.ended(request));
      },
    },
    { exchanges: server.config.limits.tracedRequests, bytes: server.config.limits.tracedBytes, slowMs: server.config.limits.slowRequestMs },
  );
  const health = new Health(server, load, trace);
  const metrics = new LazyMetrics(server, trace, load);
  const idl = new Idl(idlFile, server);
  const http = new ControlServer(
    [
      ...readinessRoutes(server),
      ...consoleRoutes(),
      serverRoute(server, load, idl),
      ...idl.routes(),
      ...sessionRoutes(server, partLog),
      ...serviceRoutes(server, partLog, () => health.serviceReports()),
      ...requestRoutes(trace, server.jobs),
      ...eventRoutes({ trace, jobs: server.jobs, clock: server.clock, watchHealth: (watcher, takenOut) => health.watch(watcher, takenOut) }),
      ...health.routes(),
      ...callRoutes(server),
      ...metrics.routes(),
      ...(restart === null ? [] : [restartRoute(restart)]),
    ],
    token,
    server.clock,
    partLog,
  );
  const stop = async () => {
    await http.close();
    trace.stop();
    health.stop();
  };
  try {
    return { ...(await http.listen(place)), token, unref: () => http.unref(), release: () => http.release(), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function tracedServer(server: ChopChop) {
  let prefixes = server.config.logProtect;
  let protect = new LogProtect(prefixes);
  return {
    clock: server.clock,
    guards: server.guards,
    limits: followedLimits(server.config.limits),
    watch: (tap: Parameters<ChopChop['watch']>[0]) => server.watch(tap, 'trace'),
    stanzasRead: () => server.counts.stanzasRead(server.sessions),
    requestsRouted: () => server.requestsRouted,
    faultOf: (request: Parameters<ChopChop['injectedFaults']['take']>[0]) => server.injectedFaults.take(request),
    routers: new Set(server.config.domains.map((domain) => `${routerName(server.config.router, domain)}@${domain}`)),
    protect: () => {
      if (server.config.logProtect === prefixes) return protect;
      prefixes = server.config.logProtect;
      protect = new LogProtect(prefixes);
      return protect;
    },
  };
}
