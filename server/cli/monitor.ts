import type { ValuesOf } from '../config/setting.ts';
import { ControlClient } from '../control/control-client.ts';
import type { TraceBatch } from '../control/trace/batch.ts';
import type { TraceSummary } from '../control/trace/trace-entry.ts';
import { hasColors } from '../kernel/colors.ts';
import type { MONITOR_OPTIONS } from './client-options.ts';
import { chosenControlFile } from './control-source.ts';
import { linesOf } from './text/monitor-line.ts';
import { outputWidth } from './text/table.ts';

/** The arguments of `monitor`. */
export type MonitorArguments = ValuesOf<typeof MONITOR_OPTIONS>;

/** The number that a server remembers. */
const ALL_PAST = 5_000;

/** Prints the requests of a running server as they end, until the server ends. @throws CommandError */
export async function monitor(args: MonitorArguments, print: (line: string) => void): Promise<void> {
  const client = new ControlClient(await chosenControlFile(args));
  const colors = hasColors(process.stdout.isTTY === true);
  let left = args.count ?? Number.POSITIVE_INFINITY;
  // The first batch has the remembered requests.
  let choose = newestOf;
  for await (const ended of endedRequests(client, args)) {
    const chosen = choose(ended, left);
    for (const line of chosen.flatMap((summary) => textsOf(summary, args.json, colors))) print(line);
    left -= chosen.length;
    if (left <= 0 || !args.follow) return;
    choose = firstOf;
  }
}

async function* endedRequests(client: ControlClient, args: MonitorArguments): AsyncGenerator<TraceSummary[], void> {
  for await (const { event, data } of client.events(`/api/v1/events?${queryOf(args)}`)) {
    if (event === 'trace') yield (data as TraceBatch).requests.filter(({ state }) => state !== 'open');
  }
}

function firstOf(requests: readonly TraceSummary[], count: number): readonly TraceSummary[] {
  return requests.slice(0, count);
}

function newestOf(requests: readonly TraceSummary[], count: number): readonly TraceSummary[] {
  return requests.slice(Math.max(0, requests.length - count));
}

function textsOf(summary: TraceSummary, json: boolean, colors: boolean): string[] {
  return json ? [JSON.stringify(summary)] : linesOf(summary, outputWidth(), colors);
}

function queryOf({ service, method, xid, jid, status, failed, text, slowerThan, past, follow }: MonitorArguments): string {
  const wanted = { service, method, xid, jid, status: failed ? 'failed' : status, text, slowerThan, past: past || !follow ? ALL_PAST : null };
  return new URLSearchParams(Object.entries(wanted).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)] as [string, string]]))).toString();
}
