import type { Problems } from './problem.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** What a limit is counted in. */
export type LimitUnit = 'bytes' | 'ms' | 'count';

/** One bound of the server. */
export interface LimitDescription {
  readonly unit: LimitUnit;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  /** What is bounded, and what happens beyond, for the reference. */
  readonly effect: string;
}

/** Longer text than this is no string in V8, with room for what it is joined with. */
const MOST_TEXT_BYTES = 256 * MIB;
/** Node takes a longer time for none. */
const MOST_MS = 2 ** 31 - 1;

function textBytes(value: number, effect: string): LimitDescription {
  return { unit: 'bytes', value, least: 1, most: MOST_TEXT_BYTES, effect };
}

function bytes(value: number, effect: string, least = 1): LimitDescription {
  return { unit: 'bytes', value, least, most: Number.MAX_SAFE_INTEGER, effect };
}

function time(value: number, effect: string, least = 1): LimitDescription {
  return { unit: 'ms', value, least, most: MOST_MS, effect };
}

function count(value: number, effect: string, least = 1, most = Number.MAX_SAFE_INTEGER): LimitDescription {
  return { unit: 'count', value, least, most, effect };
}

/** Every bound of the server. `--help limits` and docs/configuration.md print this table. */
export const LIMITS = {
  loginBytes: textBytes(8 * KIB, 'Of a stream before login; more end it with policy-violation'),
  loginElements: count(32, 'Elements of a stream before login, its own included; more end it with policy-violation', 8),
  loginTimeoutMs: time(10_000, 'From the connection to a bound session; then the stream ends with connection-timeout'),
  pendingConnections: count(
    8_192,
    'Connections that have not logged in, visits to the port of WebSockets too; beyond, the oldest of the address that has the most is closed (crowded-out)',
  ),
  pendingOfAddress: count(4_096, 'The same of one address (one network of 64 bits in IPv6, one Unix socket); beyond, the oldest of it is closed'),
  failedLogins: count(
    10,
    'Failed logins from one address in a window of time that are told at once; further ones are told late. A right password is never late',
    0,
  ),
  failedLoginWindowMs: time(60_000, 'The window of time for failedLogins'),
  failedLoginDelayMs: time(2_000, 'How late failed logins are told when there were too many', 0),
  sessions: count(20_000, 'Sessions of all domains; who logs in beyond is refused with resource-constraint'),
  stanzaBytes: textBytes(8 * MIB, 'A longer stanza is read past and bounced with policy-violation; the session lives'),
  hardStanzaBytes: textBytes(64 * MIB, 'A stanza longer than this ends the stream with policy-violation'),
  // saxes takes time by the square of the depth: 32,000 levels block for seconds, 1,024 for some milliseconds.
  depth: count(128, "Levels of nested elements, the stream's own included; deeper ones end the stream with policy-violation", 8, 1_024),
  attributes: count(1_000, 'Attributes of one element, looked at where a packet ends; more end the stream with policy-violation', 16),
  outboxBytes: bytes(
    64 * MIB,
    'What waits for one peer that has taken nothing for stalledAfterMs; beyond (or at four times as much), it is closed (slow-reader) and what waits bounces',
  ),
  stalledAfterMs: time(1_000, 'A listener that has taken nothing for so long is passed over by the router while another can take the request', 0),
  stalledBytes: bytes(MIB, 'A listener for which so much waits is passed over likewise', 0),
  backlogBytes: bytes(MIB, 'A peer for which so much waits gets no answers to its queries, but resource-constraint'),
  closeTimeoutMs: time(2_000, 'How long a peer may take to close its side after ours; then the socket is closed for both'),
  keepAliveMs: time(60_000, 'Silence after which TCP asks whether the peer is alive; OpenSRF programs answer no other question'),
  retransmissions: count(7, 'A peer on another host that has not acknowledged the same data after so many tries is closed; 7 take about 50 s'),
  deadPeerCheckMs: time(5_000, 'How often the server looks for such peers'),
  pingAfterMs: time(300_000, 'Silence after which a session of XMPP 1.0 is pinged; 0: never', 0),
  pingTimeoutMs: time(60_000, 'How long such a session may take to say anything then; after that it is closed'),
  directedPresences: count(1_000, 'Addresses a session has sent its presence to, which are told when it is gone; the oldest is forgotten first'),
  availableSessions: count(
    100,
    'Sessions of one account that are available at once (presence, of which OpenSRF knows nothing); further ones, or one that says more than queryBytes, are not',
  ),
  unacknowledgedStanzas: count(10_000, 'Stanzas that were sent to a client with stream management and not acknowledged; beyond, its session ends'),
  unacknowledgedBytes: bytes(16 * MIB, 'The bytes of such stanzas; beyond, the session ends'),
  resumptionMs: time(300_000, 'How long a session waits to be resumed; 0: not at all', 0),
  waitingSessions: count(1_000, 'Sessions that wait to be resumed; further ones end at once', 0),
  heldRequests: count(10_000, 'Requests that wait for a first listener (--hold), of all services of one router; further ones are refused at once', 0),
  heldBytes: bytes(64 * MIB, 'The bytes of such requests; further ones are refused at once'),
  unansweredRequests: count(100_000, 'Requests remembered until they are answered, of all routers; the oldest is forgotten first'),
  unansweredBytes: bytes(256 * MIB, 'The bytes of such requests; the oldest is forgotten first'),
  registrations: count(10_000, 'Listeners of all services of one router; further ones are refused with resource-constraint', 1),
  queryBytes: textBytes(
    64 * KIB,
    'A query to a host or a command to a router that is longer bounces with policy-violation; a request that long is refused by a bounce',
  ),
  queryMessages: count(16, 'OpenSRF messages in one query to a router; more are answered with status 400, and a request with more is refused by a bounce'),
  logLinesOfKind: count(10, 'Log lines of one kind that peers can cause in a window of time; further ones are counted'),
  logLifeLines: count(
    1_000,
    'Log lines of one kind that peers who have logged in cause by the way, as "session bound", in that window; further ones are counted',
  ),
  logWindowMs: time(10_000, 'The window of time for logLinesOfKind; at its end the log says how many lines there were besides'),
} as const satisfies Readonly<Record<string, LimitDescription>>;

export type LimitName = keyof typeof LIMITS;

/** A value for each of {@link LIMITS}, in its unit. */
export type Limits = { readonly [Name in LimitName]: number };

export const DEFAULT_LIMITS: Limits = Object.freeze(valuesOf(LIMITS));

function valuesOf(limits: Readonly<Record<LimitName, LimitDescription>>): Limits {
  return Object.fromEntries(Object.entries(limits).map(([name, { value }]) => [name, value])) as Limits;
}

/** Whether that is the name of a limit. */
export function isLimitName(name: string): name is LimitName {
  return Object.hasOwn(LIMITS, name);
}

/** Reports limits that contradict each other. */
export function checkLimits({ stanzaBytes, hardStanzaBytes }: Limits, problems: Problems): void {
  if (hardStanzaBytes < stanzaBytes)
    problems.add('limits', `hardStanzaBytes: ${hardStanzaBytes} is less than stanzaBytes, which is ${stanzaBytes}`, 'hardStanzaBytes');
}
