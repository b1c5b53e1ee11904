import type { ValuesOf } from '../config/setting.ts';
import { ControlClient } from '../control/control-client.ts';
import { type ControlFile, findControlFile } from '../control/control-file.ts';
import type { TraceBatch } from '../control/trace/batch.ts';
import type { TraceSummary } from '../control/trace/trace-entry.ts';
import { hasColors } from '../kernel/colors.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { connectionOf } from './client-command.ts';
import type { MONITOR_OPTIONS } from './client-options.ts';
import { controlFileOf } from './control-source.ts';
import { linesOf } from './text/monitor-line.ts';
import { outputWidth } from './text/table.ts';

/** The arguments of `monitor`. */
export type MonitorArguments = ValuesOf<typeof MONITOR_OPTIONS>;

/** The number that a server remembers. */
const ALL_PAST = 5_000;

/** Prints the requests of a running server as they end, until the server ends. @throws CommandError */
export async function monitor(args: MonitorArguments, print: (line: string) => void): Promise<void> {
  const client = new ControlClient(await fileOf(args));
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

/** The control file of the named server, of the server at an address, or of the only one here. @throws CommandError */
async function fileOf({ controlFile, config, host, port }: MonitorArguments): Promise<ControlFile> {
  if (controlFile !== null || (config === null && host === null && port === null)) return findControlFile(controlFile);
  const connection = connectionOf({ config, host, port, domain: null, username: null, password: null, router: null });
  const found = await controlFileOf(connection);
  if (found?.alive === true) return found.file;
  const at = `${connection.host}:${connection.port}`;
  throw new CommandError(EXIT.network, `no server with a control interface runs here at ${at}; start one with --console or --control-socket`);
}

function queryOf({ service, method, xid, jid, status, text, slowerThan, past, follow }: MonitorArguments): string {
  const wanted = { service, method, xid, jid, status, text, slowerThan, past: past || !follow ? ALL_PAST : null };
  return new URLSearchParams(Object.entries(wanted).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)] as [string, string]]))).toString();
}
