import type { ChopChop } from '../compose/chopchop.ts';
import { json, type Route } from './http.ts';

/** Liveness and readiness checks, for process managers. They need no token, because the answers contain no secret. */
export function readinessRoutes(server: ChopChop): Route[] {
  return [
    { method: 'GET', path: '/healthz', open: true, handle: () => json({ status: 'ok' }) },
    {
      method: 'GET',
      path: '/readyz',
      open: true,
      handle: ({ query }) => {
        const missing = query
          .getAll('service')
          .flatMap((names) => names.split(','))
          .filter((name) => name !== '' && !isRegistered(server, name));
        const ready = server.ready && missing.length === 0;
        const cluster = server.clusterReport;
        return json({ ready, missing, ...(cluster !== null && { cluster: cluster.connected ? 'ok' : 'degraded' }) }, ready ? 200 : 503);
      },
    },
  ];
}

/** Whether any router has a listener of the service that takes requests. */
function isRegistered({ routers }: ChopChop, service: string): boolean {
  return [...routers.values()].some(({ classes, suspended }) => !suspended && classes.get(service)?.drained === false);
}
