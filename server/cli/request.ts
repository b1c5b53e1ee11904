import type { Envelope } from '../../shared/osrf/write.ts';
import type { ConnectionArguments } from '../config/sources/connection.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { LogProtect, REDACTED } from '../logging/log-protect.ts';
import type { OsrfClient } from '../osrf/client.ts';
import { connectionOf, oneLine, timeoutMsOf, withClient } from './client-command.ts';

/** The arguments of `request`. */
export interface RequestArguments extends ConnectionArguments, Envelope {
  readonly service: string;
  readonly method: string;
  /** Each a JSON text. */
  readonly params?: readonly string[] | undefined;
  readonly timeout: number;
  readonly connect: boolean;
  readonly pretty: boolean;
}

/**
 * Calls a method and prints each result as it comes.
 * @throws CommandError
 */
export async function request(args: RequestArguments, print: (line: string) => void): Promise<void> {
  const connection = connectionOf(args);
  const call = { service: args.service, method: args.method, params: parseParams(args, new LogProtect(connection.logProtect)), timeoutMs: timeoutMsOf(args) };
  const envelope = envelopeOf(args);
  const show = (result: unknown) => print(JSON.stringify(result ?? null, null, args.pretty ? 2 : 0));
  await withClient('request', connection, {}, (client) => ask(client, call, envelope, args.connect, show));
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

function parseParams({ method, params = [] }: RequestArguments, logProtect: LogProtect): unknown[] {
  return params.map((text, index) => {
    try {
      return JSON.parse(text);
    } catch (error) {
      // Where a script runs us, this goes into its log.
      if (logProtect.protects(method)) throw new CommandError(EXIT.usage, `parameter ${index + 1}, ${REDACTED}: no JSON`);
      const hint = /^[\w.-]+$/.test(text) ? `; a string needs its quotes: '"${text}"'` : '';
      throw new CommandError(EXIT.usage, oneLine(`parameter ${index + 1}, ${text}: no JSON (${(error as Error).message})${hint}`));
    }
  });
}

function envelopeOf({ locale, ingress, apiLevel }: Envelope): Envelope {
  if (!Number.isSafeInteger(apiLevel) || apiLevel < 1) throw new CommandError(EXIT.usage, `--api-level: ${apiLevel} is not a whole number from 1`);
  return { locale, ingress, apiLevel };
}
