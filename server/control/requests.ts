import { json, problem, type Route } from './http.ts';
import { TraceFilter } from './trace/filter.ts';
import type { Trace } from './trace/trace.ts';

const DEFAULT_LIMIT = 200;
const MAX_LIMIT = 5_000;

/** The requests that are remembered. */
export function requestRoutes(trace: Trace): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/requests',
      handle: ({ query }) => {
        const filter = TraceFilter.parse(query);
        if (typeof filter === 'string') return problem(400, filter);
        const limit = Number(query.get('limit') ?? DEFAULT_LIMIT);
        if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) return problem(400, `limit is no whole number from 1 to ${MAX_LIMIT}`);
        const found = trace.search(filter, limit);
        return json({ requests: query.get('details') === 'yes' ? found : found.map(({ summary }) => summary), unseen: trace.unseen });
      },
    },
    {
      method: 'GET',
      path: '/api/v1/requests/*',
      handle: ({ path: [id] }) => {
        const entry = trace.get(Number(id));
        return entry === undefined ? problem(404, `request ${id} is not remembered (any more)`) : json(entry);
      },
    },
    {
      method: 'DELETE',
      path: '/api/v1/requests',
      handle: () => {
        trace.clear();
        return json({ cleared: true });
      },
    },
  ];
}
