import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { crashText } from '../kernel/start-program.ts';
import { reportFailure } from './daemon.ts';
import { predecessor } from './predecessor.ts';

/** Prints the reason why a program ends, and sets its exit code: a few lines for a user's mistake, the stack for a bug. */
export function endWithError(program: string, error: unknown): void {
  const known = knownError(error);
  const message = known?.message ?? crashText(error);
  process.stderr.write(`${program}: ${message}\n`);
  reportFailure(message);
  predecessor?.failed(message);
  process.exitCode = known?.exitCode ?? EXIT.failed;
}

function knownError(error: unknown): CommandError | null {
  if (error instanceof CommandError) return error;
  // Standard output may be a file on a full disk.
  return error instanceof Error && 'syscall' in error && error.syscall === 'write' ? new CommandError(EXIT.file, `cannot write: ${error.message}`) : null;
}
