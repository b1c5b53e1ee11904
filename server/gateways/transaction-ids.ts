/** Makes `osrf_xid`s as OpenSRF's programs do: start time in seconds, process, number. */
export class TransactionIds {
  private readonly prefix: string;
  private count = 0;

  /** @param startedAt Milliseconds since 1970. */
  constructor(startedAt: number) {
    this.prefix = `${Math.floor(startedAt / 1_000)}${process.pid}`;
  }

  next(): string {
    return `${this.prefix}${this.count++}`;
  }
}
