import type { ChannelBindings } from '../../net/tls/channel-bindings.ts';

/** The reason of a SASL failure (RFC 6120 §6.5). */
export type SaslFailure =
  | 'aborted'
  | 'encryption-required'
  | 'incorrect-encoding'
  | 'invalid-authzid'
  | 'invalid-mechanism'
  | 'malformed-request'
  | 'not-authorized';

/** The server's answer to a response. The text of a challenge or success is not yet in base64. */
export type SaslStep =
  | { readonly kind: 'challenge'; readonly text: string }
  /** The client is authenticated; `text` is the server's proof, or `''`. */
  | { readonly kind: 'success'; readonly username: string; readonly text: string }
  | LoginFailure;

/** The reason of a failed attempt. */
export interface LoginFailure {
  readonly kind: 'failure';
  readonly condition: SaslFailure;
  /** The attempted user name, for the log; `''`: none. */
  readonly username: string;
  /** More of the reason, for the log; `''`: none. */
  readonly text: string;
}

/** The stream of an exchange. */
export interface SaslContext {
  /** The domain of the accounts. */
  readonly domain: string;
  /** The channel bindings by type (RFC 5929, RFC 9266). Empty: no `-PLUS` mechanism is offered. */
  readonly channelBindings: ChannelBindings;
}

/** The server's side of one attempt. It gets the client's responses in order, and ends with the first success or failure. */
export interface SaslExchange {
  respond(response: Buffer): SaslStep;
}

/** A SASL mechanism (RFC 4422). In all of ours, the client begins. */
export interface SaslMechanism {
  /** The name registered with IANA. */
  readonly name: string;
  /** Whether it sends the password itself. */
  readonly plaintext: boolean;
  /** Whether it binds to the TLS channel, which it then needs. */
  readonly bound: boolean;
  begin(context: SaslContext): SaslExchange;
}

export function failure(condition: SaslFailure, username = '', text = ''): LoginFailure {
  return { kind: 'failure', condition, username, text };
}
