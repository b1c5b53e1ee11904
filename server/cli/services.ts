import type { ValuesOf } from '../config/setting.ts';
import type { ConnectionConfig } from '../config/sources/connection.ts';
import { readOpensrfCore } from '../config/sources/opensrf-core.ts';
import type { ListenerReport, RouterReport, ServiceReport } from '../control/services.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import type { OsrfClient } from '../osrf/client.ts';
import { type RegisteredService, registeredServices } from '../osrf/router-info.ts';
import { connectionOf, routerFailure, withClient } from './client-command.ts';
import type { SERVICES_OPTIONS } from './client-options.ts';
import { askControl, type ControlReport, ownRouter, printNote } from './control-source.ts';
import { oneLine } from './text/one-line.ts';
import { type Column, outputWidth, tableLines } from './text/table.ts';

/** The arguments of `services`. */
export type ServicesArguments = ValuesOf<typeof SERVICES_OPTIONS>;

/** The services of a router, and the source: the control interface knows more. */
type RouterListing =
  | { readonly router: string; readonly source: 'jabber'; readonly services: readonly RegisteredService[] }
  | { readonly router: string; readonly source: 'control'; readonly services: readonly ControlledService[] };

type ControlledService = ServiceReport & { readonly requests: number; readonly unanswered: number };

interface Listings {
  readonly listings: readonly RouterListing[];
  readonly failure: CommandError | null;
}

/**
 * Prints the services of the routers, from the control interface or from the routers themselves. A silent router does not hide the others.
 * @throws CommandError
 */
export async function services(args: ServicesArguments, print: (line: string) => void): Promise<void> {
  const { domain, json, timeoutMs, controlFile, ...given } = args;
  const [first = null, ...others] = domain ?? [];
  const connection = connectionOf({ ...given, domain: first });
  const named = [connection.domain, ...others].map((one) => `${connection.router}@${one}/router`);
  const routers = domain === null ? [...named, ...routersOf(given.config)] : named;
  const { listings, failure } = await listAll(connection, { routers: [...new Set(routers)], all: domain === null }, controlFile, timeoutMs);
  if (json) print(JSON.stringify(listings));
  else for (const line of texts(listings)) print(line);
  if (failure !== null) throw failure;
}

/** The routers of the named site's file: over Jabber a server does not list its domains. */
function routersOf(file: string | null): string[] {
  return file === null ? [] : readOpensrfCore(file).routers.map(({ username, domain }) => `${username}@${domain}/router`);
}

/** The routers to list. */
interface Wanted {
  readonly routers: readonly string[];
  /** Whether to list all domains of a server with a control interface. */
  readonly all: boolean;
}

/** Asks the control interface if it knows all the routers, so that all listings are of one moment. */
async function listAll(connection: ConnectionConfig, { routers, all }: Wanted, controlFile: string | null, timeoutMs: number): Promise<Listings> {
  const answer = await askControl(connection, controlFile, timeoutMs);
  if (answer.control === null) printNote(answer.note);
  else {
    const { control } = answer;
    const strange = routers.filter((router) => ownRouter(control, router) === null);
    if (strange.length === 0) return { listings: reportsOf(control, routers, all).map(controlledListing), failure: null };
    const why = `the server at ${control.at} is not the router ${strange.join(', ')}`;
    if (controlFile !== null) throw new CommandError(EXIT.absent, why);
    printNote(why);
  }
  return await withClient('services', connection, { loginTimeoutMs: timeoutMs }, (client) => askAll(client, routers, timeoutMs));
}

/** @param all Include the server's other domains. */
function reportsOf(control: ControlReport, routers: readonly string[], all: boolean): RouterReport[] {
  const others = all ? control.routers.filter(({ router, suspended }) => !suspended && !routers.includes(router)) : [];
  return [...routers.map((router) => ownRouter(control, router) as RouterReport), ...others];
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

const COLUMNS: readonly Column[] = [
  { head: 'SERVICE' },
  { head: 'STATE' },
  { head: 'HANDED', number: true },
  { head: 'ANSWERED', number: true },
  { head: 'OPEN', number: true },
  { head: 'LISTENER' },
];

const WITH_MEMBERS: readonly Column[] = [...COLUMNS, { head: 'MEMBER' }];

const SOURCES = { control: 'control interface', jabber: 'Jabber' } as const;

/** A heading and a table for each router. */
function texts(listings: readonly RouterListing[]): string[] {
  return listings.flatMap((listing, index) => {
    const heading = `${listing.router} (by ${SOURCES[listing.source]})${listing.services.length === 0 ? ': no services' : ''}`;
    const rows = listing.services.flatMap(rowsOf);
    // Only a cluster has members.
    const columns = rows.some((row) => row.at(-1) !== '') ? WITH_MEMBERS : COLUMNS;
    const table =
      rows.length === 0
        ? []
        : tableLines(
            columns,
            rows.map((row) => row.slice(0, columns.length)),
            outputWidth(),
          );
    return [...(index === 0 ? [] : ['']), heading, ...table];
  });
}

/** Unknown values become dashes, so that columns can be counted. */
function rowsOf({ service, listeners }: RegisteredService | ControlledService): string[][] {
  if (listeners.length === 0) return [[oneLine(service), '-', '-', '-', '-', 'none', '']];
  return listeners.map((listener) => [
    oneLine(service),
    'unanswered' in listener ? stateOf(listener) : '-',
    String(listener.requests),
    'unanswered' in listener ? String(listener.answered) : '-',
    'unanswered' in listener ? String(listener.unanswered) : '-',
    oneLine(listener.jid),
    'member' in listener ? listener.member : '',
  ]);
}

function stateOf({ draining, stalled, suspicion }: ListenerReport): string {
  const states = [draining && 'draining', stalled && 'stalled', suspicion !== '' && `suspect:${suspicion}`].filter((state) => state !== false);
  return states.length === 0 ? 'ok' : states.join(',');
}
