import { jsonProblem, parseJson } from '../../../shared/osrf/json.ts';
import { formatPlace } from '../../config/problem.ts';
import type { PlacedSettings } from '../../config/sources/placed-settings.ts';
import { Fault, type FaultOptions } from '../../fixture/faults/fault.ts';
import { RecordingError } from '../../fixture/recording/recorded-exchange.ts';
import { StubFileError } from '../../fixture/stub-files/error.ts';
import { matcherOf } from '../../fixture/stub-files/matchers.ts';
import { readTestDoubles, type TestDoubles } from '../../fixture/test-doubles.ts';
import { CommandError, EXIT, fileExitCode } from '../../kernel/exit-codes.ts';

/** Whether the user wants any double. */
export function hasTestDoubles({ values: { stubs, record, replay, faults } }: PlacedSettings): boolean {
  return stubs !== null || record !== null || replay !== null || faults.length > 0;
}

/** Reads stubs, recording and faults. @throws CommandError */
export async function loadTestDoubles(settings: PlacedSettings): Promise<TestDoubles> {
  const { stubs, record, replay, replayMode, faults, seed } = settings.values;
  try {
    return await readTestDoubles({
      stubs: stubs ?? undefined,
      record: record ?? undefined,
      replay: replay ?? undefined,
      replayMode,
      faults: faults.map((text) => parseFault(text, settings)),
      seed: seed ?? undefined,
    });
  } catch (error) {
    throw testDoublesFailure(error);
  }
}

function parseFault(text: string, settings: PlacedSettings): FaultOptions {
  try {
    const given = parseJson(text);
    if (given === undefined) throw new SyntaxError(jsonProblem(text));
    const { params, ...options } = given as FaultOptions;
    const fault = Array.isArray(params) ? { ...options, params: params.map(matcherOf) } : options;
    // Refuse an ineffective fault before the server starts.
    return new Fault(fault, () => {}).options;
  } catch (error) {
    throw new CommandError(EXIT.usage, `${formatPlace(settings.placeOf('faults', text))}: ${text}: ${(error as Error).message}`);
  }
}

/** Turns a failed start of doubles into exit code and lines; returns other errors unchanged. */
export function testDoublesFailure(error: unknown): unknown {
  if (!(error instanceof StubFileError) && !(error instanceof RecordingError)) return error;
  return new CommandError(fileExitCode(error.cause), error.message);
}
