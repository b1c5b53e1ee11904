/**
 * The options of a stub service.
 * @public
 */
export interface StubOptions {
  /** The number of workers at the start; 1 by default. */
  readonly workers?: number;
  /** The most workers: more start while all are busy; 15 by default. */
  readonly maxWorkers?: number;
  /** The most requests that wait for a worker; the listener answers further ones with status 503. 1,000 by default. */
  readonly maxBacklog?: number;
  /** Milliseconds without a request after which a worker ends a connected session with status 408; 5,000 by default. 0: never. */
  readonly keepaliveMs?: number;
  /** The Perl package in the text of "Method not found"; by default the name of the service. */
  readonly implementation?: string;
  /** The domains of the routers to register with; by default all. */
  readonly domains?: readonly string[];
}

/**
 * A running stub service.
 * @public
 */
export interface Stub {
  /** The name of the service. */
  readonly service: string;
  /** The full JID of its listener. */
  readonly listener: string;
  /** The full JIDs of its workers. */
  readonly workers: readonly string[];
  /** Unregisters and ends its sessions. */
  stop(): Promise<void>;
  /** Simulates a crash: drops its sessions without unregistering. */
  kill(): void;
}

/**
 * A method of a stub, or one of its cases, that has answered no request.
 * @public
 */
export interface UnusedStub {
  /** The service. */
  readonly service: string;
  /** The method. */
  readonly method: string;
  /** The case in a stub file, counted from 1; 0 for a function. */
  readonly case: number;
}
