import { randomBytes } from 'node:crypto';
import { formatPlace, type Place } from '../config/problem.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { readRegularFile } from '../kernel/regular-file.ts';

/** A new token, or the one in a file. @param place The setting that names the file. @throws CommandError */
export function controlToken(file: string | null, place: Place): string {
  if (file === null) return randomBytes(24).toString('base64url');
  let token: string;
  try {
    token = readRegularFile(file).trim();
  } catch (error) {
    throw new CommandError(EXIT.file, `${formatPlace(place)}: cannot read ${file}: ${(error as Error).message}`);
  }
  if (/^[\w.~+/=-]{16,}$/.test(token)) return token;
  throw new CommandError(EXIT.usage, `${formatPlace(place)}: ${file}: a token must have at least 16 characters, only letters, digits and -._~+/=`);
}
