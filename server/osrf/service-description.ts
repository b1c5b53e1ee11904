import type { Clock } from '../../shared/clock.ts';
import type { OsrfMessage } from '../../shared/osrf/message.ts';
import type { ReplyLimits } from '../../shared/osrf/reply.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { ProgramTurns } from '../kernel/program-turns.ts';
import type { ServiceRequest } from './service-request.ts';

/**
 * A method as a function of the request's parameters. The returned or resolved value is the result; undefined and null mean no result. A generator
 * gives a result with each `yield`. A thrown error becomes status 500, or the status of a {@link ServiceStatus}.
 */
export type MethodFunction = (...params: never[]) => unknown;

/** A method that gets the whole request, or has its own settings. */
export interface MethodDefinition extends Partial<ReplyLimits> {
  /** A {@link MethodFunction} with the request before the parameters. */
  readonly handle: (request: ServiceRequest, ...params: never[]) => unknown;
  /** The number of parameters in introspection; by default, that of `handle`. */
  readonly argc?: number;
  /** Whether introspection shows several results; by default, whether `handle` is a generator. */
  readonly stream?: boolean;
  /** The notes in introspection. */
  readonly notes?: string;
}

/** A method of a service. */
export type Method = MethodFunction | MethodDefinition;

/** Methods by name. */
export type Methods = Readonly<Record<string, Method>>;

/** An event for {@link ServiceDescription.onEvent}. */
export type ServiceEvent =
  | { readonly kind: 'listener-received'; readonly listener: string; readonly from: string; readonly routerFrom: string; readonly worker: string }
  | { readonly kind: 'worker-received'; readonly worker: string; readonly from: string; readonly type: string };

/** The silence after which a worker ends a session. */
export interface Keepalive {
  readonly ms: number;
  readonly clock: Clock;
}

/**
 * Answers a CONNECT or REQUEST with its own stanzas.
 * @param send Addresses a stanza to the client and sends it.
 * @returns `answered`; `session over`: the worker leaves the session; `unknown`: the worker answers as usual.
 */
export type Answerer = (message: OsrfMessage, request: Stanza, send: (stanza: Stanza) => void) => 'answered' | 'session over' | 'unknown';

/** A service, on a socket or in the server's own process. */
export interface ServiceDescription {
  readonly service: string;
  readonly methods: Methods;
  /** The number of workers (OpenSRF's children) at the start. */
  readonly workers: number;
  /** The most workers; more log in while all are busy. By default the number at the start. */
  readonly maxWorkers?: number;
  /** The most stanzas that wait for a free worker; the listener answers further ones with status 503. No bound by default. */
  readonly maxBacklog?: number;
  /** The bytes of such stanzas, and of those that wait for one worker. No bound by default. */
  readonly maxBacklogBytes?: number;
  /** The most bytes of a stanza; the worker answers a longer one with status 400. No bound by default. */
  readonly maxRequestBytes?: number;
  /** Shares the event loop with the rest of the process; unnecessary for a service with its own process. */
  readonly turns?: ProgramTurns;
  /** The addresses of the routers to register with: `router@DOMAIN/router`. */
  readonly routers?: readonly string[];
  /** The Perl package in the text of "Method not found". */
  readonly implementation?: string;
  /** Without it, a session lasts until its client ends it. */
  readonly keepalive?: Keepalive;
  /** Replaces {@link methods}: executes a whole message. */
  readonly answerer?: Answerer;
  /** Called with the value that a method threw. */
  readonly onThrown?: (thrown: unknown, request: ServiceRequest) => void;
  readonly onEvent?: (event: ServiceEvent) => void;
  /** Called with an internal error that left a client without an answer. */
  readonly onFailure?: (error: unknown) => void;
}
