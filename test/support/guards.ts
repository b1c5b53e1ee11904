import { createClock, type ServerClock, SYSTEM_TIME } from '../../server/kernel/clock.ts';
import { type Guard, Guards } from '../../server/kernel/guard.ts';
import type { Log } from '../../server/kernel/log.ts';
import { recordingLog } from './server.ts';

/** Guards with a log for assertions. */
export function guardsWith(log: Log = recordingLog()): Guards {
  return new Guards(log, SYSTEM_TIME, { observerFailures: 10, logWindowMs: 10_000 });
}

/** The guard of a part that should not fail. */
export function someGuard(): Guard {
  return guardsWith().create('test', null);
}

/** The machine's clock. */
export function realClock(): ServerClock {
  return createClock(someGuard());
}
