import { lstatSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomically } from '../kernel/files.ts';
import { readRegularFile } from '../kernel/regular-file.ts';
import { isToken, newToken } from './token.ts';

/**
 * The token of a server, kept beside its control file, so that an open console and a bookmark work again after a restart.
 * @param address Of the server, which tells several servers of a user apart; `''`: keep none. @param renew Whether to replace the kept one.
 * @returns a new token, not kept, where other users may write to the folder.
 */
export function keptToken(folder: string, address: string, renew: boolean): string {
  if (address === '' || !isSafe(folder)) return newToken();
  const path = join(folder, `${address.replace(/[^\w.-]/g, '_')}.token`);
  const kept = renew ? null : readKept(path);
  if (kept !== null) return kept;
  const token = newToken();
  try {
    writeFileAtomically(path, `${token}\n`, 0o600);
  } catch {
    // It works for this start.
  }
  return token;
}

function readKept(path: string): string | null {
  try {
    if (!isPrivate(path)) return null;
    const token = readRegularFile(path).trim();
    return isToken(token) ? token : null;
  } catch {
    return null;
  }
}

/** Whether only the server's user can read a file: a token that others have read is worth nothing. */
function isPrivate(path: string): boolean {
  const { uid, mode } = lstatSync(path);
  return uid === userInfo().uid && (mode & 0o077) === 0;
}

function isSafe(folder: string): boolean {
  try {
    const { uid, mode } = lstatSync(folder);
    return uid === userInfo().uid && (mode & 0o022) === 0;
  } catch {
    return false;
  }
}
