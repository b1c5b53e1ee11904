import type { Clock } from '../../shared/clock.ts';
import type { Endpoint } from '../../shared/endpoint.ts';
import type { StanzaError } from '../../shared/errors.ts';
import type { JobRunner } from '../../shared/job.ts';
import type { Origin } from '../../shared/origin.ts';
import type { Stanza } from '../../shared/stanza.ts';

/** What the router writes about itself; pino fits. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Follows the stanzas that a session is handed. */
export interface DeliveryObserver {
  delivered(stanza: Stanza): void;
}

/** A listener or client as the router reaches it, wherever its session is. */
export interface RoutedSession extends Endpoint {
  /** Whether its peer has taken nothing for longer than a busy one may (a stopped or overwhelmed process), or is away. */
  readonly stalled: boolean;
  /** Whether so much waits for it, stalled or not, that it gets no long answers. */
  readonly backlogged: boolean;
  /** The machine of its peer, as an address; `''` if that is this machine. */
  readonly host: string;
  observe(observer: DeliveryObserver): void;
  /** Closes it: its process is gone, and another process holds its socket. */
  end(): void;
}

/** A worker's session, as far as it shows that the worker lives. */
export interface SeenWorker {
  /** When it logged in, in milliseconds since 1970. */
  readonly since: number;
  /** How many stanzas it has sent. */
  readonly sent: number;
}

/** What can be seen of listeners besides their answers. The router asks only for those that it suspects. */
export interface Evidence {
  /**
   * Reads how many bytes the peers of sessions have not read from their kernel's buffers. The report leaves out sessions for which that cannot be seen: their
   * peers are on another machine, or on a Unix socket, or this is not Linux. @param report Called once, now or later.
   */
  readUnread(sessions: readonly RoutedSession[], report: (bytes: ReadonlyMap<RoutedSession, number>) => void): void;
  /**
   * Whether a process of this machine has ended while its successor runs, which proves that the numbers are those of this machine.
   * @param loggedIn When the successor did, in milliseconds since 1970.
   */
  hasEnded(pid: number, successor: number, loggedIn: number): boolean;
  /** The workers of listeners, as far as their addresses name them as OpenSRF's libraries do. */
  workers(listeners: readonly RoutedSession[]): ReadonlyMap<RoutedSession, readonly SeenWorker[]>;
}

/** Learns of each request that failed, for the log. */
export interface FailureObserver {
  /** A router has refused a request, as its client sent it. */
  refused(request: Stanza, statusCode: number, text: string): void;
  /** The service has answered a request with a status of 300 or more. */
  failed(request: Stanza, answer: Stanza): void;
}

/** A router that may have a class which this one lacks. */
export interface PeerRouter {
  /** Takes the request if the class has a listener here and the sender's domain is trusted. */
  takeOver(className: string, request: Stanza): boolean;
}

/** Everything a router needs of the server it lives in. */
export interface RouterEnvironment {
  /** Hands a stanza on; one that cannot be delivered bounces. */
  deliver(stanza: Stanza): void;
  /** Sends a stanza back to its sender with an error, if it may be answered at all. */
  bounce(stanza: Stanza, error: StanzaError): void;
  /** Answers an iq or presence to the router's own address: that is XMPP's business, not OpenSRF's. */
  queried(stanza: Stanza): void;
  /** Makes an endpoint reachable at its address; false if another endpoint holds it. */
  publish(endpoint: Endpoint): boolean;
  withdraw(endpoint: Endpoint): void;
  /** The session that sent a stanza; null if it has ended, or the server itself sent it. */
  session(origin: Origin): RoutedSession | null;
  /** The routers of the domains named as peers. */
  peers(): Iterable<PeerRouter>;
  /**
   * A listener has joined or left a class. Called while the router is at work, so the receiver must put off whatever it does about it.
   * @param listeners Their addresses.
   */
  listenersChanged(className: string, listeners: ReadonlyMap<string, unknown>): void;
  readonly evidence: Evidence;
  /** Does what takes long. */
  readonly jobs: JobRunner;
  /** Whether there is memory for what is to be kept. */
  readonly memory: { readonly full: boolean };
  readonly failures: FailureObserver;
  readonly clock: Clock;
  readonly log: Log;
}
