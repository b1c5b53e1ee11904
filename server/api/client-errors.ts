import * as errors from '../osrf/errors.ts';
import * as login from '../osrf/login.ts';
import type { ClassOf } from './class-of.ts';

/**
 * What failed a request: `service`, an error status of the service; `router`, no listener of that service; `bounce`, the message came back undelivered;
 * `connection`, the connection to the Jabber server was lost; `client`, the client itself gave up. More kinds may come.
 * @public
 */
export type OsrfErrorKind = 'service' | 'router' | 'bounce' | 'connection' | 'client';

/**
 * A request ended without a complete answer. `message` begins with the status code.
 * @public
 */
export interface OsrfError extends Error {
  /** Tells its type. */
  readonly name: 'OsrfError';
  /** What failed. */
  readonly kind: OsrfErrorKind;
  /** OpenSRF's status code, as 404; of a bounce the legacy code (XEP-0086); 500 where there is no other. */
  readonly statusCode: number;
  /** The JID that reported the failure; `''` where the client found it. */
  readonly from: string;
}

/** The class of {@link OsrfError}. */
export const OsrfError: ClassOf<OsrfError> = errors.OsrfError;

/**
 * No answer came within the time that the caller gave. `message` names what was awaited, and the seconds.
 * @public
 */
export interface OsrfTimeout extends Error {
  /** Tells its type. */
  readonly name: 'OsrfTimeout';
}

/** The class of {@link OsrfTimeout}. */
export const OsrfTimeout: ClassOf<OsrfTimeout> = errors.OsrfTimeout;

/**
 * No connection to the server: nothing listens there, or its name has no address.
 * @public
 */
export interface ConnectError extends Error {
  /** Tells its type. */
  readonly name: 'ConnectError';
}

/** The class of {@link ConnectError}. */
export const ConnectError: ClassOf<ConnectError> = login.ConnectError;

/**
 * There was a connection, and no login. `message` has the JID and the server's reason.
 * @public
 */
export interface LoginError extends Error {
  /** Tells its type. */
  readonly name: 'LoginError';
  /** True if the server refused the login; false if it closed the connection, stayed silent, or is no Jabber server. */
  readonly refused: boolean;
}

/** The class of {@link LoginError}. */
export const LoginError: ClassOf<LoginError> = login.LoginError;
