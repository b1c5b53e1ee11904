import type { SuspicionReason } from '../pools/service-node.ts';

/** What the router sees of a listener at one look. */
export interface Seen {
  /** Requests that it was handed after its last answer and that wait for one, counted up to a few. */
  readonly waiting: number;
  /** Whether any request waits, those that it was handed before its last answer included. */
  readonly anyWaits: boolean;
  /** For how long it has answered nothing while requests waited. */
  readonly quietMs: number;
  /** For how long its workers have sent nothing either. */
  readonly lifelessMs: number;
  /** For how long listeners of its service are quiet at times; -1 while none of them has answered anything. */
  readonly usualMs: number;
  /** For how long it has read nothing although bytes wait in its kernel's buffer; -1 if none wait, or if that cannot be seen. */
  readonly unreadMs: number;
  /** Whether it was seen to read. */
  readonly reads: boolean;
  /** Whether its workers were seen to send something. */
  readonly workersSend: boolean;
  /** Whether a later process of its program has registered, and whether only that one still runs. */
  readonly successor: 'none' | 'registered' | 'alone';
  /** For how long it has been a suspect; -1 if it is none. */
  readonly suspectedMs: number;
}

/** The limits of patience with a listener, in milliseconds. */
export interface Patience {
  /** So long it may read nothing. */
  readonly stalledAfterMs: number;
  /** After so long without a sign of life its requests count as lost; 0: never. */
  readonly stuckListenerMs: number;
}

/** A listener may always be quiet for so long… */
const LEAST_QUIET_MS = 3_000;
/** …and for so many times as long as is usual. */
const QUIET_FACTOR = 2;
/** One request may be a slow one. */
const SEVERAL = 2;

/** Why a listener must be suspected to be dead; null: there is no reason. */
export function suspicionOf(seen: Seen, patience: Patience): SuspicionReason | null {
  if (seen.successor === 'alone') return 'gone';
  if (seen.waiting === 0) return null;
  if (seen.unreadMs !== -1 && seen.unreadMs >= patience.stalledAfterMs) return 'unread';
  const isQuiet = seen.quietMs >= LEAST_QUIET_MS + QUIET_FACTOR * Math.max(0, seen.usualMs);
  if (isQuiet && seen.successor === 'registered') return 'replaced';
  if (isQuiet && seen.waiting >= SEVERAL && seen.usualMs !== -1) return 'silent';
  return isStuck(seen, patience) ? 'silent' : null;
}

/** A suspect without requests gets another chance after so long: if nothing is seen of its process, only a request can show whether it lives. */
const PROBATION_MS = 60_000;

/** Whether a suspect that has not answered is believed to live all the same. */
export function isCleared(seen: Seen, patience: Patience): boolean {
  if (suspicionOf(seen, patience) !== null) return false;
  return seen.reads || (seen.waiting === 0 && (seen.workersSend || seen.suspectedMs >= PROBATION_MS));
}

/** The workers of a process that is gone may be at work still: they are given up after they have sent nothing for so long. */
const LAST_WORDS_MS = 3_000;

/** What is lost with a listener: its session, because its process is gone; the requests it was handed, because it is stuck; or nothing. */
export function lossOf(seen: Seen, patience: Patience): 'session' | 'requests' | 'nothing' {
  if (seen.successor === 'alone') return Math.min(seen.lifelessMs, seen.suspectedMs) >= LAST_WORDS_MS ? 'session' : 'nothing';
  return isStuck(seen, patience) ? 'requests' : 'nothing';
}

function isStuck({ anyWaits, lifelessMs }: Seen, { stuckListenerMs }: Patience): boolean {
  return stuckListenerMs !== 0 && anyWaits && lifelessMs >= stuckListenerMs;
}
