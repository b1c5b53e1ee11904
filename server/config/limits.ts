/** Every bound of the server, with its unit in its name. The defaults are in {@link DEFAULT_LIMITS}. */
export interface Limits {
  /** Before login: bytes of the whole stream. */
  readonly loginBytes: number;
  /** Before login: elements, the stream's own included. */
  readonly loginElements: number;
  /** From the connection to a bound session. */
  readonly loginTimeoutMs: number;
  /** A longer stanza is read past and bounced. */
  readonly stanzaBytes: number;
  /** A stanza longer than this ends the stream. */
  readonly hardStanzaBytes: number;
  /** Levels of nested elements, the stream's own included. */
  readonly depth: number;
  /** What waits for one peer to read it; beyond, the peer is closed and what waits for it bounces. */
  readonly outboxBytes: number;
  /** A listener whose outbox has stood still for so long is passed over by the router… */
  readonly stalledAfterMs: number;
  /** …as is one with so much waiting. */
  readonly stalledBytes: number;
  /** How long a peer may take to close its side after we closed ours. */
  readonly closeTimeoutMs: number;
  /** Silence on a connection after which TCP asks whether the peer is alive. OpenSRF programs answer no other question. */
  readonly keepAliveMs: number;
  /** A peer on another host that has not acknowledged the same data after so many tries is gone: 7 take about 50 s. */
  readonly retransmissions: number;
  /** How often that is looked at. */
  readonly deadPeerCheckMs: number;
  /** Silence after which a session of XMPP 1.0 is pinged; 0: never. */
  readonly pingAfterMs: number;
  /** How long it may take to say anything then. */
  readonly pingTimeoutMs: number;
  /** Addresses a session has sent its presence to, which are told when it is gone; the oldest is forgotten first. */
  readonly directedPresences: number;
  /** Stanzas that were sent to a client with stream management and not acknowledged; beyond, its session ends. */
  readonly unacknowledgedStanzas: number;
  readonly unacknowledgedBytes: number;
  /** How long a session waits to be resumed; 0: not at all. */
  readonly resumptionMs: number;
  /** How many may wait at once. */
  readonly waitingSessions: number;
  /** Requests waiting for a first listener, of all classes of one router. */
  readonly heldRequests: number;
  readonly heldBytes: number;
  /** Requests remembered until they are answered, of all routers; the oldest is forgotten first. */
  readonly unansweredRequests: number;
  readonly unansweredBytes: number;
  /** Log lines of one kind that peers can cause, in a window of time; the rest is counted. */
  readonly logLinesOfKind: number;
  readonly logWindowMs: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const DEFAULT_LIMITS: Limits = Object.freeze({
  loginBytes: 8 * KIB,
  loginElements: 32,
  loginTimeoutMs: 10_000,
  stanzaBytes: 8 * MIB,
  hardStanzaBytes: 64 * MIB,
  depth: 128,
  outboxBytes: 64 * MIB,
  stalledAfterMs: 1_000,
  stalledBytes: MIB,
  closeTimeoutMs: 2_000,
  keepAliveMs: 60_000,
  retransmissions: 7,
  deadPeerCheckMs: 5_000,
  pingAfterMs: 300_000,
  pingTimeoutMs: 60_000,
  directedPresences: 1_000,
  unacknowledgedStanzas: 10_000,
  unacknowledgedBytes: 16 * MIB,
  resumptionMs: 300_000,
  waitingSessions: 1_000,
  heldRequests: 10_000,
  heldBytes: 64 * MIB,
  unansweredRequests: 100_000,
  unansweredBytes: 256 * MIB,
  logLinesOfKind: 10,
  logWindowMs: 10_000,
});
