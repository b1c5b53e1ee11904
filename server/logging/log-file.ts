import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { appendToFile, checkNotSpecial } from '../kernel/regular-file.ts';
import type { LogSink } from './sink.ts';

/** The one device that is accepted as a log file. */
export const NULL_DEVICE = '/dev/null';

/**
 * A log file that is opened for each line, as by OpenSRF's own programs: logrotate may rename, remove or truncate it without a signal,
 * and several programs may share it. A line costs about 15 µs; the server logs none per stanza.
 */
export class LogFile implements LogSink {
  private readonly path: string;

  /** @param path Absolute. @throws CommandError if it cannot be written. */
  constructor(path: string) {
    this.path = path;
    const problem = specialProblem(path) ?? this.append('');
    if (problem !== null) throw new CommandError(EXIT.file, `cannot write the log file ${path}: ${problem}`);
  }

  write(_level: number, line: string): string | null {
    return this.append(`${line}\n`);
  }

  async close(): Promise<void> {}

  private append(text: string): string | null {
    try {
      appendToFile(this.path, text);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  }
}

/** `/dev/null` passes: it is the log file of a site that wants none. */
function specialProblem(path: string): string | null {
  try {
    if (path !== NULL_DEVICE) checkNotSpecial(path);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
