import type { Stanza } from '../../shared/stanza.ts';

/** The account and resource of a login. */
export interface Credentials {
  /** The domain of the account. */
  readonly domain: string;
  /** Its name. */
  readonly username: string;
  /** Its password. */
  readonly password: string;
  /** The resource, unique among the account's sessions. */
  readonly resource: string;
  /** The time-out of the connection and then of the login; 10 s by default, as in OpenSRF's own libraries. */
  readonly loginTimeoutMs?: number;
}

/** A server's address, and the credentials. */
export interface LoginOptions extends Credentials {
  /** The server's host name or address. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
  /** Called between the connection and the login. */
  readonly onConnected?: () => void;
}

/** No connection to the server. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';

  constructor({ host, port }: LoginOptions, reason: string) {
    super(`no server at ${host}:${port} (${reason})`);
  }
}

/** The server refused the login, or did not complete it. */
export class LoginError extends Error {
  override readonly name = 'LoginError';
  /** Whether the server refused the login; otherwise it closed the connection, did not answer, or is not a Jabber server. */
  readonly refused: boolean;

  constructor(jid: string, reason: string, refused: boolean) {
    super(`cannot log in as ${jid}: ${reason}`);
    this.refused = refused;
  }
}

/** A login to a Jabber server: over a socket, or in the server's own process. */
export interface JabberLogin {
  /** Its full JID. */
  readonly jid: string;
  /** Whether it is still connected. */
  readonly open: boolean;
  /** Called for each `<message>`; set it right after the login. */
  onMessage: (message: Stanza) => void;
  /** Called for each `<iq>` after the login. */
  onIq: (iq: Stanza) => void;
  /** Called once when the session has ended, by either side. */
  onClose: () => void;
  /** Sends a stanza. The server overwrites its sender. */
  send(stanza: Stanza): void;
  /** Resolves when the server has processed all sent stanzas, or the session has ended. */
  settled(): Promise<void>;
  /** Logs out; resolves when that is done. */
  close(): Promise<void>;
  /** Drops the connection, as a killed process does. */
  kill(): void;
}
