import { randomBytes } from 'node:crypto';
import { isResource } from '../../shared/jid.ts';
import type { ChopChop } from '../compose/chopchop.ts';
import type { Account } from '../config/account.ts';
import { routerName } from '../config/config.ts';
import { SYSTEM_TIME } from '../kernel/clock.ts';
import { OsrfClient } from '../osrf/client.ts';
import { OsrfError, OsrfTimeout } from '../osrf/errors.ts';
import type { OsrfRequest } from '../osrf/request.ts';
import { json, problem, type Reply, type Route } from './http.ts';

/** The outcome of a call. */
export interface CallReport {
  readonly results: readonly unknown[];
  /** The error; null if the request completed. */
  readonly error: { readonly statusCode: number; readonly text: string } | null;
  /** The sender of the last answer. */
  readonly from: string;
  readonly ms: number;
  /** The JID of the temporary client, unique, so that the trace can be searched for it. */
  readonly client: string;
}

interface CallOrder {
  readonly service: string;
  readonly method: string;
  readonly params: readonly unknown[];
  readonly domain: string;
  readonly timeoutMs: number;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_TIMEOUT_MS = 600_000;

/** The most concurrent calls. */
const MAX_CALLS = 16;

/** Sends requests for the console, each as a separate client, with the domain's first account that is not a router account. */
export function callRoutes(server: ChopChop): Route[] {
  let underWay = 0;
  return [
    {
      method: 'POST',
      path: '/api/v1/call',
      handle: async ({ body }): Promise<Reply> => {
        const order = parseOrder(body, server.config.domains);
        if (typeof order === 'string') return problem(400, order);
        const account = accountOn(server, order.domain);
        if (account === undefined) return problem(409, `${order.domain} has no account but its router's`);
        if (underWay >= MAX_CALLS) return problem(429, `${MAX_CALLS} calls are already in progress`);
        underWay++;
        try {
          return json(await call(server, account, order));
        } finally {
          underWay--;
        }
      },
    },
  ];
}

function parseOrder(body: unknown, domains: readonly string[]): CallOrder | string {
  const { service, method, params = [], domain = domains[0], timeoutMs = DEFAULT_TIMEOUT_MS } = (body ?? {}) as Record<string, unknown>;
  if (typeof service !== 'string' || !isResource(service)) return 'service must be a valid service name';
  if (typeof method !== 'string' || method === '') return 'method is missing';
  if (!Array.isArray(params)) return 'params must be an array';
  if (typeof domain !== 'string' || !domains.includes(domain)) return `domain must be one of ${domains.join(', ')}`;
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS)) return `timeoutMs must be a positive number up to ${MAX_TIMEOUT_MS}`;
  return { service, method, params, domain, timeoutMs };
}

function accountOn({ config: { accounts, router } }: ChopChop, domain: string): Account | undefined {
  return accounts.find((account) => account.domain === domain && account.username !== routerName(router, domain));
}

async function call(server: ChopChop, account: Account, { service, method, params, domain, timeoutMs }: CallOrder): Promise<CallReport> {
  const resource = `chopchop_console_${randomBytes(4).toString('hex')}`;
  const client = OsrfClient.on(server.login({ ...account, resource }), {
    ...account,
    resource,
    routerName: routerName(server.config.router, domain),
    timeoutMs,
  });
  const session = client.session(service);
  const begin = SYSTEM_TIME.now();
  try {
    const outcome = await resultsOf(session.send({ method, params, timeoutMs, maxResultLength: server.config.limits.callResultBytes }));
    return { ...outcome, ms: SYSTEM_TIME.now() - begin, client: client.jid };
  } finally {
    session.end();
    await client.close();
  }
}

async function resultsOf(request: OsrfRequest): Promise<Pick<CallReport, 'results' | 'error' | 'from'>> {
  const results: unknown[] = [];
  try {
    for await (const result of request) results.push(result);
    return { results, error: null, from: (await request.answer).from };
  } catch (error) {
    if (error instanceof OsrfTimeout) return { results, error: { statusCode: 0, text: error.message }, from: '' };
    if (!(error instanceof OsrfError)) throw error;
    return { results, error: { statusCode: error.statusCode, text: error.message }, from: error.from };
  }
}
