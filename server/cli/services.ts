import type { ValuesOf } from '../config/setting.ts';
import type { ConnectionConfig } from '../config/sources/connection.ts';
import type { ListenerReport, RouterReport, ServiceReport } from '../control/services.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import type { OsrfClient } from '../osrf/client.ts';
import { type RegisteredService, registeredServices } from '../osrf/router-info.ts';
import { connectionOf, oneLine, routerFailure, withClient } from './client-command.ts';
import type { SERVICES_OPTIONS } from './client-options.ts';
import { askControl, ownRouter, printNote } from './control-source.ts';

/** The arguments of `services`. */
export type ServicesArguments = ValuesOf<typeof SERVICES_OPTIONS>;

/** What is registered with a router, and who said so: the control interface tells more. */
type RouterListing =
  | { readonly router: string; readonly source: 'jabber'; readonly services: readonly RegisteredService[] }
  | { readonly router: string; readonly source: 'control'; readonly services: readonly ControlledService[] };

type ControlledService = ServiceReport & { readonly requests: number; readonly unanswered: number };

interface Listings {
  readonly listings: readonly RouterListing[];
  readonly failure: CommandError | null;
}

/**
 * Prints what is registered with the routers, as the control interface has it or else as they answer themselves. One that does not answer does not hide the others.
 * @throws CommandError
 */
export async function services(args: ServicesArguments, print: (line: string) => void): Promise<void> {
  const { domain, json, timeoutMs, controlFile, ...given } = args;
  const [first = null, ...others] = domain ?? [];
  const connection = connectionOf({ ...given, domain: first });
  const routers = [connection.domain, ...others].map((one) => `${connection.router}@${one}/router`);
  const { listings, failure } = await listAll(connection, [...new Set(routers)], controlFile, timeoutMs);
  if (json) print(JSON.stringify(listings));
  else if (listings.length > 0) for (const line of table(listings)) print(line);
  if (failure !== null) throw failure;
}

/** Over the control interface, if that knows all of them; so that what stands beside each other is from one moment. */
async function listAll(connection: ConnectionConfig, routers: readonly string[], controlFile: string | null, timeoutMs: number): Promise<Listings> {
  const told = await askControl(connection, controlFile, timeoutMs);
  if (told.control === null) printNote(told.note);
  else {
    const { control } = told;
    const reports = routers.map((router) => ownRouter(control, router));
    const strange = routers.filter((_, index) => reports[index] === null);
    if (strange.length === 0) return { listings: (reports as RouterReport[]).map(controlledListing), failure: null };
    const why = `the server at ${control.at} is not the router ${strange.join(', ')}`;
    if (controlFile !== null) throw new CommandError(EXIT.absent, why);
    printNote(why);
  }
  return await withClient('services', connection, { loginTimeoutMs: timeoutMs }, (client) => askAll(client, routers, timeoutMs));
}

function controlledListing({ router, services: registered }: RouterReport): RouterListing {
  return { router, source: 'control', services: registered.map((one) => ({ ...one, requests: sum(one, 'requests'), unanswered: sum(one, 'unanswered') })) };
}

function sum({ listeners }: ServiceReport, count: 'requests' | 'unanswered'): number {
  return listeners.reduce((total, listener) => total + listener[count], 0);
}

async function askAll(client: OsrfClient, routers: readonly string[], timeoutMs: number): Promise<Listings> {
  const listings: RouterListing[] = [];
  const failures: CommandError[] = [];
  for (const router of routers) {
    try {
      listings.push({ router, source: 'jabber', services: await registeredServices(client, router, timeoutMs) });
    } catch (error) {
      failures.push(routerFailure(error, router));
    }
  }
  const [first] = failures;
  const failure = first === undefined ? null : new CommandError(first.exitCode, failures.map(({ message }) => message).join('; '));
  return { listings, failure };
}

const HEAD = ['ROUTER', 'SERVICE', 'REQUESTS', 'LISTENER', 'UNANSWERED', 'STATE', 'SOURCE'];
const NUMBERS = new Set([2, 4]);

function table(listings: readonly RouterListing[]): string[] {
  const rows = [HEAD, ...listings.flatMap(rowsOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (NUMBERS.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** What is not known has a dash, so that columns can be counted. */
function rowsOf({ router, source, services: registered }: RouterListing): string[][] {
  if (registered.length === 0) return [[router, 'none', '-', '-', '-', '-', source]];
  return registered.flatMap(({ service, listeners }) => {
    if (listeners.length === 0) return [[router, oneLine(service), '-', 'none', '-', '-', source]];
    return listeners.map((listener) => [
      router,
      oneLine(service),
      String(listener.requests),
      oneLine(listener.jid),
      'unanswered' in listener ? String(listener.unanswered) : '-',
      'unanswered' in listener ? stateOf(listener) : '-',
      source,
    ]);
  });
}

function stateOf({ draining, stalled }: ListenerReport): string {
  if (stalled) return draining ? 'draining,stalled' : 'stalled';
  return draining ? 'draining' : 'ok';
}
