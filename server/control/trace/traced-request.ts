import type { Stanza } from '../../../shared/stanza.ts';
import type { Exchange } from '../../conversations/exchange.ts';
import type { LogProtect } from '../../logging/log-protect.ts';
import { isFailure, type Outcome, outcomeOf } from './outcome.ts';
import { detailOf, type Payloads, payloadsOf, shortened, summaryOf, type TraceEntry, type TraceStep, type TraceSummary } from './trace-entry.ts';

/** The most steps of a request: a result may have thousands of chunks, of which the trace keeps the first and their number. */
export const MAX_STEPS = 64;

/** The approximate memory of a step besides its texts; it shares the addresses of the request. */
const STEP_BYTES = 80;

/** A request, open or ended, with its stanzas so far. */
export class TracedRequest {
  readonly id: number;
  readonly exchange: Exchange;
  outcome: Outcome = 'open';
  /** The name of an injected fault, or `''`. */
  fault = '';
  private readonly steps: TraceStep[] = [];
  private folded = 0;
  /** Null while it is open. */
  private payloads: Payloads | null = null;

  constructor(id: number, exchange: Exchange) {
    this.id = id;
    this.exchange = exchange;
  }

  get type(): Exchange['type'] {
    return this.exchange.type;
  }

  get service(): string {
    return this.exchange.service;
  }

  get method(): string {
    return this.exchange.method;
  }

  /** 0 while it is open. */
  get durationMs(): number {
    return this.outcome === 'open' ? 0 : this.exchange.endedAt - this.exchange.askedAt;
  }

  /** Whether it failed or was slow: such requests are kept longest. */
  isNotable(slowMs: number): boolean {
    return isFailure(this.outcome) || this.durationMs >= slowMs;
  }

  /** Its approximate memory, in bytes. */
  get bytes(): number {
    return this.exchange.bytes + STEP_BYTES * this.steps.length;
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

  /** Adds a step after the end, if there is room. */
  after(step: TraceStep): void {
    if (this.steps.length < MAX_STEPS) this.steps.push(step);
  }

  /** Called at its end: keeps only the shown part of its contents. @param routers Bare JIDs. */
  ended(routers: ReadonlySet<string>, fault: string, protect: LogProtect): void {
    const { exchange } = this;
    this.fault = fault;
    this.outcome = outcomeOf(exchange, routers);
    this.payloads = payloadsOf(exchange, protect);
    exchange.dropContents();
    exchange.bytes += this.payloads.params.json.length + this.payloads.results.json.length;
  }

  /** @param now Milliseconds since 1970. */
  summary(now: number): TraceSummary {
    return summaryOf(this, now);
  }

  entry(now: number, protect: LogProtect): TraceEntry {
    return { summary: this.summary(now), detail: detailOf(this.exchange, this.steps, this.folded, this.payloads ?? payloadsOf(this.exchange, protect)) };
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
