/** What a service throws to end a request with a status of its choice, which its client gets as it is. */
export class ServiceStatus extends Error {
  override readonly name = 'ServiceStatus';
  /** OpenSRF's code. */
  readonly statusCode: number;
  /** The class of the STATUS message's payload. */
  readonly payloadClass: string;

  /**
   * @param statusCode OpenSRF's, of 300 or more: 403 forbidden, 404 not found, 500 failed, 307 go to another worker, 408 and 417 this session is over…
   * @param status What is the matter.
   * @param payloadClass The class of the STATUS message's payload; the one OpenSRF's libraries write with that code where it is missing.
   */
  constructor(statusCode: number, status: string, payloadClass = payloadClassOf(statusCode)) {
    super(status);
    if (!Number.isInteger(statusCode) || statusCode < 300 || statusCode > 999) throw new RangeError(`${statusCode} is no status that ends a request`);
    this.statusCode = statusCode;
    this.payloadClass = payloadClass;
  }

  /** Whether the session is over with it, for both sides. */
  get endsSession(): boolean {
    return this.statusCode === 307 || this.statusCode === 408 || this.statusCode === 417;
  }
}

function payloadClassOf(statusCode: number): string {
  switch (statusCode) {
    case 307:
    case 408:
      return 'osrfConnectStatus';
    case 417:
      return 'osrfBrokenSession';
    default:
      return 'osrfMethodException';
  }
}
