import { writeJson } from '../../shared/osrf/json.ts';
import type { ValuesOf } from '../config/setting.ts';
import { ControlClient } from '../control/control-client.ts';
import type { TraceEntry } from '../control/trace/trace-entry.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import type { WHY_OPTIONS } from './client-options.ts';
import { chosenControlFile } from './control-source.ts';
import { failuresInLog, logStoryOf } from './text/log-story.ts';
import { storyOf } from './text/story.ts';

/** The arguments of `why`. */
export interface WhyArguments extends ValuesOf<typeof WHY_OPTIONS> {
  /** A transaction id, or `last`: the last request without a good answer; the last of all if all have one. */
  readonly xid: string;
}

const ASK_MS = 10_000;
/** More requests of one transaction are not shown. */
const MOST = 200;

/** Prints the story of one request, from the trace or a log: who asked, where it waited, why it failed, what to try. @throws CommandError */
export async function why(args: WhyArguments, print: (line: string) => void): Promise<void> {
  const lines = args.log === null ? await fromTrace(args) : await fromLog(args, args.log);
  for (const line of lines) print(line);
}

async function fromTrace(args: WhyArguments): Promise<string[]> {
  const client = new ControlClient(await chosenControlFile(args));
  const entries = await entriesOf(client, args.xid);
  if (args.json) return [writeJson(entries) ?? '[]'];
  return storyOf(entries, (worker) => search(client, { jid: worker, limit: String(MOST) }));
}

async function fromLog({ xid, json }: WhyArguments, log: string): Promise<string[]> {
  const failures = found(await failuresInLog(log, xid), `the log ${log} has no failed request${xid === 'last' ? '' : ` of the transaction ${xid}`}`);
  return json ? [writeJson(failures) ?? '[]'] : logStoryOf(failures);
}

async function entriesOf(client: ControlClient, xid: string): Promise<readonly TraceEntry[]> {
  if (xid !== 'last') return found(await search(client, { xid, limit: String(MOST) }), `no request with the transaction id ${xid} is remembered`);
  const [last] = found(
    [...(await search(client, { status: 'failed', limit: '1' })), ...(await search(client, { limit: '1', connects: 'no' }))],
    'no request is remembered',
  );
  if (last === undefined || last.summary.xid === '') return last === undefined ? [] : [last];
  return search(client, { xid: last.summary.xid, limit: String(MOST) });
}

async function search(client: ControlClient, query: Readonly<Record<string, string>>): Promise<readonly TraceEntry[]> {
  const { requests } = (await client.get(`/api/v1/requests?${new URLSearchParams({ ...query, details: 'yes' })}`, ASK_MS)) as {
    readonly requests: readonly TraceEntry[];
  };
  return requests;
}

function found<One>(entries: readonly One[], otherwise: string): readonly One[] {
  if (entries.length === 0) throw new CommandError(EXIT.absent, otherwise);
  return entries;
}
