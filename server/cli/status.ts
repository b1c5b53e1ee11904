import type { ValuesOf } from '../config/setting.ts';
import type { ConnectionConfig, ConnectionValues } from '../config/sources/connection.ts';
import type { RouterReport, ServiceReport } from '../control/services.ts';
import { SYSTEM_TIME } from '../kernel/clock.ts';
import { CommandError } from '../kernel/exit-codes.ts';
import { VERSION } from '../kernel/version.ts';
import type { OsrfClient } from '../osrf/client.ts';
import { classList } from '../osrf/router-info.ts';
import { serverVersion } from '../osrf/server-version.ts';
import { connectionOf, routerFailure, withClient } from './client-command.ts';
import type { STATUS_OPTIONS } from './client-options.ts';
import { askControl, type ControlAnswer, type ControlReport, ownRouter } from './control-source.ts';
import { type ControlSummary, lines, type Report, type ServiceSummary, type Step } from './text/status-report.ts';

/** The arguments of `status`. */
export interface StatusArguments extends ConnectionValues, ValuesOf<typeof STATUS_OPTIONS> {}

interface Examined {
  readonly report: Report;
  readonly failure: CommandError | null;
}

/**
 * Reports whether the server, the login and the router work, and more if the control interface answers.
 * @throws CommandError for the first failure, after printing all.
 */
export async function status(args: StatusArguments, print: (line: string) => void): Promise<void> {
  const { timeoutMs } = args;
  const connection = connectionOf(args);
  const answer = await askControl(connection, args.controlFile, timeoutMs);
  const { report, failure } = await examine(serverOf(connection, args, answer), answer, timeoutMs);
  if (args.json) print(JSON.stringify({ ok: failure === null, ...report, client: VERSION }));
  else for (const line of lines(report)) print(line);
  if (failure !== null) throw failure;
}

/** A named control file chooses the server, unless another server is named too. */
function serverOf(connection: ConnectionConfig, { host, port, controlFile }: StatusArguments, { control }: ControlAnswer): ConnectionConfig {
  const [bound] = control?.c2s ?? [];
  return controlFile === null || host !== null || port !== null || bound === undefined ? connection : { ...connection, ...bound };
}

/** Always tries a login: only a client can check that it works. */
async function examine(connection: ConnectionConfig, answer: ControlAnswer, timeoutMs: number): Promise<Examined> {
  const { host, port, username, domain, router } = connection;
  const at = { server: `${host}:${port}`, login: `${username}@${domain}`, router: `${router}@${domain}/router` };
  const known = answer.control === null ? null : ownRouter(answer.control, at.router);
  const untried: Report = {
    source: sourceOf(answer, known, at.router),
    server: failed(at.server),
    login: failed(at.login),
    router: answer.control === null || known === null ? { ...failed(at.router), services: null } : routerStep(answer.control, known),
    version: null,
    control: answer.control === null ? null : summaryOf(answer.control),
  };
  const begin = SYSTEM_TIME.now();
  let connected: number | null = null;
  try {
    return await withClient('status', connection, { loginTimeoutMs: timeoutMs, onConnected: () => (connected = SYSTEM_TIME.now()) }, async (client) => {
      const server = succeeded(at.server, (connected ?? begin) - begin);
      const login = succeeded(at.login, SYSTEM_TIME.now() - (connected ?? begin));
      const { step, failure } = known === null ? await askRouter(client, at.router, timeoutMs) : { step: untried.router, failure: null };
      const version = await serverVersion(client.jabber, domain, timeoutMs);
      return { report: { ...untried, server, login, router: step, version }, failure };
    });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { report: connected === null ? untried : { ...untried, server: succeeded(at.server, connected - begin) }, failure: error };
  }
}

function sourceOf(answer: ControlAnswer, known: RouterReport | null, router: string): Report['source'] {
  if (answer.control === null) return { kind: 'jabber', note: answer.note };
  return known === null ? { kind: 'jabber', note: `the server at ${answer.control.at} is not the router ${router}` } : { kind: 'control', note: '' };
}

function routerStep({ ms }: ControlReport, { router, services }: RouterReport): Report['router'] {
  return { ...succeeded(router, ms), services: services.map(({ service }) => service) };
}

async function askRouter(client: OsrfClient, router: string, timeoutMs: number): Promise<{ step: Report['router']; failure: CommandError | null }> {
  const begin = SYSTEM_TIME.now();
  try {
    const services = await classList(client, router, timeoutMs);
    return { step: { ...succeeded(router, SYSTEM_TIME.now() - begin), services }, failure: null };
  } catch (error) {
    return { step: { ...failed(router), services: null }, failure: routerFailure(error, router) };
  }
}

function summaryOf({ at, server, routers }: ControlReport): ControlSummary {
  const { pid, startedAt, sessions, connections, unanswered, counts, closes, bounces, load, cluster, peers } = server;
  const summaries = routers.map(({ router, suspended, refusals, services }) => ({ router, suspended, refusals, services: services.map(serviceSummary) }));
  return { at, pid, startedAt, sessions, connections, unanswered, counts, closes, bounces, load, cluster, peers, routers: summaries };
}

function serviceSummary({ service, listeners }: ServiceReport): ServiceSummary {
  const summary = { service, listeners: listeners.length, draining: 0, stalled: 0, requests: 0, unanswered: 0 };
  for (const { draining, stalled, requests, unanswered } of listeners) {
    if (draining) summary.draining++;
    if (stalled) summary.stalled++;
    summary.requests += requests;
    summary.unanswered += unanswered;
  }
  return summary;
}

function succeeded(what: string, ms: number): Step {
  return { ok: true, ms: Math.round(ms * 10) / 10, what };
}

function failed(what: string): Step {
  return { ok: false, ms: null, what };
}
