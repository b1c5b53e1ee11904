import type { ChopChop } from '../../compose/chopchop.ts';
import type { TestDoubles } from '../../fixture/test-doubles.ts';
import type { Log } from '../../kernel/log.ts';
import type { BoundAddress } from '../../net/tcp.ts';
import type { Stoppable } from '../../process/signals.ts';
import { testDoublesFailure } from './test-doubles.ts';

/** Starts the stub services of a server. At the end it logs the requests that a recording lacked. @throws CommandError */
export async function serveTestDoubles(server: ChopChop, addresses: readonly BoundAddress[], testDoubles: TestDoubles, log: Log): Promise<Stoppable> {
  const { ChopChopFixture } = await import('../../fixture/fixture.ts');
  const fixture = await ChopChopFixture.around(server, addresses, testDoubles).catch((error) => Promise.reject(testDoublesFailure(error)));
  log.info({ services: fixture.services() }, 'stub services registered');
  return {
    async stop() {
      for (const { service, method, answered } of fixture.notRecorded)
        log.warn({ service, method, answered }, 'received a request that is not in the recording');
      await fixture.stop().catch((error) => Promise.reject(testDoublesFailure(error)));
    },
  };
}
