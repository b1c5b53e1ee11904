import { hostname } from 'node:os';
import { type ConnectionConfig, type ConnectionValues, DEFAULT_CONNECTION, loginOf, resolveConnection } from '../config/sources/connection.ts';
import { SYSTEM_TIME } from '../kernel/clock.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { OsrfClient } from '../osrf/client.ts';
import { OsrfError, type OsrfErrorKind, OsrfTimeout } from '../osrf/errors.ts';
import { ConnectError, LoginError, type LoginOptions } from '../osrf/login.ts';
import { oneLine } from './text/one-line.ts';

// The parts common to all commands that log in at a running server: connection, login, errors.

const EXIT_CODES: Record<OsrfErrorKind, number> = {
  service: EXIT.status,
  router: EXIT.absent,
  bounce: EXIT.absent,
  connection: EXIT.network,
  client: EXIT.failed,
};

/** The address and account of a client command. @throws ConfigError */
export function connectionOf(given: ConnectionValues, defaults: ConnectionConfig = DEFAULT_CONNECTION): ConnectionConfig {
  return resolveConnection(given, process.env, defaults);
}

/** A resource unique among processes and machines. */
export function resourceFor(command: string): string {
  // OpenSRF's router takes everything from the last "@" to the last "/" as the domain, and interprets "%" as a format.
  const host = hostname().replace(/[^\w.-]/g, '-');
  return `chopchop_${command}_${host}_${SYSTEM_TIME.wallTime() / 1000}_${process.pid}`;
}

/** Logs in, works, and logs out. @throws CommandError for every expected failure. */
export async function withClient<Result>(
  command: string,
  connection: ConnectionConfig,
  options: Pick<LoginOptions, 'loginTimeoutMs' | 'onConnected'>,
  work: (client: OsrfClient) => Promise<Result>,
): Promise<Result> {
  let client: OsrfClient | null = null;
  try {
    client = await OsrfClient.connect({ ...loginOf(connection), ...options, routerName: connection.router, resource: resourceFor(command) });
    return await work(client);
  } catch (error) {
    throw failureOf(error);
  } finally {
    await client?.close();
  }
}

/** Turns the error of a client command into one line and an exit code; returns unexpected errors unchanged. */
export function failureOf(error: unknown): unknown {
  if (error instanceof ConnectError) return new CommandError(EXIT.network, `${error.message}; see --host and --port`);
  if (error instanceof LoginError)
    return new CommandError(EXIT.network, error.refused ? `${error.message}; see --domain, --username and --password` : error.message);
  if (error instanceof OsrfTimeout) return new CommandError(EXIT.timeout, error.message);
  if (!(error instanceof OsrfError)) return error;
  return new CommandError(EXIT_CODES[error.kind], oneLine(error.from === '' ? error.message : `${error.message} (said by ${error.from})`));
}

/** The failure of a query to a router. @throws unexpected errors. */
export function routerFailure(error: unknown, router: string): CommandError {
  const failure = failureOf(error);
  if (!(failure instanceof CommandError)) throw failure;
  // The C router does not answer a domain that it does not trust.
  if (error instanceof OsrfTimeout) return new CommandError(failure.exitCode, `${router} does not answer: too busy, or it does not trust our domain`);
  return new CommandError(failure.exitCode, `${router}: ${failure.message}`);
}
