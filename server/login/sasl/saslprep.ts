const OTHER_SPACES = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g;
const NOTHING = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|[\u200c-\u200d]|\u2060|[\ufe00-\ufe0f]|\ufeff/gu;

/**
 * Prepares a password for SCRAM (RFC 5802 §2.2, SASLprep: RFC 4013 §2.1 and §2.2). It refuses nothing; passwords are checked where they are chosen.
 */
export function saslprep(password: string): string {
  return password.replace(OTHER_SPACES, ' ').replace(NOTHING, '').normalize('NFKC');
}
