import { CommandError, EXIT } from '../exit-codes.ts';
import { type Doubles, type DoublesOptions, readDoubles } from '../fixture/doubles.ts';
import { RecordingError } from '../fixture/recording/recorded-exchange.ts';
import { StubFileError } from '../fixture/stub-files/error.ts';

/** Whether any double is asked for. */
export function wantsDoubles({ stubs, record, replay }: DoublesOptions): boolean {
  return stubs !== undefined || record !== undefined || replay !== undefined;
}

/** @throws CommandError */
export async function doublesOf(options: DoublesOptions): Promise<Doubles> {
  try {
    return await readDoubles(options);
  } catch (error) {
    throw doublesFailure(error);
  }
}

/** What kept doubles from starting, as its exit code and lines; anything else as it is. */
export function doublesFailure(error: unknown): unknown {
  if (error instanceof StubFileError) return new CommandError(EXIT.usage, error.message);
  if (error instanceof RecordingError) return new CommandError(EXIT.file, error.message);
  return error;
}
