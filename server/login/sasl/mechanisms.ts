import type { Accounts } from '../accounts.ts';
import type { SaslContext, SaslMechanism } from './mechanism.ts';
import { PlainMechanism } from './plain.ts';
import { ScramMechanism } from './scram.ts';
import { AccountScramKeys } from './scram-keys.ts';

/** All mechanisms, strongest first. @param soon See {@link AccountScramKeys}. */
export function createMechanisms(accounts: Accounts, soon?: (action: () => void) => void): SaslMechanism[] {
  const keys = new AccountScramKeys(accounts, undefined, soon);
  return [
    new ScramMechanism('sha256', true, keys),
    new ScramMechanism('sha1', true, keys),
    new ScramMechanism('sha256', false, keys),
    new ScramMechanism('sha1', false, keys),
    new PlainMechanism(accounts),
  ];
}

/** The mechanisms to offer on a stream. @param plaintext Whether PLAIN is allowed. */
export function offeredMechanisms(mechanisms: readonly SaslMechanism[], { channelBindings }: SaslContext, plaintext: boolean): SaslMechanism[] {
  return mechanisms.filter((mechanism) => (plaintext || !mechanism.plaintext) && (!mechanism.bound || channelBindings.size > 0));
}
