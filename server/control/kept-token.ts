import { KeptFile } from '../process/kept-file.ts';
import { isToken, newToken } from './token.ts';

/**
 * The token of a server, kept beside its control file, so that an open console and a bookmark work again after a restart.
 * @param address As for {@link KeptFile.in}. @param renew Whether to replace the kept one.
 * @returns a new token, not kept, where other users may write to the folder.
 */
export function keptToken(folder: string, address: string, renew: boolean): string {
  const file = KeptFile.in(folder, address, 'token');
  const kept = renew ? '' : (file?.read()?.trim() ?? '');
  // A token that others have read is worth nothing.
  if (isToken(kept)) return kept;
  const token = newToken();
  try {
    file?.write(`${token}\n`);
  } catch {
    // It works for this start.
  }
  return token;
}
