import type { Problems } from './problem.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** The unit of a limit. */
export type LimitUnit = 'bytes' | 'ms' | 'count';

/** One bound of the server. */
export interface LimitDescription {
  readonly unit: LimitUnit;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  /** For the reference: the thing that is bounded, and what the server does beyond the bound. */
  readonly effect: string;
}

/** V8 has no longer strings; this leaves room for joining. */
const MOST_TEXT_BYTES = 256 * MIB;
/** Node ignores a longer time. */
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
  loginBytes: textBytes(8 * KIB, 'Bytes of a stream before login; more end the stream with policy-violation'),
  loginElements: count(32, 'Elements of a stream before login, its own included; more end the stream with policy-violation', 8),
  loginTimeoutMs: time(10_000, 'Time from the connection to a bound session; after it the stream ends with connection-timeout'),
  pendingConnections: count(
    8_192,
    'Connections before login, HTTP requests to the port of WebSockets included; for a further one the server closes the oldest of the address that has the most (crowded-out)',
  ),
  pendingOfAddress: count(
    4_096,
    'The same from one address (one network of 64 bits in IPv6, one Unix socket); for a further one the server closes the oldest of them',
  ),
  failedLogins: count(
    10,
    'Failed logins from one address in a window of time that the server answers at once; it delays the answers to further ones. A correct password is never delayed',
    0,
  ),
  failedLoginWindowMs: time(60_000, 'The window of time for failedLogins'),
  failedLoginDelayMs: time(2_000, 'Delay of the answer to a failed login when there were too many', 0),
  sessions: count(20_000, 'Sessions of all domains; the server refuses further logins with resource-constraint'),
  stanzaBytes: textBytes(8 * MIB, 'Bytes of a stanza; the server skips a longer one and bounces it with policy-violation, and the session stays'),
  hardStanzaBytes: textBytes(64 * MIB, 'Bytes of a stanza; a longer one ends the stream with policy-violation'),
  // saxes takes time by the square of the depth: 32,000 levels block for seconds, 1,024 for some milliseconds.
  depth: count(128, "Levels of nested elements, the stream's own included; deeper ones end the stream with policy-violation", 8, 1_024),
  attributes: count(1_000, 'Attributes of one element, checked at the end of a packet; more end the stream with policy-violation', 16),
  memoryBytes: bytes(
    0,
    'Memory that the server keeps for all peers; beyond, it closes those it keeps most for (memory-budget). 0: 60 % of the smaller of the heap limit and the memory limit of the container less 100 MB',
    0,
  ),
  outboxBytes: bytes(
    64 * MIB,
    'Bytes that wait for a peer that has read nothing for stalledAfterMs; beyond (or at four times as much) the server closes it (slow-reader) and bounces them',
  ),
  stalledAfterMs: time(1_000, 'The router passes over a listener that has read nothing for this long, if another can take the request', 0),
  stalledBytes: bytes(MIB, 'The router passes over a listener with this many unread bytes, if another can take the request', 0),
  backlogBytes: bytes(MIB, 'The server refuses queries of a peer with this many unread bytes, with resource-constraint'),
  closeTimeoutMs: time(2_000, 'Time for a peer to close its side after ours; after it the server closes the socket'),
  keepAliveMs: time(60_000, 'Silence after which TCP keep-alive probes the peer; OpenSRF programs answer no other probe'),
  retransmissions: count(
    7,
    'Retransmissions of the same data to a peer on another host; after this many without an acknowledgement the server closes it; 7 take about 50 s',
  ),
  deadPeerCheckMs: time(5_000, 'Interval of the check for such peers'),
  pingAfterMs: time(300_000, 'Silence after which the server pings a session of XMPP 1.0; 0: never', 0),
  pingTimeoutMs: time(60_000, 'Time for such a session to send anything; after it the server closes it'),
  directedPresences: count(
    1_000,
    'Addresses that a session has sent its presence to, which get its unavailable presence at the end; the server forgets the oldest first',
  ),
  availableSessions: count(
    100,
    'Sessions of one account that are available at the same time (presence, which OpenSRF does not use); further ones, or one whose presence is longer than queryBytes, are not',
  ),
  unacknowledgedStanzas: count(10_000, 'Stanzas that a client with stream management has not acknowledged; beyond, its session ends'),
  unacknowledgedBytes: bytes(16 * MIB, 'The bytes of such stanzas; beyond, the session ends'),
  resumptionMs: time(300_000, 'Time that a session waits to be resumed; 0: none', 0),
  waitingSessions: count(1_000, 'Sessions that wait to be resumed; further ones end at once', 0),
  peerConnectMs: time(3_000, 'Time to connect to one address of a peer server; then the next one is tried'),
  peerNegotiationMs: time(
    5_000,
    'Time for a stream to a peer server, and again for each pair of domains on it; beyond, the stanzas for it bounce with remote-server-timeout',
  ),
  peerRetryMs: time(
    30_000,
    'The longest pause after failures to reach a peer server, in which stanzas for it bounce at once; the first takes 1 s, each further one twice as long',
  ),
  peerIdleMs: time(3_600_000, 'Time without a stanza to a peer server; after it the server closes its stream, and opens another one on demand'),
  peerQueueStanzas: count(1_000, 'Stanzas of one domain for one peer server that wait for the stream; further ones bounce with resource-constraint'),
  peerQueueBytes: bytes(8 * MIB, 'The bytes of such stanzas, and an eighth of those for all peer servers; further ones bounce with resource-constraint'),
  webRequestBytes: textBytes(
    10 * MIB,
    'Bytes of an HTTP request or of a frame at the gateways; a longer one gets status 413, or closes the WebSocket with 1009',
  ),
  webRequestMs: time(60_000, 'Time for the body of an HTTP request to arrive; after it the request gets status 408'),
  webRequests: count(1_000, 'HTTP requests that wait for services at the same time; a further one gets status 503'),
  webIdleMs: time(65_000, 'Time that an HTTP connection may wait between two requests; after it the server closes it'),
  webSockets: count(10_000, 'WebSockets of the gateway at the same time; a further one gets status 503'),
  webSocketThreads: count(64, 'Connected OpenSRF sessions of one WebSocket; further ones are not remembered, as in OpenSRF'),
  webSocketRequests: count(1_000, 'Unanswered requests of one WebSocket; a further one comes back as a transport error'),
  webSessions: count(10_000, 'Connected OpenSRF sessions of the HTTP translator; the server forgets the oldest first'),
  webSessionMs: time(300_000, 'Time that the HTTP translator remembers a connected session, as in OpenSRF'),
  successorMs: time(30_000, 'Time for the next process to get ready at a restart; after it the server goes on as before'),
  restartDrainMs: time(2_000, 'Time at a restart for logins under way, and for requests of sessions that cannot be handed over', 0),
  webDrainMs: time(3_000, 'Time for requests of browsers to be answered when the server stops', 0),
  heldRequests: count(10_000, 'Requests that wait for a first listener (--hold), of all services of one router; the router refuses further ones at once', 0),
  heldBytes: bytes(64 * MIB, 'The bytes of such requests; the router refuses further ones at once'),
  unansweredRequests: count(100_000, 'Requests remembered until they are answered, of all routers; the server forgets the oldest first'),
  unansweredBytes: bytes(256 * MIB, 'The bytes of such requests; the server forgets the oldest first'),
  registrations: count(10_000, 'Listeners of all services of one router; the router refuses further ones with resource-constraint', 1),
  sessionRegistrations: count(1_000, 'Services that one session registers at one router; the router refuses further ones with resource-constraint'),
  stanzaCopies: count(1_000, 'Copies that the server makes of one stanza for several sessions; one that needs more is refused with resource-constraint'),
  stanzaCopyBytes: bytes(
    64 * MIB,
    'Memory of such copies, and bytes of all answers to one query; a stanza that needs more is refused with resource-constraint',
  ),
  queryBytes: textBytes(
    64 * KIB,
    'Bytes of a query to a host or a command to a router; a longer one bounces with policy-violation, and the router refuses a request that long by a bounce',
  ),
  queryMessages: count(16, 'OpenSRF messages in one query to a router; the router answers more with status 400, and refuses a request with more by a bounce'),
  followedRequests: count(10_000, 'Unanswered requests that the trace, or a fixture, follows; each of the two forgets its oldest first'),
  followedBytes: bytes(64 * MIB, 'Bytes of such requests and of their answers so far; each of the two forgets its oldest first'),
  tracedRequests: count(50_000, 'Ended requests that the control interface remembers; it forgets the oldest ordinary ones first, failed and slow ones last'),
  tracedBytes: bytes(64 * MIB, 'Bytes of such requests; the control interface forgets them in the same order'),
  slowRequestMs: time(250, 'Duration from which the control interface keeps an ended request as long as a failed one'),
  loggedRequests: count(10_000, 'Requests that a fixture remembers for assertions; it forgets the oldest first'),
  loggedBytes: bytes(
    64 * MIB,
    'Bytes of such requests; the fixture forgets the oldest first. A replay remembers as many bytes of requests without a recording',
  ),
  callResultBytes: bytes(MIB, 'Bytes of the results of one call through the control interface, as JSON; the call ends at a result beyond'),
  metricSeries: count(1_000, 'Series of one metric; the server adds up further ones under the label "other"'),
  recordingBytes: bytes(64 * MIB, 'Bytes that wait to be written to a recording (--record); beyond, the recorder leaves out exchanges and logs that'),
  serviceBacklogBytes: bytes(
    32 * MIB,
    'Bytes of requests that wait for a worker of the built-in opensrf.settings or of one stub; the service answers further ones with status 503',
  ),
  xpathSteps: count(
    100_000,
    'Steps of work (a node visited, a character of the answer) of one request to the built-in opensrf.settings, besides those for an answer of one and a half times the whole file; beyond, the service answers with status 500',
  ),
  members: count(16, 'Members of a cluster; a further one is not admitted', 2, 64),
  beatMs: time(250, 'Interval of the beats by which the members of a cluster know each other'),
  suspectMs: time(600, 'Silence after which a member is suspected: the router passes its listeners over while another can take the request'),
  deadAfterMs: time(2_000, 'Silence after which a member is given up: its sessions and listeners end, and its unanswered requests count as lost'),
  linkBatchBytes: { ...bytes(32 * KIB, 'Bytes of one message to another member; longer stanzas travel in pieces of that size', KIB), most: 256 * KIB },
  linkWindowBytes: bytes(4 * MIB, 'Bytes sent to a member and not acknowledged; further ones wait, at most outboxBytes of them', KIB),
  askMs: time(1_000, 'Time for the other members to say whether they have an address that this member does not know; after it the stanza bounces'),
  logLinesOfKind: count(10, 'Log lines of one kind that peers can cause in a window of time; the server counts further ones'),
  logLifeLines: count(1_000, 'Log lines of one kind about the life of sessions, as "session bound", in that window; the server counts further ones'),
  observerFailures: count(10, 'Failures of one observer (a trace, a recording, a tap) in logWindowMs; the server removes it then and logs that'),
  logWindowMs: time(10_000, 'The window of time for logLinesOfKind and observerFailures; at its end the log has the number of lines that were left out'),
} as const satisfies Readonly<Record<string, LimitDescription>>;

export type LimitName = keyof typeof LIMITS;

/** A value for each of {@link LIMITS}, in its unit. */
export type Limits = { readonly [Name in LimitName]: number };

export const DEFAULT_LIMITS: Limits = Object.freeze(valuesOf(LIMITS));

function valuesOf(limits: Readonly<Record<LimitName, LimitDescription>>): Limits {
  return Object.fromEntries(Object.entries(limits).map(([name, { value }]) => [name, value])) as Limits;
}

/** Whether a text is the name of a limit. */
export function isLimitName(name: string): name is LimitName {
  return Object.hasOwn(LIMITS, name);
}

/** Pairs of limits of which the second must not be less than the first. */
const ORDERED: readonly (readonly [LimitName, LimitName])[] = [
  ['stanzaBytes', 'hardStanzaBytes'],
  ['beatMs', 'suspectMs'],
  ['suspectMs', 'deadAfterMs'],
  ['linkBatchBytes', 'linkWindowBytes'],
];

/** Reports limits that contradict each other. */
export function checkLimits(limits: Limits, problems: Problems): void {
  for (const [less, more] of ORDERED) {
    if (limits[more] < limits[less]) problems.add('limits', `${more}: ${limits[more]} is less than ${less}, which is ${limits[less]}`, more);
  }
}
