/**
 * How a stub service runs.
 * @public
 */
export interface StubOptions {
  /** How many workers it has at the start; 1 by default. */
  readonly workers?: number;
  /** How many it may have: more start while all are busy; 15 by default. */
  readonly maxWorkers?: number;
  /** How many requests may wait for a worker; further ones are answered with status 503. 1,000 by default. */
  readonly maxBacklog?: number;
  /** Milliseconds without a request after which a worker ends a connected session, with status 408; 5,000 by default. 0: never. */
  readonly keepaliveMs?: number;
  /** A Perl package, for the text of "Method not found"; by default the name of the service. */
  readonly implementation?: string;
  /** The domains of the routers that it registers with; by default all. */
  readonly domains?: readonly string[];
}

/**
 * A stub service that runs.
 * @public
 */
export interface Stub {
  /** The name of the service. */
  readonly service: string;
  /** The full JID of its listener. */
  readonly listener: string;
  /** The full JIDs of its workers. */
  readonly workers: readonly string[];
  /** Unregisters it and ends its sessions. */
  stop(): Promise<void>;
  /** Drops its connections without unregistering, as a crash does. */
  kill(): void;
}
