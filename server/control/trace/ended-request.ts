import type { Outcome } from './outcome.ts';

/** The counted properties of an ended request. */
export interface EndedRequest {
  readonly type: 'REQUEST' | 'CONNECT';
  readonly service: string;
  readonly method: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
}
