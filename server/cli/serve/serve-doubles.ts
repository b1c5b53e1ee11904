import type { ChopChop } from '../../compose/chopchop.ts';
import type { Doubles } from '../../fixture/doubles.ts';
import type { Log } from '../../kernel/log.ts';
import type { BoundAddress } from '../../net/tcp.ts';
import type { Stoppable } from '../../process/signals.ts';
import { doublesFailure } from './doubles.ts';

/** Starts the stub services of a server. At the end it logs the requests that a recording lacked. @throws CommandError */
export async function serveDoubles(server: ChopChop, addresses: readonly BoundAddress[], doubles: Doubles, log: Log): Promise<Stoppable> {
  const { ChopChopFixture } = await import('../../fixture/fixture.ts');
  const fixture = await ChopChopFixture.around(server, addresses, doubles).catch((error) => Promise.reject(doublesFailure(error)));
  log.info({ services: fixture.services() }, 'stub services registered');
  return {
    async stop() {
      for (const { service, method, answered } of fixture.notRecorded) log.warn({ service, method, answered }, 'asked for what is not in the recording');
      await fixture.stop().catch((error) => Promise.reject(doublesFailure(error)));
    },
  };
}
