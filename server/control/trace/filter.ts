import { isFailure, OUTCOMES } from './outcome.ts';
import type { TraceDetail, TraceSummary } from './trace-entry.ts';

/** `failed`: of the outcomes failed, refused and lost. */
const STATUSES: readonly string[] = ['failed', 'open', 'complete', 'refused', 'bounced', 'abandoned', 'forgotten'];

/** Selects requests that meet all given conditions; `''` and 0 mean no condition. */
export class TraceFilter {
  private readonly service: string;
  private readonly method: string;
  private readonly xid: string;
  private readonly jid: string;
  private readonly status: string;
  private readonly outcome: string;
  private readonly text: string;
  private readonly slowerThanMs: number;
  private readonly connects: boolean;

  private constructor(query: URLSearchParams) {
    this.service = query.get('service') ?? '';
    this.method = query.get('method') ?? '';
    this.xid = query.get('xid') ?? '';
    this.jid = query.get('jid') ?? '';
    this.status = query.get('status') ?? '';
    this.outcome = query.get('outcome') ?? '';
    this.text = (query.get('text') ?? '').toLowerCase();
    this.slowerThanMs = Number(query.get('slowerThan') ?? 0);
    this.connects = query.get('connects') !== 'no';
  }

  /** From `service`, `method`, `xid`, `jid`, `status`, `outcome`, `text`, `slowerThan`, `connects`. @returns the filter, or an error message. */
  static parse(query: URLSearchParams): TraceFilter | string {
    const status = query.get('status') ?? '';
    if (status !== '' && !STATUSES.includes(status) && !/^\d{1,3}$/.test(status)) {
      return `status: "${status}" is not a code, or one of ${STATUSES.join(', ')}`;
    }
    const outcome = query.get('outcome') ?? '';
    if (outcome !== '' && !OUTCOMES.some((one) => one === outcome)) return `outcome: "${outcome}" is not one of ${OUTCOMES.join(', ')}`;
    if (!(Number(query.get('slowerThan') ?? 0) >= 0)) return 'slowerThan: not a number of milliseconds';
    return new TraceFilter(query);
  }

  /** Whether it needs the payloads. */
  get looksInside(): boolean {
    return this.text !== '';
  }

  /** @param detail If null, the text is searched in the summary only. */
  matches(summary: TraceSummary, detail: TraceDetail | null): boolean {
    const { service, method, xid, slowerThanMs } = this;
    if (!this.connects && summary.type === 'CONNECT') return false;
    if (service !== '' && !fits(service, summary.service)) return false;
    if (method !== '' && !fits(method, summary.method)) return false;
    if (xid !== '' && xid !== summary.xid) return false;
    if (slowerThanMs > 0 && !(summary.durationMs !== null && summary.durationMs > slowerThanMs)) return false;
    return this.jidMatches(summary) && this.outcomeMatches(summary) && this.textMatches(summary, detail);
  }

  private jidMatches({ client, listener, worker, to }: TraceSummary): boolean {
    return this.jid === '' || [client, listener, worker, to].some((jid) => jid.includes(this.jid));
  }

  private outcomeMatches({ state, outcome, statusCode }: TraceSummary): boolean {
    if (this.outcome !== '' && this.outcome !== outcome) return false;
    if (this.status === '') return true;
    if (this.status === 'failed') return isFailure(outcome);
    return this.status === state || this.status === String(statusCode);
  }

  private textMatches(summary: TraceSummary, detail: TraceDetail | null): boolean {
    if (this.text === '') return true;
    const { service, method, client, worker, status, reason, xid, thread } = summary;
    const payloads = detail === null ? [] : [detail.params.json, detail.results.json];
    return [service, method, client, worker, status, reason, xid, thread, ...payloads].some((part) => part.toLowerCase().includes(this.text));
  }
}

/** Matches the whole name, a prefix that ends with `*`, or a part that begins with `*`. */
function fits(wanted: string, name: string): boolean {
  if (wanted.startsWith('*')) return name.includes(wanted.replaceAll('*', ''));
  return wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted;
}
