import type { Accounts } from './accounts.ts';

/** A refused login, for the log. */
export interface RefusedLogin {
  /** As sent by the client; `''` without a user name. */
  readonly username: string;
  /** A SASL condition (RFC 6120 §6.5) or a stanza error's. */
  readonly condition: string;
  /** More of the reason; `''`: none. */
  readonly text: string;
}

/** The account for the log: an address, or the domain if the client named no user. */
export function accountOf({ username }: RefusedLogin, domain: string): string {
  if (username === '') return domain;
  return username.includes('@') ? username : `${username}@${domain}`;
}

/** The reason for the log. Never send it to the client: an attacker must not learn which users exist. */
export function refusalReason({ username, condition, text }: RefusedLogin, domain: string, accounts: Accounts): string {
  switch (condition) {
    case 'not-authorized':
      if (text !== '') return text;
      if (username.includes('@')) return `wrong domain: this stream is for ${domain}`;
      return accounts.find(username, domain) === undefined ? 'unknown user' : 'wrong password';
    case 'invalid-authzid':
      return 'wrong authorization identity: a client may act as its own account only';
    case 'encryption-required':
    case 'policy-violation':
      return 'policy: the server takes no password without TLS from this peer';
    default:
      return text === '' ? condition : `${condition}: ${text}`;
  }
}
