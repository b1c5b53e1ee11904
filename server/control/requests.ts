import type { JobRunner } from '../../shared/job.ts';
import type { Bits } from '../kernel/slices.ts';
import { json, problem, type Route } from './http.ts';
import { jsonList, slicedJson, withMember } from './sliced.ts';
import { TraceFilter } from './trace/filter.ts';
import type { Trace } from './trace/trace.ts';

const DEFAULT_LIMIT = 200;
const MAX_LIMIT = 5_000;

/** The remembered requests. */
export function requestRoutes(trace: Trace, jobs: JobRunner): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/requests',
      handle: ({ query }) => {
        const filter = TraceFilter.parse(query);
        if (typeof filter === 'string') return problem(400, filter);
        const limit = Number(query.get('limit') ?? DEFAULT_LIMIT);
        if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) return problem(400, `limit must be a whole number from 1 to ${MAX_LIMIT}`);
        return slicedJson(jobs, requestList(trace, filter, limit, query.get('details') === 'yes'));
      },
    },
    {
      method: 'GET',
      path: '/api/v1/requests/*',
      handle: ({ path: [id] }) => {
        const entry = trace.get(Number(id));
        return entry === undefined ? problem(404, `request ${id} is unknown or no longer remembered`) : json(entry);
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

function* requestList(trace: Trace, filter: TraceFilter, limit: number, withDetails: boolean): Bits<string> {
  const found = yield* trace.search(filter, limit);
  const list = yield* jsonList(withDetails ? found : found.map(({ summary }) => summary));
  return withMember({ unseen: trace.unseen }, 'requests', list);
}
