import { randomBytes } from 'node:crypto';
import { formatPlace, type Place } from '../config/problem.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { readRegularFile } from '../kernel/regular-file.ts';

/** A random token. */
export function newToken(): string {
  return randomBytes(24).toString('base64url');
}

/** Whether a text can be a token. */
export function isToken(text: string): boolean {
  return /^[\w.~+/=-]{16,}$/.test(text);
}

/** The token in a file. @param place The setting that names the file. @throws CommandError */
export function tokenInFile(file: string, place: Place): string {
  let token: string;
  try {
    token = readRegularFile(file).trim();
  } catch (error) {
    throw new CommandError(EXIT.file, `${formatPlace(place)}: cannot read ${file}: ${(error as Error).message}`);
  }
  if (isToken(token)) return token;
  throw new CommandError(EXIT.usage, `${formatPlace(place)}: ${file}: a token must have at least 16 characters, only letters, digits and -._~+/=`);
}
