/**
 * The limits of a server. Bytes and milliseconds are whole numbers. docs/configuration.md has the default of each, its bounds, and the effect beyond it.
 * New versions may add and remove limits; an unknown limit causes a {@link ConfigError}.
 * @beta
 */
export interface Limits {
  /** Bytes of a stream before login. */
  readonly loginBytes: number;
  /** Elements of a stream before login. */
  readonly loginElements: number;
  /** Milliseconds from the connection to the end of the login. */
  readonly loginTimeoutMs: number;
  /** Unauthenticated connections. */
  readonly pendingConnections: number;
  /** Unauthenticated connections of one address. */
  readonly pendingOfAddress: number;
  /** Failed logins of one address within `failedLoginWindowMs` that the server answers at once. */
  readonly failedLogins: number;
  /** Milliseconds in which failed logins are counted. */
  readonly failedLoginWindowMs: number;
  /** The delay of the answers to further failed logins, in milliseconds. */
  readonly failedLoginDelayMs: number;
  /** Sessions of all domains. */
  readonly sessions: number;
  /** Bytes of a stanza; a longer one bounces. */
  readonly stanzaBytes: number;
  /** Bytes of a stanza; a longer one ends its stream. */
  readonly hardStanzaBytes: number;
  /** Levels of nested elements. */
  readonly depth: number;
  /** Attributes of one element. */
  readonly attributes: number;
  /** Bytes of memory that the server keeps for all peers; 0: derived from the memory of the process. */
  readonly memoryBytes: number;
  /** Unread bytes of a peer that does not read. */
  readonly outboxBytes: number;
  /** Milliseconds after which the router skips a listener that does not read. */
  readonly stalledAfterMs: number;
  /** Unread bytes of a listener before the router skips it. */
  readonly stalledBytes: number;
  /** Unread bytes of a peer before the server refuses its queries. */
  readonly backlogBytes: number;
  /** Milliseconds in which a peer must close its side of a stream. */
  readonly closeTimeoutMs: number;
  /** Milliseconds of silence before TCP probes a peer. */
  readonly keepAliveMs: number;
  /** Retransmissions of TCP before a peer counts as lost. */
  readonly retransmissions: number;
  /** Milliseconds between two checks for lost peers. */
  readonly deadPeerCheckMs: number;
  /** Milliseconds of silence before the server pings a session of XMPP 1.0; 0: never. */
  readonly pingAfterMs: number;
  /** Milliseconds in which such a session must answer. */
  readonly pingTimeoutMs: number;
  /** Addresses to which a session has sent directed presence. */
  readonly directedPresences: number;
  /** Available sessions of one account. */
  readonly availableSessions: number;
  /** Stanzas that a client with stream management has not acknowledged. */
  readonly unacknowledgedStanzas: number;
  /** Bytes of such stanzas. */
  readonly unacknowledgedBytes: number;
  /** Milliseconds in which a lost session can be resumed; 0: never. */
  readonly resumptionMs: number;
  /** Sessions that can be resumed. */
  readonly waitingSessions: number;
  /** Milliseconds to connect to one address of a peer server. */
  readonly peerConnectMs: number;
  /** Milliseconds for a stream to a peer server, and for each pair of domains on it. */
  readonly peerNegotiationMs: number;
  /** The longest pause in milliseconds after failures to reach a peer server. */
  readonly peerRetryMs: number;
  /** Milliseconds without a stanza until a stream to a peer server is closed. */
  readonly peerIdleMs: number;
  /** Stanzas of one domain that wait for the stream to a peer server. */
  readonly peerQueueStanzas: number;
  /** The bytes of such stanzas. */
  readonly peerQueueBytes: number;
  /** Bytes of an HTTP request or of a frame at the gateways. */
  readonly webRequestBytes: number;
  /** Milliseconds for the body of an HTTP request to arrive. */
  readonly webRequestMs: number;
  /** HTTP requests that wait for services at the same time. */
  readonly webRequests: number;
  /** Milliseconds that an HTTP connection may wait between two requests. */
  readonly webIdleMs: number;
  /** WebSockets of the gateway at the same time. */
  readonly webSockets: number;
  /** Connected OpenSRF sessions of one WebSocket. */
  readonly webSocketThreads: number;
  /** Unanswered requests of one WebSocket. */
  readonly webSocketRequests: number;
  /** Connected OpenSRF sessions of the HTTP translator. */
  readonly webSessions: number;
  /** Milliseconds that the HTTP translator remembers a connected session. */
  readonly webSessionMs: number;
  /** Milliseconds for the next process to get ready at a restart. */
  readonly successorMs: number;
  /** Milliseconds at a restart for logins, and for requests of sessions that cannot be handed over. */
  readonly restartDrainMs: number;
  /** Milliseconds for requests of browsers to be answered when the server stops. */
  readonly webDrainMs: number;
  /** Requests that one router holds for absent services. */
  readonly heldRequests: number;
  /** Bytes of such requests. */
  readonly heldBytes: number;
  /** Requests without an answer that all routers remember. */
  readonly unansweredRequests: number;
  /** Bytes of such requests. */
  readonly unansweredBytes: number;
  /** Listeners of one router. */
  readonly registrations: number;
  /** Services that one session registers at one router. */
  readonly sessionRegistrations: number;
  /** Copies that the server makes of one stanza for several sessions. */
  readonly stanzaCopies: number;
  /** Memory of such copies in bytes, and bytes of all answers to one query. */
  readonly stanzaCopyBytes: number;
  /** Bytes of a query to a host or a command to a router. */
  readonly queryBytes: number;
  /** OpenSRF messages of such a query. */
  readonly queryMessages: number;
  /** Requests without an answer that the trace or a fixture follows. */
  readonly followedRequests: number;
  /** Bytes of such requests. */
  readonly followedBytes: number;
  /** Ended requests that the control interface remembers. */
  readonly tracedRequests: number;
  /** Bytes of such requests. */
  readonly tracedBytes: number;
  /** Duration from which the control interface keeps an ended request as long as a failed one. */
  readonly slowRequestMs: number;
  /** Requests that a fixture remembers. */
  readonly loggedRequests: number;
  /** Bytes of such requests. */
  readonly loggedBytes: number;
  /** Bytes of the results of one call of the control interface. */
  readonly callResultBytes: number;
  /** Series of one metric. */
  readonly metricSeries: number;
  /** Bytes that wait to be written to a recording. */
  readonly recordingBytes: number;
  /** Bytes of requests that wait for a worker of a stub, or of the built-in `opensrf.settings`. */
  readonly serviceBacklogBytes: number;
  /** Steps of work of one request to the built-in `opensrf.settings`. */
  readonly xpathSteps: number;
  /** Members of a cluster. */
  readonly members: number;
  /** Milliseconds between two beats of a member. */
  readonly beatMs: number;
  /** Milliseconds of silence after which a member is suspected. */
  readonly suspectMs: number;
  /** Milliseconds of silence after which a member is given up. */
  readonly deadAfterMs: number;
  /** Bytes of one message to another member. */
  readonly linkBatchBytes: number;
  /** Bytes sent to another member and not acknowledged. */
  readonly linkWindowBytes: number;
  /** Milliseconds in which the other members say whether they know an address. */
  readonly askMs: number;
  /** Log lines of one kind within `logWindowMs` that peers can cause. */
  readonly logLinesOfKind: number;
  /** Log lines of one kind within `logWindowMs` about sessions that begin and end. */
  readonly logLifeLines: number;
  /** Failures of an observer within `logWindowMs` after which the server removes it. */
  readonly observerFailures: number;
  /** Milliseconds in which log lines and failures of observers are counted. */
  readonly logWindowMs: number;
}
