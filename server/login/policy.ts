import type { PlaintextLogin } from '../config/transports.ts';
import type { Transport } from '../net/transport.ts';

/** Where logins are taken. */
export interface LoginPolicy {
  readonly plaintextLogin: PlaintextLogin;
  /** Whether a client over TCP may or must begin TLS. */
  readonly startTls: 'none' | 'offered' | 'required';
}

/** What one client may do as it is connected now. */
export interface LoginTerms {
  readonly startTls: 'none' | 'offered' | 'required';
  /** Whether it may log in at all. */
  readonly login: boolean;
  /** Whether it may say its password, or a digest of it (`jabber:iq:auth`). */
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
