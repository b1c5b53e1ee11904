import type { TraceDetail, TraceEntry, TraceStep, TraceSummary } from '../../control/trace/trace-entry.ts';
import { adviceFor } from './advice.ts';
import { oneLine } from './one-line.ts';
import type { RequestsOf } from './probable.ts';

/** A failed request that called another failed one failed because of that, most likely. */
const FAILURES = new Set(['failed', 'refused', 'lost']);

/**
 * The story of related requests: all of them in their order, then each step of the one that explains the rest.
 * @param probable The numbers of those that belong to the others probably, not certainly.
 */
export async function storyOf(entries: readonly TraceEntry[], probable: ReadonlySet<number>, requestsOf: RequestsOf): Promise<string[]> {
  const byTime = [...entries].sort((a, b) => a.summary.at - b.summary.at);
  const told = toldOf(byTime);
  if (told === undefined) return [];
  const { worker, listener } = told.summary;
  const others = worker === '' || listener === '' ? [] : await requestsOf(worker);
  const line = (summary: TraceSummary) => `${'  '.repeat(depthOf(summary, byTime))}${headOf(summary)}${probable.has(summary.id) ? ' (probable)' : ''}`;
  const list = byTime.length === 1 ? [] : [...byTime.map(({ summary }) => line(summary)), ''];
  return [...list, ...stepsOf(told, others)];
}

/** The innermost failure, else the longest open one, else the first. */
function toldOf(entries: readonly TraceEntry[]): TraceEntry | undefined {
  const failures = entries.filter(({ summary }) => FAILURES.has(summary.outcome));
  const deepest = [...failures].sort((a, b) => depthOf(b.summary, entries) - depthOf(a.summary, entries))[0];
  return deepest ?? entries.find(({ summary }) => summary.outcome === 'open') ?? entries[0];
}

/** How many of the others wait for a request: its client is their worker, which was busy with them when it asked. */
function depthOf({ client, at }: TraceSummary, all: readonly TraceEntry[], most = all.length): number {
  const parent = all.findLast(
    ({ summary }) => summary.worker === client && summary.at < at && at <= summary.at + (summary.durationMs ?? Number.POSITIVE_INFINITY),
  );
  return parent === undefined || most === 0 ? 0 : 1 + depthOf(parent.summary, all, most - 1);
}

function headOf({ service, method, type, outcome, statusCode, durationMs }: TraceSummary): string {
  const how = outcome === 'ok' || statusCode === 0 ? outcome : `${outcome} ${statusCode}`;
  const took = durationMs === null ? 'so far' : `after ${shownMs(durationMs)}`;
  return oneLine(`${service} ${type === 'CONNECT' ? 'CONNECT' : method}: ${how} ${took}`);
}

function stepsOf({ summary, detail }: TraceEntry, others: readonly TraceSummary[]): string[] {
  const { at, xid, thread, threadTrace, reason } = summary;
  const advice = adviceFor(summary);
  return [
    headOf(summary),
    `  ${new Date(at).toISOString()}, request ${oneLine(threadTrace)} of session ${oneLine(thread)}, ${xid === '' ? 'without a transaction id' : `transaction ${oneLine(xid)}`}`,
    ...detail.steps.map((step) => `  ${`+${shownMs(step.at - at)}`.padStart(10)}  ${oneLine(stepText(step, summary))}`),
    ...(detail.folded > 0 ? [`  ${''.padStart(10)}  and ${detail.folded} more parts of the answer`] : []),
    ...waits(summary, detail),
    ...queued(summary, others),
    ...(reason === '' ? [] : [`  Why: ${oneLine(reason)}`]),
    ...(advice === '' ? [] : [`  Try: ${oneLine(advice)}`]),
  ];
}

function stepText({ kind, from, to }: TraceStep, { outcome }: TraceSummary): string {
  switch (kind) {
    case 'asked':
      return `${from} asked ${to}`;
    case 'handed':
      return `the router handed it to the listener ${to}`;
    case 'again':
      return `the router handed it to another listener, ${to}`;
    case 'answer':
      return outcome === 'refused' ? `${from} refused it` : `${from} answered`;
    case 'bounce':
      return `it bounced from ${from}`;
    case 'late':
      return `${from} answered again, too late`;
    case 'timeout':
      return `${from} ended the session: it waited too long for the next request`;
  }
}

/** Where the time went. */
function waits({ at, firstAnswerMs, durationMs }: TraceSummary, { steps }: TraceDetail): string[] {
  const handed = steps.find(({ kind }) => kind === 'handed');
  if (handed === undefined || firstAnswerMs === null || durationMs === null) return [];
  const atRouter = handed.at - at;
  const rest = Math.max(0, durationMs - atRouter - firstAnswerMs);
  return [`  Time: ${shownMs(atRouter)} to the listener, ${shownMs(firstAnswerMs)} to the first sign of a worker, ${shownMs(rest)} to the end`];
}

/** The worker that answered was busy with another request when the listener got this one: it waited at least until that one's end. */
function queued({ at, worker, firstAnswerMs }: TraceSummary, others: readonly TraceSummary[]): string[] {
  const endOf = (one: TraceSummary) => one.at + (one.durationMs ?? Number.POSITIVE_INFINITY);
  const before = others.filter((one) => one.worker === worker && one.at < at && endOf(one) > at && endOf(one) <= at + (firstAnswerMs ?? 0));
  const last = before.sort((a, b) => endOf(b) - endOf(a))[0];
  if (last === undefined) return [];
  return [`  Waited: at least ${shownMs(endOf(last) - at)} of that for the worker, which was busy with ${oneLine(`${last.service} ${last.method}`)}`];
}

function shownMs(ms: number): string {
  return ms < 10_000 ? `${ms.toFixed(1)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
