import * as implementation from '../osrf/service.ts';
import * as status from '../osrf/service-status.ts';
import type { ClassOf } from './class-of.ts';
import type { LoginOptions } from './login.ts';

/**
 * The session of a request, as the service sees it: from CONNECT to DISCONNECT, or one request without them.
 * @public
 */
export interface ServiceSession {
  /** OpenSRF's session id: the `<thread>` of its messages. */
  readonly thread: string;
  /** The JID of the client. */
  readonly client: string;
  /** The transaction id (`osrf_xid`) of the last message; `''` if the client sent none. */
  readonly transactionId: string;
  /** Whether the client has connected, so that its next requests come to the same worker. */
  readonly connected: boolean;
  /** For the methods' own use, from one request of a connected session to the next. */
  // biome-ignore lint/suspicious/noExplicitAny: the service's own values
  readonly state: Map<string, any>;
}

/**
 * A request, as {@link MethodDefinition.handle} gets it.
 * @public
 */
export interface ServiceRequest {
  /** The name of the service. */
  readonly service: string;
  /** The name of the method. */
  readonly method: string;
  /** The parameters. */
  readonly params: readonly unknown[];
  /** The session that it is part of. */
  readonly session: ServiceSession;
  /** The number of the request in its session. */
  readonly threadTrace: string;
  /** The language that the client wants texts in, as `en-US`. */
  readonly locale: string;
  /** The entry point of the request into the system; `''` if the client sent none. */
  readonly ingress: string;
  /** OpenSRF's API level; 0 if the client sent none. */
  readonly apiLevel: number;
  /** Gives one result. Small results leave together, as with OpenSRF's libraries. */
  respond(content: unknown): void;
  /** Sends the results that were given until now. */
  flush(): void;
  /** Sends status 100: the client's time-out begins anew. */
  continue(): void;
}

/**
 * A method as a function of the request's parameters. What it returns, or resolves to, is the result; undefined and null are none. A generator gives a
 * result with each `yield`. An error that it throws is status 500, or the status of a {@link ServiceStatus}.
 * @public
 */
export type MethodFunction = (...params: never[]) => unknown;

/**
 * A method that gets the request too, or has settings of its own.
 * @public
 */
export interface MethodDefinition {
  /** As a {@link MethodFunction}, with the request before the parameters. */
  readonly handle: (request: ServiceRequest, ...params: never[]) => unknown;
  /** The number of parameters that introspection shows; by default, as many as `handle` declares. */
  readonly argc?: number;
  /** Whether introspection shows a method with several results; by default, whether `handle` is a generator. */
  readonly stream?: boolean;
  /** The notes that introspection shows. */
  readonly notes?: string;
  /** Results are gathered into one message up to so many characters of JSON; 25,600 by default. 0: each leaves alone. */
  readonly maxBundleSize?: number;
  /** Results are gathered into one message up to this number; 255 by default. */
  readonly maxBundleCount?: number;
  /** A result that takes more characters as JSON in XML travels in pieces; 51,200 by default, as in OpenSRF's libraries. 0: never. */
  readonly maxChunkSize?: number;
}

/**
 * A method of a service.
 * @public
 */
export type Method = MethodFunction | MethodDefinition;

/**
 * The methods of a service, by name.
 * @public
 */
export type Methods = Readonly<Record<string, Method>>;

/**
 * A method throws it to end its request with a status of its choice. Statuses 307, 408 and 417 end the session too.
 * @public
 */
export interface ServiceStatus extends Error {
  /** Tells its type. */
  readonly name: 'ServiceStatus';
  /** OpenSRF's status code. */
  readonly statusCode: number;
  /** The class of the payload of the STATUS message. */
  readonly payloadClass: string;
}

/**
 * The class of {@link ServiceStatus}.
 * @public
 */
export interface ServiceStatusConstructor extends ClassOf<ServiceStatus> {
  /**
   * @param statusCode A whole number from 300 to 999: 403 forbidden, 404 not found, 500 failed, 307 go to another worker…
   * @param status The text.
   * @param payloadClass By default the class that OpenSRF's libraries write with that code.
   * @throws RangeError for another code.
   */
  new (statusCode: number, status: string, payloadClass?: string): ServiceStatus;
}

/** See {@link ServiceStatusConstructor}. */
export const ServiceStatus: ServiceStatusConstructor = status.ServiceStatus;

/**
 * A service, and where it logs in.
 * @beta
 */
export interface ServiceOptions extends Omit<LoginOptions, 'resource'> {
  /** The name of the service. */
  readonly service: string;
  /** Its methods. `opensrf.system.echo` and the like are there only if they are among them. */
  readonly methods: Methods;
  /** How many workers log in at the start. */
  readonly workers: number;
  /** How many there may be: more log in while all are busy. By default no more than at the start. */
  readonly maxWorkers?: number;
  /** How many requests may wait for a worker; further ones are answered with status 503. By default there is no bound. */
  readonly maxBacklog?: number;
  /** Milliseconds without a request after which a worker ends a connected session, with status 408. By default, and with 0, it waits forever. */
  readonly keepaliveMs?: number;
  /** The addresses of the routers that it registers with; `router@DOMAIN/router` by default. */
  readonly routers?: readonly string[];
  /** A Perl package, for the text of "Method not found". */
  readonly implementation?: string;
}

/**
 * An OpenSRF service as OpenSRF runs one: a listener that registers with routers and gets the requests, and workers with logins of their own that
 * answer the clients. It works with every server on which OpenSRF runs.
 * @beta
 */
export interface OsrfService {
  /** The full JID of its listener. */
  readonly jid: string;
  /** The full JIDs of its workers. */
  readonly workerJids: readonly string[];
  /** Registers with the routers again. */
  register(): void;
  /** Unregisters from the routers. Requests that have come are still answered. */
  unregister(): void;
  /** Unregisters and logs out. */
  stop(): Promise<void>;
}

/**
 * The class of {@link OsrfService}.
 * @beta
 */
export interface OsrfServiceConstructor extends ClassOf<OsrfService> {
  /** Logs in over TCP and registers. @throws ConnectError, LoginError */
  start(options: ServiceOptions): Promise<OsrfService>;
}

/** See {@link OsrfServiceConstructor}. */
export const OsrfService: OsrfServiceConstructor = implementation.OsrfService;
