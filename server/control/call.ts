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

/** What a call came to. */
export interface CallReport {
  readonly results: readonly unknown[];
  /** Why it failed; null if it is complete. */
  readonly error: { readonly statusCode: number; readonly text: string } | null;
  /** The JID of who answered last. */
  readonly from: string;
  readonly ms: number;
  /** Who it was sent as; nobody else has that JID, so that its way can be found by it. */
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

/** So many may be under way at a time. */
const MAX_CALLS = 16;

/** Sends requests for the console: each as a client of its own, with the first account of the domain that is no router's. */
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
        if (account === undefined) return problem(409, `there is no account on ${order.domain} besides its router's`);
        if (underWay >= MAX_CALLS) return problem(429, `${MAX_CALLS} calls are under way already`);
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
  if (typeof service !== 'string' || !isResource(service)) return 'service is needed, with a name that a service can have';
  if (typeof method !== 'string' || method === '') return 'method is needed';
  if (!Array.isArray(params)) return 'params is no array';
  if (typeof domain !== 'string' || !domains.includes(domain)) return `domain is none of ${domains.join(', ')}`;
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS)) return `timeoutMs is no number up to ${MAX_TIMEOUT_MS}`;
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
