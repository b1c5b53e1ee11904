import type { Outcome } from './outcome.ts';

/** An ended request, as far as it is counted. */
export interface EndedRequest {
  readonly type: 'REQUEST' | 'CONNECT';
  readonly service: string;
  readonly method: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
}
