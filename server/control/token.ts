import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ControlArguments } from '../config/options/control-options.ts';
import type { NameOption } from '../config/sources/option-place.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';

/** A new token, or the one in the file that an option names. @throws CommandError */
export function controlToken({ controlTokenFile: file }: ControlArguments, named: NameOption): string {
  if (file === undefined) return randomBytes(24).toString('base64url');
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CommandError(EXIT.file, `${named('control-token-file')}: cannot read ${file}: ${(error as Error).message}`);
  }
  if (/^[\w.~+/=-]{16,}$/.test(token)) return token;
  throw new CommandError(EXIT.usage, `${named('control-token-file')}: ${file}: a token has 16 letters, digits or -._~+/= at least, and nothing else`);
}
