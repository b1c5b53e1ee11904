import type { Stanza } from '../shared/stanza.ts';
import type { RouterEnvironment } from './ports/environment.ts';
import type { RouterOptions } from './ports/options.ts';
import { errorOf, type Refusal, refuse } from './refusal.ts';

/** Answers and counts refused requests. */
export class Refusals {
  /** By status code. */
  readonly counts = new Map<number, number>();
  private readonly options: Pick<RouterOptions, 'absentService' | 'limits'>;
  private readonly environment: Pick<RouterEnvironment, 'bounce' | 'deliver' | 'failures'>;

  constructor(options: Pick<RouterOptions, 'absentService' | 'limits'>, environment: Pick<RouterEnvironment, 'bounce' | 'deliver' | 'failures'>) {
    this.options = options;
    this.environment = environment;
  }

  /** Refuses and reports a request. @param numbers The numbers of the messages to answer; null: all. */
  refuse(request: Stanza, refusal: Refusal, numbers: ReadonlySet<string> | null = null): void {
    this.environment.failures.refused(request, refusal.statusCode, refusal.text);
    this.answer(request, refusal, numbers);
  }

  /** Answers with a status if the client understands one, otherwise with a bounce. @param numbers The numbers of the messages to answer; null: all. */
  answer(request: Stanza, refusal: Refusal, numbers: ReadonlySet<string> | null = null): void {
    this.counts.set(refusal.statusCode, (this.counts.get(refusal.statusCode) ?? 0) + 1);
    const answers = refuse(request, refusal, this.options.absentService, this.options.limits, numbers);
    if (answers === null) this.bounce(request, refusal);
    else for (const answer of answers) this.environment.deliver(answer);
  }

  /** Bounces a command or request. */
  bounce(stanza: Stanza, refusal: Refusal): void {
    this.environment.bounce(stanza, errorOf(refusal));
  }
}
