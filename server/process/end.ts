import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { reportFailure } from './daemon.ts';

/** Says in one line why a program ends, and sets its exit code. What is no {@link CommandError} is our mistake, and is told with its place. */
export function endWithError(program: string, error: unknown): void {
  const known = error instanceof CommandError;
  const message = known ? error.message : ((error as Error).stack ?? String(error));
  process.stderr.write(`${program}: ${message}\n`);
  reportFailure(message);
  process.exitCode = known ? error.exitCode : EXIT.failed;
}
