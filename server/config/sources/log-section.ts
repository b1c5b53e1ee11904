/** What a section of the file says of a program's log. */
export interface LogSection {
  /** A path, or `syslog`; `''` where nothing is said. */
  readonly logFile: string;
  /** OpenSRF's number from 0 to 5; null where there is none. */
  readonly logLevel: number | null;
  /** `local0` to `local7`; for a log file named `syslog`. */
  readonly syslogFacility: string;
}
