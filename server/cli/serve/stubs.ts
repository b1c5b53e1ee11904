import { readRecording } from '../../fixture/recording/recorded-exchange.ts';
import { stubsFrom } from '../../fixture/stub-files/from-recording.ts';
import { CommandError, EXIT } from '../../kernel/exit-codes.ts';
import { testDoublesFailure } from './test-doubles.ts';

/** Prints stubs that answer as a recording does. @throws CommandError */
export function stubs(from: string, recording: string, print: (text: string) => void): void {
  if (from !== 'from') throw new CommandError(EXIT.usage, 'stubs: say "stubs from RECORDING"');
  try {
    print(stubsFrom(readRecording(recording)).trimEnd());
  } catch (error) {
    throw testDoublesFailure(error);
  }
}
