import type { Clock } from '../../shared/clock.ts';
import type { OsrfMessage } from '../../shared/osrf/message.ts';
import type { ReplyLimits } from '../../shared/osrf/reply.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { ProgramTurns } from '../kernel/program-turns.ts';
import type { ServiceRequest } from './service-request.ts';

/**
 * Does what is asked of a method. What it returns (or resolves to) is the request's result, nothing is none, and what a generator yields are
 * several; what it throws becomes status 500, or the one that a {@link ServiceStatus} names.
 */
export type MethodFunction = (...params: never[]) => unknown;

/** A method that wants to know more than its parameters, or is to answer in a way of its own. */
export interface MethodDefinition extends Partial<ReplyLimits> {
  /** As a {@link MethodFunction}, with the request before the parameters. */
  readonly handle: (request: ServiceRequest, ...params: never[]) => unknown;
  /** How many parameters introspection tells; those of the function where it is missing. */
  readonly argc?: number;
  /** Whether introspection tells that there may be several results; whether the function is a generator where it is missing. */
  readonly stream?: boolean;
  /** What introspection tells of it. */
  readonly notes?: string;
}

/** A method of a service. */
export type Method = MethodFunction | MethodDefinition;

/** Methods by name. */
export type Methods = Readonly<Record<string, Method>>;

/** Something that happened in a service, as {@link ServiceDescription.onEvent} is told. */
export type ServiceEvent =
  | { readonly kind: 'listener-received'; readonly listener: string; readonly from: string; readonly routerFrom: string; readonly worker: string }
  | { readonly kind: 'worker-received'; readonly worker: string; readonly from: string; readonly type: string };

/** How long a worker waits for the next word of a session before it ends that. */
export interface Keepalive {
  readonly ms: number;
  readonly clock: Clock;
}

/**
 * Answers a CONNECT or REQUEST with stanzas of its own.
 * @param send Addresses a stanza to the client and sends it.
 * @returns what it did: on `unknown` the worker answers as usual, on `session over` it leaves the session.
 */
export type Answerer = (message: OsrfMessage, request: Stanza, send: (stanza: Stanza) => void) => 'answered' | 'session over' | 'unknown';

/** What a service can do, wherever it runs. */
export interface ServiceDescription {
  readonly service: string;
  readonly methods: Methods;
  /** How many workers (OpenSRF's children) there are from the start. */
  readonly workers: number;
  /** How many there may be: more come when all are busy. Those of the start alone where it is missing. */
  readonly maxWorkers?: number;
  /** So many stanzas wait for a free worker; further ones are answered with status 503. Without end where it is missing. */
  readonly maxBacklog?: number;
  /** The bytes of such stanzas, and of those that wait for one worker. Without end where it is missing. */
  readonly maxBacklogBytes?: number;
  /** A longer stanza is not read, but answered with status 400. Without end where it is missing. */
  readonly maxRequestBytes?: number;
  /** Shares the event loop with the rest of the process; a service that has a process of its own needs none. */
  readonly turns?: ProgramTurns;
  /** The addresses of the routers it registers with: `router@DOMAIN/router`. */
  readonly routers?: readonly string[];
  /** Whose methods they are, for the message that there is no such method: a Perl package. */
  readonly implementation?: string;
  /** Where there is none, a session lasts until its client ends it. */
  readonly keepalive?: Keepalive;
  /** Takes the place of {@link methods}: does all that a message asks for, and says whether it did. */
  readonly answerer?: Answerer;
  readonly onEvent?: (event: ServiceEvent) => void;
  /** Called with an error that left a client without its answer: a mistake of ours. */
  readonly onFailure?: (error: unknown) => void;
}
