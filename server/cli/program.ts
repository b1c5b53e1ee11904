import { endWithError } from '../process/end.ts';
import { runCommandLine } from './command-line.ts';

/** The program `opensrf-chopchop`. */
export function run(): void {
  runCommandLine(process.argv.slice(2)).catch((error: unknown) => endWithError('opensrf-chopchop', error));
}
