import { writeJson } from '../../shared/osrf/json.ts';
import type { ValuesOf } from '../config/setting.ts';
import { ControlClient } from '../control/control-client.ts';
import type { ServerReport } from '../control/server-report.ts';
import type { TraceEntry, TraceSummary } from '../control/trace/trace-entry.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import type { WHY_OPTIONS } from './client-options.ts';
import { chosenControlFile } from './control-source.ts';
import { failuresInLog, logStoryOf } from './text/log-story.ts';
import { probableRoot, probablyBelow, type RequestsOf } from './text/probable.ts';
import { storyOf } from './text/story.ts';

/** The arguments of `why`. */
export interface WhyArguments extends ValuesOf<typeof WHY_OPTIONS> {
  /** A transaction id, or `last`: the last request without a good answer; the last of all if all have one. */
  readonly xid: string;
}

const ASK_MS = 10_000;
/** More requests of one transaction are not shown. */
const MOST = 200;
/** The newest requests of a worker among which a related one is looked for. */
const MOST_OF_WORKER = 1_000;

/** Prints the story of one request, from the trace or a log: who asked, where it waited, why it failed, what to try. @throws CommandError */
export async function why(args: WhyArguments, print: (line: string) => void): Promise<void> {
  const lines = args.log === null ? await fromTrace(args) : await fromLog(args, args.log);
  for (const line of lines) print(line);
}

async function fromTrace(args: WhyArguments): Promise<string[]> {
  const client = new ControlClient(await chosenControlFile(args));
  const requestsOf = remembering((jid) => requests(client, { jid, limit: String(MOST_OF_WORKER) }));
  const entries = await entriesOf(client, args.xid, requestsOf);
  const below = await probablyBelow(
    entries.map(({ summary }) => summary),
    requestsOf,
  );
  const all = [...entries, ...(await Promise.all(below.map(({ id }) => entryOf(client, id))))];
  if (args.json) return [writeJson(all) ?? '[]'];
  return storyOf(all, new Set(below.map(({ id }) => id)), requestsOf);
}

/** Asks once for each address. */
function remembering(ask: RequestsOf): RequestsOf {
  const answers = new Map<string, ReturnType<RequestsOf>>();
  return (jid) => {
    const answer = answers.get(jid) ?? ask(jid);
    answers.set(jid, answer);
    return answer;
  };
}

async function fromLog({ xid, json }: WhyArguments, log: string): Promise<string[]> {
  const failures = found(await failuresInLog(log, xid), `the log ${log} has no failed request${xid === 'last' ? '' : ` of the transaction ${xid}`}`);
  return json ? [writeJson(failures) ?? '[]'] : logStoryOf(failures);
}

async function entriesOf(client: ControlClient, xid: string, requestsOf: RequestsOf): Promise<readonly TraceEntry[]> {
  if (xid !== 'last') return foundHere(client, await ofTransaction(client, xid), `no request with the transaction id ${xid} is remembered`);
  const [last] = await foundHere(
    client,
    [...(await requests<TraceSummary>(client, { status: 'failed', limit: '1' })), ...(await requests<TraceSummary>(client, { limit: '1', connects: 'no' }))],
    'no request is remembered',
  );
  const root = await probableRoot(last as TraceSummary, requestsOf);
  return root.xid === '' ? [await entryOf(client, root.id)] : ofTransaction(client, root.xid);
}

function ofTransaction(client: ControlClient, xid: string): Promise<readonly TraceEntry[]> {
  return requests(client, { xid, limit: String(MOST), details: 'yes' });
}

async function requests<One>(client: ControlClient, query: Readonly<Record<string, string>>): Promise<readonly One[]> {
  return ((await client.get(`/api/v1/requests?${new URLSearchParams(query)}`, ASK_MS)) as { readonly requests: readonly One[] }).requests;
}

async function entryOf(client: ControlClient, id: number): Promise<TraceEntry> {
  return (await client.get(`/api/v1/requests/${id}`, ASK_MS)) as TraceEntry;
}

/** @throws CommandError that names the other members of a cluster, if there is no request. */
async function foundHere<One>(client: ControlClient, entries: readonly One[], otherwise: string): Promise<readonly One[]> {
  if (entries.length > 0) return entries;
  const { cluster } = (await client.get('/api/v1/server', ASK_MS)) as Pick<ServerReport, 'cluster'>;
  const others = cluster === null ? '' : cluster.members.map(({ name }) => name).join(', ');
  return found(entries, others === '' ? otherwise : `${otherwise} at member ${cluster?.member}: ask the member of its client (${others})`);
}

function found<One>(entries: readonly One[], otherwise: string): readonly One[] {
  if (entries.length === 0) throw new CommandError(EXIT.absent, otherwise);
  return entries;
}
