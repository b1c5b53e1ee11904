import type { OsrfClient } from './client.ts';
import { OsrfError } from './errors.ts';

// The queries that every OpenSRF router since 1.0 answers, at `ROUTER@DOMAIN/router`.

/** A registered service. */
export interface RegisteredService {
  readonly service: string;
  /** The requests of all its listeners. */
  readonly requests: number;
  readonly listeners: readonly { readonly jid: string; readonly requests: number }[];
}

/** The names of the registered services, in the order of their registration. @throws OsrfError, OsrfTimeout */
export async function classList(client: OsrfClient, router: string, timeoutMs: number): Promise<string[]> {
  const list = await ask(client, router, 'opensrf.router.info.class.list', timeoutMs);
  if (!Array.isArray(list)) throw strange(router);
  return list.map(String);
}

/** The registered services with their listeners and counts. @throws OsrfError, OsrfTimeout */
export async function registeredServices(client: OsrfClient, router: string, timeoutMs: number): Promise<RegisteredService[]> {
  const names = await classList(client, router, timeoutMs);
  const counts = await ask(client, router, 'opensrf.router.info.stats.class.all', timeoutMs);
  if (typeof counts !== 'object' || counts === null) throw strange(router);
  const listenersOf = new Map<string, unknown>(Object.entries(counts));
  return names.map((service) => registeredService(service, listenersOf.get(service) ?? {}));
}

function registeredService(service: string, counts: object): RegisteredService {
  const listeners = Object.entries(counts).map(([jid, requests]) => ({ jid, requests: Number(requests) }));
  return { service, requests: listeners.reduce((sum, { requests }) => sum + requests, 0), listeners };
}

async function ask(client: OsrfClient, router: string, method: string, timeoutMs: number): Promise<unknown> {
  const session = client.sessionAt(router);
  try {
    const { results } = await session.call(method, [], timeoutMs).answer;
    return results[0];
  } finally {
    session.end();
  }
}

function strange(router: string): OsrfError {
  return new OsrfError('service', 500, 'invalid answer from a router', router);
}
