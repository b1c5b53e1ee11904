import * as implementation from '../osrf/client.ts';
import type { ClassOf } from './class-of.ts';
import type { LoginOptions } from './login.ts';

/**
 * The envelope of a session's requests, and its time-out.
 * @public
 */
export interface SessionSettings {
  /** The language for texts, as `fr-CA`; `en-US` by default. */
  readonly locale: string;
  /** The entry point of the request into the system, which OpenSRF's services log; `opensrf` by default. `''`: none. */
  readonly ingress: string;
  /** OpenSRF's API level; 1 by default. 0: none. */
  readonly apiLevel: number;
  /** Milliseconds until a request fails with {@link OsrfTimeout}; each result and each status 100 (continue) restarts them. 60,000 by default. */
  readonly timeoutMs: number;
}

/**
 * The login options of an {@link OsrfClient}, and the defaults of its sessions.
 * @public
 */
export interface ClientOptions extends LoginOptions, Partial<SessionSettings> {
  /** The account of the router, the local part of its address; `router` by default. */
  readonly routerName?: string;
}

/**
 * The answer to one request.
 * @public
 */
export interface Answer {
  /** The contents of its results, in order, with chunks joined. */
  readonly results: readonly unknown[];
  /** The JID of the worker that answered. */
  readonly from: string;
}

/**
 * A sent request. Await it for its first result (or undefined), iterate over it for each result as it arrives, or await
 * {@link OsrfRequest.answer} for all. Each of them throws {@link OsrfError} or {@link OsrfTimeout} if the request fails; the iteration does so after the received results.
 * @public
 */
// biome-ignore lint/suspicious/noExplicitAny: JSON, of which the caller knows the shape
export interface OsrfRequest extends Promise<any>, AsyncIterable<unknown> {
  /** The number of the request in its session, counted from 1. */
  readonly threadTrace: string;
  /** The whole answer, when it is complete. */
  readonly answer: Promise<Answer>;
  /** The JID of its receiver: the service's at the router, or a worker's; `''` while it waits for a worker. */
  readonly sentTo: string;
}

/**
 * An OpenSRF session: a thread with numbered requests to one service. Each request goes to the router until {@link OsrfClientSession.connect}, then to
 * one worker. If that worker ends the session (status 307, 408, 417) or disappears before the first result, the session connects to another one and sends the request
 * again, at most three times.
 * @public
 */
export interface OsrfClientSession {
  /** The JID of the receiver: the service's at the router, or the worker's. */
  readonly remote: string;
  /**
   * Connects the session to one worker.
   * @param timeoutMs Milliseconds to wait for a worker; 5,000 by default.
   * @returns the worker's JID.
   * @throws OsrfError, OsrfTimeout
   */
  connect(timeoutMs?: number): Promise<string>;
  /** Calls a method. A session may have several requests in flight. */
  request(method: string, ...params: unknown[]): OsrfRequest;
  /**
   * Calls a method with the parameters in a list.
   * @param timeoutMs Replaces the session's {@link SessionSettings.timeoutMs}.
   */
  call(method: string, params: readonly unknown[], timeoutMs?: number): OsrfRequest;
  /** Releases the worker. Later requests go to the router again. */
  disconnect(): void;
  /** Ends the session. Requests without a complete answer fail with an {@link OsrfError} of kind `client`. */
  end(): void;
}

/**
 * A client of OpenSRF: one login to a Jabber server, any number of sessions. It works with every server that runs OpenSRF.
 *
 *     const client = await OsrfClient.connect({ host: '127.0.0.1', port: 5222, domain: 'localhost', username: 'opensrf', password: 'password', resource: 'me' });
 *     await client.request('opensrf.math', 'add', 2, 2); // 4
 *     for await (const word of client.request('opensrf.simple-text', 'opensrf.simple-text.split', 'a b')) console.log(word);
 * @public
 */
export interface OsrfClient {
  /** Its full JID. */
  readonly jid: string;
  /** Whether it is logged in: false after {@link OsrfClient.close}, or when the server has ended the session, or when the connection was lost. */
  readonly open: boolean;
  /** Sends one request in a new session, to a service of the router of the client's domain. */
  request(service: string, method: string, ...params: unknown[]): OsrfRequest;
  /** Begins a session with a service of the router of the client's domain. @param settings Replace the client's own. */
  session(service: string, settings?: Partial<SessionSettings>): OsrfClientSession;
  /** Begins a session with a service by its full address, as `router@public.localhost/opensrf.math`. @param settings Replace the client's own. */
  sessionAt(address: string, settings?: Partial<SessionSettings>): OsrfClientSession;
  /** Logs out, and resolves when the connection is closed. Requests without a complete answer fail with an {@link OsrfError} of kind `connection`. */
  close(): Promise<void>;
  /** Drops the connection at once, as a killed process does. */
  kill(): void;
  /** Calls {@link OsrfClient.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The class of {@link OsrfClient}.
 * @public
 */
export interface OsrfClientConstructor extends ClassOf<OsrfClient> {
  /** Logs in over TCP. @throws ConnectError, LoginError */
  connect(options: ClientOptions): Promise<OsrfClient>;
}

/** See {@link OsrfClientConstructor}. */
export const OsrfClient: OsrfClientConstructor = implementation.OsrfClient;
