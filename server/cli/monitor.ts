import type { ValuesOf } from '../config/setting.ts';
import { ControlClient } from '../control/control-client.ts';
import { findControlFile } from '../control/control-file.ts';
import type { TraceBatch } from '../control/trace/batch.ts';
import type { TraceSummary } from '../control/trace/trace-entry.ts';
import { oneLine } from './client-command.ts';
import type { MONITOR_OPTIONS } from './client-options.ts';

/** The arguments of `monitor`. */
export type MonitorArguments = ValuesOf<typeof MONITOR_OPTIONS>;

/** As many as a server remembers. */
const ALL_PAST = 5_000;

/** Prints each request of a running server when it is over, until that server ends. @throws CommandError */
export async function monitor(args: MonitorArguments, print: (line: string) => void): Promise<void> {
  const client = new ControlClient(findControlFile(args.controlFile));
  let left = args.count ?? Number.POSITIVE_INFINITY;
  for await (const { event, data } of client.events(`/api/v1/events?${queryOf(args)}`)) {
    if (event !== 'trace') continue;
    const over = (data as TraceBatch).requests.filter(({ state }) => state !== 'open').slice(0, left);
    for (const summary of over) print(args.json ? JSON.stringify(summary) : line(summary));
    left -= over.length;
    if (left <= 0) return;
  }
}

function queryOf({ service, method, xid, jid, status, text, slowerThan, past }: MonitorArguments): string {
  const wanted = { service, method, xid, jid, status, text, slowerThan, past: past ? ALL_PAST : null };
  return new URLSearchParams(Object.entries(wanted).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)] as [string, string]]))).toString();
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
