import * as implementation from '../osrf/service.ts';
import * as status from '../osrf/service-status.ts';
import type { ClassOf } from './class-of.ts';
import type { LoginOptions } from './login.ts';

/**
 * The session of a request on the service's side: from CONNECT to DISCONNECT, or a single request.
 * @public
 */
export interface ServiceSession {
  /** OpenSRF's session id: the `<thread>` of its messages. */
  readonly thread: string;
  /** The JID of the client. */
  readonly client: string;
  /** The transaction id (`osrf_xid`) of the last message; `''` if the client sent none. */
  readonly transactionId: string;
  /** Whether the client has connected, so that the same worker gets its next requests. */
  readonly connected: boolean;
  /** Values that the methods keep between the requests of a connected session. */
  // biome-ignore lint/suspicious/noExplicitAny: the service's own values
  readonly state: Map<string, any>;
}

/**
 * The request for {@link MethodDefinition.handle}.
 * @public
 */
export interface ServiceRequest {
  /** The name of the service. */
  readonly service: string;
  /** The name of the method. */
  readonly method: string;
  /** The parameters. */
  readonly params: readonly unknown[];
  /** Its session. */
  readonly session: ServiceSession;
  /** The number of the request in its session. */
  readonly threadTrace: string;
  /** The language that the client prefers, as `en-US`. */
  readonly locale: string;
  /** The entry point of the request into the system; `''` if the client sent none. */
  readonly ingress: string;
  /** OpenSRF's API level; 0 if the client sent none. */
  readonly apiLevel: number;
  /** Adds a result. Small results are sent in bundles, as by OpenSRF's libraries. */
  respond(content: unknown): void;
  /** Sends the results so far. */
  flush(): void;
  /** Sends status 100, which restarts the client's time-out. */
  continue(): void;
}

/**
 * A method as a function of the request's parameters. The returned or resolved value is the result; undefined and null mean no result. A generator gives a
 * result with each `yield`. A thrown error becomes status 500, or the status of a {@link ServiceStatus}.
 * @public
 */
export type MethodFunction = (...params: never[]) => unknown;

/**
 * A method that gets the whole request, or has its own settings.
 * @public
 */
export interface MethodDefinition {
  /** A {@link MethodFunction} with the request before the parameters. */
  readonly handle: (request: ServiceRequest, ...params: never[]) => unknown;
  /** The number of parameters that introspection shows; by default, as many as `handle` declares. */
  readonly argc?: number;
  /** Whether introspection shows a method with several results; by default, whether `handle` is a generator. */
  readonly stream?: boolean;
  /** The notes that introspection shows. */
  readonly notes?: string;
  /** The most characters of JSON in a bundle of results; 25,600 by default. 0: no bundles. */
  readonly maxBundleSize?: number;
  /** The most results in a bundle; 255 by default. */
  readonly maxBundleCount?: number;
  /** The most characters, as JSON in XML, of a result that is sent whole; a longer one is sent in chunks. 51,200 by default, as in OpenSRF's libraries. 0: no chunks. */
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
 * Thrown by a method to end its request with this status. Statuses 307, 408 and 417 end the session too.
 * @public
 */
export interface ServiceStatus extends Error {
  /** The name of the type. */
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
   * @param statusCode A whole number from 300 to 999: 403 forbidden, 404 not found, 500 failed, 307 redirect to another worker…
   * @param status The text.
   * @param payloadClass By default the class that OpenSRF's libraries use with that code.
   * @throws RangeError for another code.
   */
  new (statusCode: number, status: string, payloadClass?: string): ServiceStatus;
}

/** See {@link ServiceStatusConstructor}. */
export const ServiceStatus: ServiceStatusConstructor = status.ServiceStatus;

/**
 * The options of a service, and its login.
 * @beta
 */
export interface ServiceOptions extends Omit<LoginOptions, 'resource'> {
  /** The name of the service. */
  readonly service: string;
  /** Its methods. It has `opensrf.system.echo` and the like only if you include them. */
  readonly methods: Methods;
  /** The number of workers at the start. */
  readonly workers: number;
  /** The most workers: more log in while all are busy. By default the number at the start. */
  readonly maxWorkers?: number;
  /** The most requests that wait for a worker; the listener answers further ones with status 503. No bound by default. */
  readonly maxBacklog?: number;
  /** Milliseconds without a request after which a worker ends a connected session with status 408. 0, the default: never. */
  readonly keepaliveMs?: number;
  /** The addresses of the routers to register with; `router@DOMAIN/router` by default. */
  readonly routers?: readonly string[];
  /** The Perl package in the text of "Method not found". */
  readonly implementation?: string;
}

/**
 * An OpenSRF service: a listener that registers with routers and receives requests, and workers with their own logins that
 * answer the clients. It works with every server that runs OpenSRF.
 * @beta
 */
export interface OsrfService {
  /** The full JID of its listener. */
  readonly jid: string;
  /** The full JIDs of its workers. */
  readonly workerJids: readonly string[];
  /** Registers with the routers again. */
  register(): void;
  /** Unregisters from the routers. It still answers received requests. */
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
