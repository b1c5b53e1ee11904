/**
 * An account, and a resource for the session.
 * @public
 */
export interface Credentials {
  /** The domain of the account, as `private.localhost`. */
  readonly domain: string;
  /** The name of the account. */
  readonly username: string;
  /** Its password. */
  readonly password: string;
  /** The resource, the last part of the JID, unique among the sessions of the account. */
  readonly resource: string;
}

/**
 * A server's address, and an account there.
 * @public
 */
export interface LoginOptions extends Credentials {
  /** The server's host name or IP address. */
  readonly host: string;
  /** Its TCP port; 5222 is usual. */
  readonly port: number;
  /** The time-out of the connection, and then of the login, in milliseconds; 10,000 by default, as in OpenSRF's libraries. */
  readonly loginTimeoutMs?: number;
}
