import type { PlaintextLogin } from '../config/transports.ts';
import type { Transport } from '../net/transport.ts';

/** The login policy of a server. */
export interface LoginPolicy {
  readonly plaintextLogin: PlaintextLogin;
  /** Whether a client over TCP may or must start TLS. */
  readonly startTls: 'none' | 'offered' | 'required';
}

/** The login terms of one connection. */
export interface LoginTerms {
  readonly startTls: 'none' | 'offered' | 'required';
  /** Whether it may log in. */
  readonly login: boolean;
  /** Whether it may send its password, or a digest of it (`jabber:iq:auth`). */
  readonly plaintext: boolean;
}

export function loginTerms(policy: LoginPolicy, { canStartTls, confidential, remote }: Pick<Transport, 'canStartTls' | 'confidential' | 'remote'>): LoginTerms {
  const login = confidential || policy.startTls !== 'required';
  return { startTls: canStartTls ? policy.startTls : 'none', login, plaintext: login && (confidential || isTaken(policy.plaintextLogin, remote)) };
}

function isTaken(plaintextLogin: PlaintextLogin, remote: boolean): boolean {
  switch (plaintextLogin) {
    case 'allow':
      return true;
    case 'loopback':
      return !remote;
    case 'never':
      return false;
  }
}
