import type { Outcome } from '../../control/trace/outcome.ts';
import type { TraceSummary } from '../../control/trace/trace-entry.ts';
import { oneLine } from './one-line.ts';
import { endOf } from './table.ts';

const GREEN = 32;
const RED = 31;
const GREY = 90;

const COLORS: Readonly<Record<Outcome, number>> = { ok: GREEN, failed: RED, refused: RED, lost: RED, open: GREY, unseen: GREY };

/** A narrower terminal has no room for transaction ids. */
const NARROW = 100;

/** The text for an ended request: one line, and a second one with the reason if it failed. */
export function linesOf(summary: TraceSummary, width: number, colors: boolean): string[] {
  const { at, reason, durationMs, xid } = summary;
  const paint = (text: string, code: number) => (colors ? `\u001b[${code}m${text}\u001b[39m` : text);
  const time = new Date(at).toISOString().slice(11, 23);
  const outcome = outcomeOf(summary);
  const took = `${(durationMs ?? 0).toFixed(1)} ms`;
  const end = xid === '' || width < NARROW ? '' : `  ${beginningOf(oneLine(xid), 20)}`;
  const room = width - time.length - outcome.length - took.length - end.length - 8;
  const what = beginningOf(whatOf(summary), Math.max(20, Math.floor(room / 2)));
  const who = whoOf(summary, Math.max(20, room - what.length));
  const first = `${paint(time, GREY)}  ${what}  ${paint(outcome, COLORS[summary.outcome])}  ${took}  ${who}${end}`;
  return reason === '' ? [first] : [first, `    ${beginningOf(oneLine(reason), width - 4)}`];
}

function outcomeOf({ outcome, statusCode }: TraceSummary): string {
  return outcome === 'ok' ? 'ok' : `${outcome} ${statusCode || ''}`.trim();
}

function whatOf({ service, method, type }: TraceSummary): string {
  return oneLine(`${service} ${type === 'CONNECT' ? 'CONNECT' : method}`);
}

/** The client and the worker that answered, or else the listener that has the request. Full addresses if they fit, else session names. */
function whoOf({ client, worker, listener }: TraceSummary, room: number): string {
  const between = worker === '' && listener !== '' ? ' <- no answer from ' : ' <- ';
  const [from, by] = [oneLine(client), oneLine(worker || listener) || 'no answer'];
  const inFull = from + between + by;
  if (inFull.length <= room) return inFull;
  const left = Math.max(16, room - between.length);
  const [short, shortBy] = [resourceOf(from), resourceOf(by)];
  const mine = Math.max(Math.ceil(left / 2), left - shortBy.length);
  const kept = endOf(short, mine);
  return kept + between + endOf(shortBy, left - kept.length);
}

function resourceOf(jid: string): string {
  return jid.slice(jid.indexOf('/') + 1);
}

function beginningOf(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
