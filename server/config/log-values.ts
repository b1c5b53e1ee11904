import type { LogLevel } from '../kernel/log-levels.ts';

/** Values of `--log-format`. */
export const LOG_FORMATS = ['auto', 'json', 'pretty', 'opensrf'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Values of `--syslog`: those OpenSRF's configuration knows. */
export const SYSLOG_FACILITIES = ['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'] as const;
export type SyslogFacility = (typeof SYSLOG_FACILITIES)[number];

/** Where the log goes. */
export type LogDestination =
  | { readonly kind: 'stdout' }
  /** The path is absolute. */
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'syslog'; readonly facility: SyslogFacility; readonly socket: string };

/** What is logged, how and where. */
export interface LogOptions {
  readonly level: LogLevel;
  /** `auto`: pretty on a terminal, JSON to a pipe, OpenSRF's lines to a file and to syslog. */
  readonly format: LogFormat;
  readonly destination: LogDestination;
  /** The program in OpenSRF's lines and in syslog, with its tag. */
  readonly name: string;
}
