import type { ChannelBindings } from '../../net/tls/channel-bindings.ts';

/** Why a login by SASL failed (RFC 6120 §6.5). */
export type SaslFailure =
  | 'aborted'
  | 'encryption-required'
  | 'incorrect-encoding'
  | 'invalid-authzid'
  | 'invalid-mechanism'
  | 'malformed-request'
  | 'not-authorized';

/** What the server has to say to a response. The text of a challenge or success is the mechanism's own, not yet in base64. */
export type SaslStep =
  | { readonly kind: 'challenge'; readonly text: string }
  /** The client has proved to be that user; `text` is what it wants to see of the server, `''` where the mechanism has nothing. */
  | { readonly kind: 'success'; readonly username: string; readonly text: string }
  | LoginFailure;

/** Why a try failed. */
export interface LoginFailure {
  readonly kind: 'failure';
  readonly condition: SaslFailure;
  /** The user name that was tried, for the log; `''` while there is none. */
  readonly username: string;
  /** More of the reason, for the log; `''`: the condition says it all. */
  readonly text: string;
}

/** What an exchange knows of the stream it runs on. */
export interface SaslContext {
  /** The domain whose accounts count. */
  readonly domain: string;
  /** What can be bound to of the TLS channel below, by type (RFC 5929, RFC 9266). Empty: nothing, and no `-PLUS` mechanism was offered. */
  readonly channelBindings: ChannelBindings;
}

/** The server's side of one try. It is given what the client says, in order, and is over with the first success or failure. */
export interface SaslExchange {
  respond(response: Buffer): SaslStep;
}

/** A way to log in (RFC 4422). All of ours begin with the client. */
export interface SaslMechanism {
  /** As IANA has it. */
  readonly name: string;
  /** Whether it gives the password itself away to whoever listens. */
  readonly plaintext: boolean;
  /** Whether it is bound to the TLS channel, so that it is of no use without one. */
  readonly bound: boolean;
  begin(context: SaslContext): SaslExchange;
}

export function failure(condition: SaslFailure, username = '', text = ''): LoginFailure {
  return { kind: 'failure', condition, username, text };
}
