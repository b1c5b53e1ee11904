import { ControlClient } from '../control/control-client.ts';
import { findControlFile } from '../control/control-file.ts';
import type { TraceBatch } from '../control/trace/batch.ts';
import type { TraceSummary } from '../control/trace/trace-entry.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { oneLine } from './client-command.ts';

/** The arguments of `monitor`. */
export interface MonitorArguments {
  readonly service?: string | undefined;
  readonly method?: string | undefined;
  readonly xid?: string | undefined;
  readonly jid?: string | undefined;
  readonly status?: string | undefined;
  readonly text?: string | undefined;
  readonly slowerThan?: number | undefined;
  readonly past: boolean;
  readonly count?: number | undefined;
  readonly json: boolean;
  readonly controlFile?: string | undefined;
}

/** As many as a server remembers. */
const ALL_PAST = 5_000;

/** Prints each request of a running server when it is over, until that server ends. @throws CommandError */
export async function monitor(args: MonitorArguments, print: (line: string) => void): Promise<void> {
  const { count = Number.POSITIVE_INFINITY } = args;
  if (!(count > 0)) throw new CommandError(EXIT.usage, `--count: ${args.count} is not a number from 1`);
  const client = new ControlClient(findControlFile(args.controlFile ?? null));
  let left = count;
  for await (const { event, data } of client.events(`/api/v1/events?${queryOf(args)}`)) {
    if (event !== 'trace') continue;
    const over = (data as TraceBatch).requests.filter(({ state }) => state !== 'open').slice(0, left);
    for (const summary of over) print(args.json ? JSON.stringify(summary) : line(summary));
    left -= over.length;
    if (left <= 0) return;
  }
}

function queryOf({ service, method, xid, jid, status, text, slowerThan, past }: MonitorArguments): string {
  const wanted = { service, method, xid, jid, status, text, slowerThan, past: past ? ALL_PAST : undefined };
  return new URLSearchParams(
    Object.entries(wanted).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as [string, string]])),
  ).toString();
}

function line({ at, service, method, type, state, statusCode, durationMs, client, worker, xid, status }: TraceSummary): string {
  const outcome = state === 'complete' ? 'ok' : `${state} ${statusCode || ''}`.trim();
  const answered = worker === '' ? 'nobody answered' : worker;
  const why = state === 'complete' || status === '' ? '' : `  ${status}`;
  const took = durationMs === null ? '' : `${durationMs.toFixed(1)} ms`;
  return oneLine(
    `${new Date(at).toISOString().slice(11, 23)}  ${service} ${type === 'CONNECT' ? 'CONNECT' : method}  ${outcome}  ${took}  ${client} <- ${answered}  ${xid}${why}`,
  );
}
