import * as errors from '../osrf/errors.ts';
import * as login from '../osrf/login.ts';
import type { ClassOf } from './class-of.ts';

/**
 * The source of a failure: `service`, an error status of the service; `router`, the service has no listener; `bounce`, the message bounced;
 * `connection`, the connection to the Jabber server was lost; `client`, the client itself gave up. New versions may add kinds.
 * @public
 */
export type OsrfErrorKind = 'service' | 'router' | 'bounce' | 'connection' | 'client';

/**
 * A request ended without a complete answer. `message` begins with the status code.
 * @public
 */
export interface OsrfError extends Error {
  /** The name of the type. */
  readonly name: 'OsrfError';
  /** The source of the failure. */
  readonly kind: OsrfErrorKind;
  /** OpenSRF's status code, as 404; of a bounce the code of XEP-0086; otherwise 500. */
  readonly statusCode: number;
  /** The JID that reported the failure; `''` if the client itself found it. */
  readonly from: string;
  /** The service of the request; `''` if the failure is not that of a request. `stack` is that of the call. */
  readonly service: string;
  /** Its method, or `''`. */
  readonly method: string;
  /** Its `osrf_xid`, or `''`. */
  readonly transactionId: string;
  /** The last three messages of its thread, each as `FROM → TO: TYPE NUMBER CONTENT`; `stack` has them too. */
  readonly messages: readonly string[];
  /** The value that a stub of this process threw at the request, with the service's own stack. */
  readonly cause?: unknown;
}

/** The class of {@link OsrfError}. */
export const OsrfError: ClassOf<OsrfError> = errors.OsrfError;

/**
 * No answer arrived in time. `message` names the awaited event and the seconds.
 * @public
 */
export interface OsrfTimeout extends Error {
  /** The name of the type. */
  readonly name: 'OsrfTimeout';
  /** The last three messages of the request's thread, as in {@link OsrfError}; none if it was no request. */
  readonly messages: readonly string[];
}

/** The class of {@link OsrfTimeout}. */
export const OsrfTimeout: ClassOf<OsrfTimeout> = errors.OsrfTimeout;

/**
 * No connection to the server: nothing listens there, or its name has no address.
 * @public
 */
export interface ConnectError extends Error {
  /** The name of the type. */
  readonly name: 'ConnectError';
}

/** The class of {@link ConnectError}. */
export const ConnectError: ClassOf<ConnectError> = login.ConnectError;

/**
 * The client connected, but could not log in. `message` has the JID and the server's reason.
 * @public
 */
export interface LoginError extends Error {
  /** The name of the type. */
  readonly name: 'LoginError';
  /** True if the server refused the login; false if it closed the connection, did not answer, or is not a Jabber server. */
  readonly refused: boolean;
}

/** The class of {@link LoginError}. */
export const LoginError: ClassOf<LoginError> = login.LoginError;
