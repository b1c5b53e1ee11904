/** Thrown by a method to end its request with this status. */
export class ServiceStatus extends Error {
  override readonly name = 'ServiceStatus';
  /** OpenSRF's status code. */
  readonly statusCode: number;
  /** The class of the STATUS message's payload. */
  readonly payloadClass: string;

  /**
   * @param statusCode From 300: 403 forbidden, 404 not found, 500 failed, 307 redirect to another worker, 408 and 417 end of the session…
   * @param status The text.
   * @param payloadClass The class of the STATUS message's payload; by default the one that OpenSRF's libraries use with that code.
   */
  constructor(statusCode: number, status: string, payloadClass = payloadClassOf(statusCode)) {
    super(status);
    if (!Number.isInteger(statusCode) || statusCode < 300 || statusCode > 999) throw new RangeError(`${statusCode} is not a status from 300 to 999`);
    this.statusCode = statusCode;
    this.payloadClass = payloadClass;
  }

  /** Whether it ends the session for both sides. */
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
