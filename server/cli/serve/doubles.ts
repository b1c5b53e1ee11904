import { type Doubles, type DoublesOptions, readDoubles } from '../../fixture/doubles.ts';
import { Fault, type FaultOptions } from '../../fixture/faults/fault.ts';
import { RecordingError } from '../../fixture/recording/recorded-exchange.ts';
import { StubFileError } from '../../fixture/stub-files/error.ts';
import { matcherOf } from '../../fixture/stub-files/matchers.ts';
import { CommandError, EXIT } from '../../kernel/exit-codes.ts';

/** What yargs makes of the options for doubles. */
export interface DoublesArguments extends Omit<DoublesOptions, 'faults' | 'seed'> {
  /** Each a JSON text. */
  readonly fault?: readonly string[] | undefined;
  readonly faultSeed?: number | undefined;
}

/** Whether any double is asked for. */
export function wantsDoubles({ stubs, record, replay, fault }: DoublesArguments): boolean {
  return stubs !== undefined || record !== undefined || replay !== undefined || fault !== undefined;
}

/** @throws CommandError */
export async function doublesOf({ fault = [], faultSeed, ...options }: DoublesArguments): Promise<Doubles> {
  try {
    return await readDoubles({ ...options, faults: fault.map(parseFault), seed: faultSeed });
  } catch (error) {
    throw doublesFailure(error);
  }
}

function parseFault(text: string): FaultOptions {
  try {
    const { params, ...options } = JSON.parse(text);
    const fault = Array.isArray(params) ? { ...options, params: params.map(matcherOf) } : options;
    // What means nothing is to be said before anything is there.
    return new Fault(fault, () => {}).options;
  } catch (error) {
    throw new CommandError(EXIT.usage, `--fault: ${text}: ${(error as Error).message}`);
  }
}

/** What kept doubles from starting, as its exit code and lines; anything else as it is. */
export function doublesFailure(error: unknown): unknown {
  if (error instanceof StubFileError) return new CommandError(EXIT.usage, error.message);
  if (error instanceof RecordingError) return new CommandError(EXIT.file, error.message);
  return error;
}
