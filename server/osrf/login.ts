import type { Stanza } from '../../shared/stanza.ts';

/** As whom to log in. */
export interface Credentials {
  /** The domain of the account. */
  readonly domain: string;
  /** Its name. */
  readonly username: string;
  /** Its password. */
  readonly password: string;
  /** What no other session of the account has. */
  readonly resource: string;
  /** For the connection and the login each; 10 s, as in OpenSRF's own libraries, where it is missing. */
  readonly loginTimeoutMs?: number;
}

/** Where to log in, and as whom. */
export interface LoginOptions extends Credentials {
  /** Where the server listens. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
  /** Called between the connection and the login. */
  readonly onConnected?: () => void;
}

/** Nobody takes connections there. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';

  constructor({ host, port }: LoginOptions, reason: string) {
    super(`no server at ${host}:${port} (${reason})`);
  }
}

/** The server refused the login, or did not get through it. */
export class LoginError extends Error {
  override readonly name = 'LoginError';
  /** Whether the server said no; otherwise it broke off, said nothing, or is no Jabber server. */
  readonly refused: boolean;

  constructor(jid: string, reason: string, refused: boolean) {
    super(`cannot log in as ${jid}: ${reason}`);
    this.refused = refused;
  }
}

/** A login at a Jabber server: over a socket, or of a program in the server's own process. */
export interface JabberLogin {
  /** The address it is logged in with. */
  readonly jid: string;
  /** Whether it is still connected. */
  readonly open: boolean;
  /** Called for each `<message>`; set it before the first can come. */
  onMessage: (message: Stanza) => void;
  /** Called for each `<iq>` after the login. */
  onIq: (iq: Stanza) => void;
  /** Called once when the login is over, whichever side ended it. */
  onClose: () => void;
  /** Sends a stanza. The server overwrites its sender. */
  send(stanza: Stanza): void;
  /** Resolves when the server has dealt with all that was sent before, or the login is over. */
  settled(): Promise<void>;
  /** Logs out, and resolves when that is done. */
  close(): Promise<void>;
  /** Drops the connection without a word, as a killed process does. */
  kill(): void;
}
