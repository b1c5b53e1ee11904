import { normalizeDomain } from '../../shared/jid.ts';
import type { ConnectionArguments } from '../config/connection.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import type { OsrfClient } from '../opensrf/client.ts';
import { type RegisteredService, registeredServices } from '../opensrf/router-info.ts';
import { connectionOf, oneLine, routerFailure, timeoutMsOf, withClient } from './client-command.ts';

/** The arguments of `services`. */
export interface ServicesArguments extends Omit<ConnectionArguments, 'domain'> {
  readonly domain?: readonly string[] | undefined;
  readonly json: boolean;
  readonly timeout: number;
}

interface RouterListing {
  readonly router: string;
  readonly services: readonly RegisteredService[];
}

/**
 * Prints what is registered with the routers. One that does not answer does not hide the others.
 * @throws CommandError
 */
export async function services(args: ServicesArguments, print: (line: string) => void): Promise<void> {
  const timeoutMs = timeoutMsOf(args);
  const [first, ...others] = args.domain ?? [];
  const connection = connectionOf({ ...args, domain: first });
  const routers = [connection.domain, ...others.map(checkedDomain)].map((domain) => `${connection.router}@${domain}/router`);
  const { listings, failure } = await withClient('services', connection, { loginTimeoutMs: timeoutMs }, (client) => askAll(client, routers, timeoutMs));
  if (args.json) print(JSON.stringify(listings));
  else if (listings.length > 0) for (const line of table(listings)) print(line);
  if (failure !== null) throw failure;
}

async function askAll(client: OsrfClient, routers: readonly string[], timeoutMs: number) {
  const listings: RouterListing[] = [];
  const failures: CommandError[] = [];
  for (const router of new Set(routers)) {
    try {
      listings.push({ router, services: await registeredServices(client, router, timeoutMs) });
    } catch (error) {
      failures.push(routerFailure(error, router));
    }
  }
  const [first] = failures;
  const failure = first === undefined ? null : new CommandError(first.exitCode, failures.map(({ message }) => message).join('; '));
  return { listings, failure };
}

function table(listings: readonly RouterListing[]): string[] {
  const rows = [['ROUTER', 'SERVICE', 'REQUESTS', 'LISTENER'], ...listings.flatMap(rowsOf)];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 2 ? cell.padStart(widths[2] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

function rowsOf({ router, services: registered }: RouterListing): string[][] {
  if (registered.length === 0) return [[router, 'none', '', '']];
  return registered.flatMap(({ service, listeners }) => {
    const none = listeners.length === 0 ? [[router, oneLine(service), '', 'none']] : [];
    return [...none, ...listeners.map(({ jid, requests }) => [router, oneLine(service), String(requests), oneLine(jid)])];
  });
}

function checkedDomain(written: string): string {
  const domain = normalizeDomain(written);
  if (domain === null) throw new CommandError(EXIT.usage, `--domain: "${written}" is no domain`);
  return domain;
}
