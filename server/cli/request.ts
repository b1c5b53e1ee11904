import { jsonProblem, parseJson, writeJson } from '../../shared/osrf/json.ts';
import type { Envelope } from '../../shared/osrf/write.ts';
import type { ValuesOf } from '../config/setting.ts';
import type { ConnectionValues } from '../config/sources/connection.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { LogProtect, REDACTED } from '../logging/log-protect.ts';
import type { OsrfClient } from '../osrf/client.ts';
import { connectionOf, withClient } from './client-command.ts';
import type { REQUEST_OPTIONS } from './client-options.ts';
import { oneLine } from './text/one-line.ts';

/** The arguments of `request`. */
export interface RequestArguments extends ConnectionValues, ValuesOf<typeof REQUEST_OPTIONS> {
  readonly service: string;
  readonly method: string;
  /** Each a JSON text. */
  readonly params: readonly string[];
}

/**
 * Calls a method and prints each result as it comes.
 * @throws CommandError
 */
export async function request(args: RequestArguments, print: (line: string) => void): Promise<void> {
  const connection = connectionOf(args);
  const call = { service: args.service, method: args.method, params: parseParams(args, new LogProtect(connection.logProtect)), timeoutMs: args.timeoutMs };
  const { locale, ingress, apiLevel } = args;
  const show = (result: unknown) => print(shown(result ?? null, args.pretty ? 2 : 0));
  await withClient('request', connection, {}, (client) => ask(client, call, { locale, ingress, apiLevel }, args.connect, show));
}

interface Call {
  readonly service: string;
  readonly method: string;
  readonly params: readonly unknown[];
  readonly timeoutMs: number;
}

async function ask(client: OsrfClient, call: Call, envelope: Envelope, stateful: boolean, show: (result: unknown) => void): Promise<void> {
  const session = client.session(call.service, envelope);
  try {
    if (stateful) await session.connect(call.timeoutMs);
    for await (const result of session.call(call.method, call.params, call.timeoutMs)) show(result);
  } finally {
    session.end();
  }
}

function parseParams({ method, params }: RequestArguments, logProtect: LogProtect): unknown[] {
  return params.map((text, index) => {
    const value = parseJson(text);
    if (value !== undefined) return value;
    // A script that runs this command logs this line.
    if (logProtect.protects(method)) throw new CommandError(EXIT.usage, `parameter ${index + 1}, ${REDACTED}: no JSON`);
    const hint = /^[\w.-]+$/.test(text) ? `; a string needs its quotes: '"${text}"'` : '';
    throw new CommandError(EXIT.usage, oneLine(`parameter ${index + 1}, ${text}: ${jsonProblem(text)}${hint}`));
  });
}

function shown(result: unknown, indent: number): string {
  const json = writeJson(result, undefined, indent);
  if (json === undefined) throw new CommandError(EXIT.failed, 'a result is too long to print');
  return json;
}
