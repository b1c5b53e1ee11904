import type { Clock } from '../../shared/clock.ts';
import type { Endpoint } from '../../shared/endpoint.ts';
import type { StanzaError } from '../../shared/errors.ts';
import type { JobRunner } from '../../shared/job.ts';
import type { Origin } from '../../shared/origin.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { Announcer } from './announcer.ts';

/** The router's log. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Observes the stanzas delivered to a session. */
export interface DeliveryObserver {
  delivered(stanza: Stanza): void;
}

/** The session of a listener or client. */
export interface RoutedSession extends Endpoint {
  /** Whether its peer is disconnected, or has read nothing for too long (a stopped or overwhelmed process). */
  readonly stalled: boolean;
  /** Whether its outbox is too full for long answers. */
  readonly backlogged: boolean;
  /** The machine of its peer, as an address; `''` if that is this machine. Another member of a cluster adds its name. */
  readonly host: string;
  /** Whether its peer is connected to this process, not to another member of a cluster. */
  readonly local: boolean;
  observe(observer: DeliveryObserver): void;
  /** Closes it: its process has ended, and another one holds its socket. */
  end(): void;
}

/** A worker's session: its signs of life. */
export interface SeenWorker {
  /** When it logged in, in milliseconds since 1970. */
  readonly since: number;
  /** The number of stanzas it has sent. */
  readonly sent: number;
}

/** Evidence about listeners besides their answers. The router asks only about suspects. */
export interface Evidence {
  /**
   * Reads how many bytes the peers of sessions have left unread in their kernel's buffers. The report omits sessions without that number: their
   * peer is on another machine or a Unix socket, or this is not Linux. @param report Called once, now or later.
   */
  readUnread(sessions: readonly RoutedSession[], report: (bytes: ReadonlyMap<RoutedSession, number>) => void): void;
  /**
   * Whether a process has ended while its successor runs, which proves that both IDs are of this machine.
   * @param loggedIn When the successor logged in, in milliseconds since 1970.
   */
  hasEnded(pid: number, successor: number, loggedIn: number): boolean;
  /** The workers of listeners, if their addresses follow OpenSRF's naming. */
  workers(listeners: readonly RoutedSession[]): ReadonlyMap<RoutedSession, readonly SeenWorker[]>;
}

/** Observes failed requests, for the log. */
export interface FailureObserver {
  /** A router has refused a client's request. */
  refused(request: Stanza, statusCode: number, text: string): void;
  /** The service has answered a request with a status of 300 or more. */
  failed(request: Stanza, answer: Stanza): void;
  /** An answer to no open request may have such a status: that of a worker inside a connected session. */
  failedInSession(answer: Stanza): void;
}

/** A router that may have a class that this one lacks. */
export interface PeerRouter {
  /** Takes the request if the class has a listener here and the sender's domain is trusted. */
  takeOver(className: string, request: Stanza): boolean;
}

/** The parts of the server that a router needs. */
export interface RouterEnvironment {
  /** Delivers or bounces a stanza. */
  deliver(stanza: Stanza): void;
  /** Bounces a stanza to its sender, if its type allows an answer. */
  bounce(stanza: Stanza, error: StanzaError): void;
  /** Answers an iq or presence to the router's own address, which are XMPP, not OpenSRF. */
  queried(stanza: Stanza): void;
  /** Adds an endpoint to the directory. @returns false if its address is taken. */
  publish(endpoint: Endpoint): boolean;
  withdraw(endpoint: Endpoint): void;
  /** The session of an origin; null if it has ended, or the server itself is the sender. */
  session(origin: Origin): RoutedSession | null;
  /** The routers of the domains named as peers. */
  peers(): Iterable<PeerRouter>;
  /**
   * Called when a listener has joined or left a class. The router is on the stack, so the receiver must defer its reaction.
   * @param listeners Their addresses.
   */
  listenersChanged(className: string, listeners: ReadonlyMap<string, unknown>): void;
  /** Null outside a cluster. */
  readonly announcer: Announcer | null;
  readonly evidence: Evidence;
  /** Runs long jobs in slices. */
  readonly jobs: JobRunner;
  /** The memory budget: whether it is exhausted. */
  readonly memory: { readonly full: boolean };
  readonly failures: FailureObserver;
  readonly clock: Clock;
  readonly log: Log;
}
