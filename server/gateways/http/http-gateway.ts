import type { JobRunner } from '../../../shared/job.ts';
import type { ServerClock } from '../../kernel/clock.ts';
import type { BodyLimits } from '../../web/body.ts';
import type { AllowedOrigins } from '../../web/origins.ts';
import type { Activity } from '../activity.ts';
import type { Entrance } from '../entrance.ts';
import type { TransactionIds } from '../transaction-ids.ts';
import type { WorkerPool } from './worker-pool.ts';

/** The HTTP gateways' dependencies. */
export interface HttpGatewayEnvironment {
  readonly limits: BodyLimits;
  readonly clock: ServerClock;
  readonly jobs: JobRunner;
  readonly entrance: Entrance;
  readonly pool: WorkerPool;
  readonly activity: Activity;
  readonly transactionIds: TransactionIds;
  readonly allowed: AllowedOrigins;
}
