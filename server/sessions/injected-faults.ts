/** The most remembered requests; beyond it the oldest is forgotten. */
const MOST = 10_000;

/** A request of a client, by OpenSRF's session and number. */
export interface StruckRequest {
  readonly client: string;
  readonly thread: string;
  readonly threadTrace: string;
}

/** The requests hit by an injected fault, for the trace. */
export class InjectedFaults {
  private readonly names = new Map<string, string>();

  /** @param name The fault's kind. */
  note(request: StruckRequest, name: string): void {
    this.names.set(keyOf(request), name);
    if (this.names.size <= MOST) return;
    for (const oldest of this.names.keys()) {
      this.names.delete(oldest);
      return;
    }
  }

  /** The name of the fault that hit a request, which is then forgotten; `''`: none. */
  take(request: StruckRequest): string {
    if (this.names.size === 0) return '';
    const key = keyOf(request);
    const name = this.names.get(key) ?? '';
    this.names.delete(key);
    return name;
  }
}

/** Addresses, threads and numbers contain no line feed. */
function keyOf({ client, thread, threadTrace }: StruckRequest): string {
  return `${client}\n${thread}\n${threadTrace}`;
}
