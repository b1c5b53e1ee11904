import { X509Certificate } from 'node:crypto';
import { CommandError, EXIT } from '../../kernel/exit-codes.ts';
import { readRegularFile } from '../../kernel/regular-file.ts';

/** A login at a NATS server: NATS credentials (JWT and seed), the seed of an nkey, or `user:password`. */
export interface NatsCredentials {
  readonly kind: 'creds' | 'seed' | 'user';
  readonly text: string;
}

/** Reads the file of `--nats-credentials`. No message shows its content. @throws CommandError */
export function readNatsCredentials(file: string): NatsCredentials {
  const text = read(file);
  const line = text.trim();
  if (/^-+BEGIN NATS USER JWT-+$/m.test(text) && /^-+BEGIN USER NKEY SEED-+$/m.test(text)) return { kind: 'creds', text };
  if (/^SU[A-Z2-7]{56}$/.test(line)) return { kind: 'seed', text: line };
  if (/^[^\s:]+:.+$/.test(line)) return { kind: 'user', text: line };
  throw new CommandError(EXIT.usage, `${file} has neither NATS credentials (.creds), nor the seed of a user's nkey, nor one line USER:PASSWORD`);
}

/** Reads the file of `--nats-ca`. @throws CommandError */
export function readNatsAuthorities(file: string): string {
  const text = read(file);
  try {
    new X509Certificate(text);
    return text;
  } catch {
    throw new CommandError(EXIT.usage, `${file} has no certificate in PEM`);
  }
}

function read(file: string): string {
  try {
    return readRegularFile(file);
  } catch (error) {
    throw new CommandError(EXIT.file, `cannot read ${file}: ${(error as Error).message}`);
  }
}
