import type { ConnectionArguments, ConnectionConfig } from '../config/connection.ts';
import { CommandError } from '../exit-codes.ts';
import type { OsrfClient } from '../opensrf/client.ts';
import { classList } from '../opensrf/router-info.ts';
import { type ServerVersion, serverVersion } from '../opensrf/server-version.ts';
import { VERSION } from '../version.ts';
import { connectionOf, oneLine, routerFailure, timeoutMsOf, withClient } from './client-command.ts';

/** The arguments of `status`. */
export interface StatusArguments extends ConnectionArguments {
  readonly json: boolean;
  readonly timeout: number;
}

/** One thing that was tried; `ms` is null where it was not or did not succeed. */
interface Step {
  readonly ok: boolean;
  readonly ms: number | null;
  readonly what: string;
}

interface Report {
  readonly server: Step;
  readonly login: Step;
  readonly router: Step & { readonly services: readonly string[] | null };
  /** Of the Jabber server, if it tells. */
  readonly version: ServerVersion | null;
}

/**
 * Tells whether there is a server, whether the login works and whether the router answers.
 * @throws CommandError for the first of these that failed, when all has been printed.
 */
export async function status(args: StatusArguments, print: (line: string) => void): Promise<void> {
  const timeoutMs = timeoutMsOf(args);
  const { report, failure } = await examine(connectionOf(args), timeoutMs);
  if (args.json) print(JSON.stringify({ ok: failure === null, ...report, client: VERSION }));
  else for (const line of lines(report)) print(line);
  if (failure !== null) throw failure;
}

async function examine(connection: ConnectionConfig, timeoutMs: number): Promise<{ report: Report; failure: CommandError | null }> {
  const { host, port, username, domain, router } = connection;
  const at = { server: `${host}:${port}`, login: `${username}@${domain}`, router: `${router}@${domain}/router` };
  const untried: Report = { server: failed(at.server), login: failed(at.login), router: { ...failed(at.router), services: null }, version: null };
  const begin = performance.now();
  let connected: number | null = null;
  try {
    return await withClient('status', connection, { loginTimeoutMs: timeoutMs, onConnected: () => (connected = performance.now()) }, async (client) => {
      const server = succeeded(at.server, (connected ?? begin) - begin);
      const login = succeeded(at.login, performance.now() - (connected ?? begin));
      const { step, failure } = await askRouter(client, at.router, timeoutMs);
      const version = await serverVersion(client.jabber, domain, timeoutMs);
      return { report: { server, login, router: step, version }, failure };
    });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { report: connected === null ? untried : { ...untried, server: succeeded(at.server, connected - begin) }, failure: error };
  }
}

async function askRouter(client: OsrfClient, router: string, timeoutMs: number): Promise<{ step: Report['router']; failure: CommandError | null }> {
  const begin = performance.now();
  try {
    const services = await classList(client, router, timeoutMs);
    return { step: { ...succeeded(router, performance.now() - begin), services }, failure: null };
  } catch (error) {
    return { step: { ...failed(router), services: null }, failure: routerFailure(error, router) };
  }
}

function succeeded(what: string, ms: number): Step {
  return { ok: true, ms: Math.round(ms * 10) / 10, what };
}

function failed(what: string): Step {
  return { ok: false, ms: null, what };
}

function lines({ server, login, router, version }: Report): string[] {
  const told = ({ ok, ms, what }: Step) => `${ok ? 'ok  ' : 'no  '} ${what}${ms === null ? '' : `  ${ms} ms`}`;
  const services = router.services === null ? '' : `, ${router.services.length} service${router.services.length === 1 ? '' : 's'}`;
  const software = version === null ? 'not told' : oneLine(`${version.name} ${version.version}${version.os === '' ? '' : ` (${version.os})`}`);
  return [
    `server   ${told(server)}`,
    `login    ${told(login)}`,
    `router   ${told(router)}${services}`,
    `version  ${software}; this is opensrf-chopchop ${VERSION}`,
  ];
}
