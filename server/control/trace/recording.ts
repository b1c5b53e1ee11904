import type { Stanza } from '../../../shared/stanza.ts';
import type { Exchange } from '../../conversations/exchange.ts';
import type { LogProtect } from '../../logging/log-protect.ts';
import { detailOf, shortened, summaryOf, type TraceEntry, type TraceStep, type TraceSummary } from './trace-entry.ts';

/** The most steps of a request: a result may have thousands of chunks, of which the trace keeps the first and their number. */
export const MAX_STEPS = 64;

/** An open request, with its stanzas so far. */
export class Recording {
  readonly id: number;
  private readonly exchange: Exchange;
  private readonly steps: TraceStep[] = [];
  private folded = 0;

  constructor(id: number, exchange: Exchange) {
    this.id = id;
    this.exchange = exchange;
  }

  asked(stanza: Stanza): TraceStep {
    const { askedAt, client, to } = this.exchange;
    return this.add({ at: askedAt, kind: 'asked', from: shortened(client), to: shortened(to), length: stanza.length });
  }

  handed(): TraceStep {
    const { handedAt, handOvers, to, listener, length } = this.exchange;
    return this.add({ at: handedAt, kind: handOvers > 1 ? 'again' : 'handed', from: shortened(to), to: shortened(listener), length });
  }

  answered(stanza: Stanza, at: number): TraceStep {
    const { client, worker } = this.exchange;
    return this.add({ at, kind: stanza.type === 'error' ? 'bounce' : 'answer', from: shortened(worker), to: shortened(client), length: stanza.length });
  }

  summary(): TraceSummary {
    return summaryOf(this.id, this.exchange);
  }

  entry(protect: LogProtect): TraceEntry {
    return { summary: this.summary(), detail: detailOf(this.exchange, this.steps, this.folded, protect) };
  }

  private add(step: TraceStep): TraceStep {
    if (this.steps.length < MAX_STEPS) this.steps.push(step);
    else {
      this.folded++;
      // Keep the last one for the duration.
      this.steps[MAX_STEPS - 1] = step;
    }
    return step;
  }
}
