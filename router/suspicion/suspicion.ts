import type { SuspicionReason } from '../pools/service-node.ts';

/** The router's observations of a listener at one check. */
export interface Seen {
  /** Requests handed over after its last answer and still open, counted up to a few. */
  readonly waiting: number;
  /** Whether requests of other members of a cluster are open at a listener of this process. */
  readonly waitsElsewhere: boolean;
  /** Whether any request is open, including those handed over before its last answer. */
  readonly anyWaits: boolean;
  /** How long it has answered nothing while requests were open. */
  readonly quietMs: number;
  /** How long its workers have sent nothing either. */
  readonly lifelessMs: number;
  /** The usual silence of its service's listeners; -1 until one has answered. */
  readonly usualMs: number;
  /** How long it has read nothing although bytes wait in its kernel's buffer; -1: none wait, or unknown. */
  readonly unreadMs: number;
  /** Whether it read something. */
  readonly reads: boolean;
  /** Whether its workers sent something. */
  readonly workersSend: boolean;
  /** Whether a later process of its program has registered, and whether only that one still runs. */
  readonly successor: 'none' | 'registered' | 'alone';
  /** How long it has been a suspect; -1: it is none. */
  readonly suspectedMs: number;
}

/** The limits of patience with a listener, in milliseconds. */
export interface Patience {
  /** The longest time without reading. */
  readonly stalledAfterMs: number;
  /** After this long without a sign of life its requests count as lost; 0: never. */
  readonly stuckListenerMs: number;
}

/** A silence up to this is never suspicious… */
const LEAST_QUIET_MS = 3_000;
/** …plus this many times the usual silence. */
const QUIET_FACTOR = 2;
/** A single open request may just be slow. */
const SEVERAL = 2;

/** The reason to suspect that a listener is dead; null: none. */
export function suspicionOf(seen: Seen, patience: Patience): SuspicionReason | null {
  if (seen.successor === 'alone') return 'gone';
  if (seen.waiting === 0 && !seen.waitsElsewhere) return null;
  if (seen.unreadMs !== -1 && seen.unreadMs >= patience.stalledAfterMs) return 'unread';
  if (seen.waiting === 0) return null;
  const isQuiet = seen.quietMs >= LEAST_QUIET_MS + QUIET_FACTOR * Math.max(0, seen.usualMs);
  if (isQuiet && seen.successor === 'registered') return 'replaced';
  if (isQuiet && seen.waiting >= SEVERAL && seen.usualMs !== -1) return 'silent';
  return isStuck(seen, patience) ? 'silent' : null;
}

/** After this long a suspect without requests gets one again: without evidence of its process, only a request can show that it lives. */
const PROBATION_MS = 60_000;

/** Whether a suspect counts as alive although it has not answered. */
export function isCleared(seen: Seen, patience: Patience): boolean {
  if (suspicionOf(seen, patience) !== null) return false;
  return seen.reads || (seen.waiting === 0 && (seen.workersSend || seen.suspectedMs >= PROBATION_MS));
}

/** Workers may outlive their listener's process; give them up after this long without output. */
const LAST_WORDS_MS = 3_000;

/** The loss to settle: the session of an ended process, the requests of a stuck listener, or nothing. */
export function lossOf(seen: Seen, patience: Patience): 'session' | 'requests' | 'nothing' {
  if (seen.successor === 'alone') return Math.min(seen.lifelessMs, seen.suspectedMs) >= LAST_WORDS_MS ? 'session' : 'nothing';
  return isStuck(seen, patience) ? 'requests' : 'nothing';
}

function isStuck({ anyWaits, lifelessMs }: Seen, { stuckListenerMs }: Patience): boolean {
  return stuckListenerMs !== 0 && anyWaits && lifelessMs >= stuckListenerMs;
}
