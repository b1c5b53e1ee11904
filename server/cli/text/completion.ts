import { ControlClient } from '../../control/control-client.ts';
import { findControlFile } from '../../control/control-file.ts';
import type { MethodReport } from '../../control/metrics/latencies.ts';
import type { RouterReport } from '../../control/services.ts';

/** A shell waits: an answer that takes longer is of no use. */
const ASK_MS = 1_000;

/** Where a command takes a service; behind it `request` takes a method. */
const WITH_SERVICE: ReadonlySet<string> = new Set(['request', 'drain', 'wait']);

/** The services, or the methods of a service, that the server that runs here knows. @param words The command and what follows it, the last one unfinished. */
export async function namesFor(words: readonly string[]): Promise<string[]> {
  const [command = '', ...others] = words.filter((word) => !word.startsWith('-'));
  if (!WITH_SERVICE.has(command)) return [];
  try {
    const client = new ControlClient(findControlFile(null));
    if (others.length <= 1 || command === 'wait') return await services(client);
    return command === 'request' && others.length === 2 ? await methods(client, others[0] as string) : [];
  } catch {
    // No server runs here, or several: nothing to offer.
    return [];
  }
}

async function services(client: ControlClient): Promise<string[]> {
  const { routers } = (await client.get('/api/v1/routers', ASK_MS)) as { readonly routers: readonly RouterReport[] };
  return [...new Set(routers.flatMap((router) => router.services.map(({ service }) => service)))];
}

/** A service lists its own methods; the server knows those that were called. */
async function methods(client: ControlClient, service: string): Promise<string[]> {
  const health = (await client.get('/api/v1/health?range=none', ASK_MS)) as { readonly methods: readonly MethodReport[] };
  const called = health.methods.filter((one) => one.service === service).map(({ method }) => method);
  const call = { service, method: 'opensrf.system.method.all', timeoutMs: ASK_MS };
  const { results = [] } = (await client.post('/api/v1/call', call, ASK_MS)) as { readonly results?: readonly { readonly api_name?: unknown }[] };
  const listed = results.map((method) => String(method?.api_name ?? ''));
  return [...new Set([...listed, ...called])].filter((name) => name !== '');
}
