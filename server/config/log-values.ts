import { LOG_LEVELS, type LogLevel, logLevelOfOpensrf } from '../kernel/log-levels.ts';
import { choice, orBoolean } from './values/texts.ts';
import { type ValueType, valueType } from './values/value-type.ts';

/** Values of `--log-format`. */
export const LOG_FORMATS = ['auto', 'json', 'pretty', 'opensrf'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Values of `--syslog`: the facilities that OpenSRF's configuration allows. */
export const SYSLOG_FACILITIES = ['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'] as const;
export type SyslogFacility = (typeof SYSLOG_FACILITIES)[number];

/** The destination of the log. */
export type LogDestination =
  | { readonly kind: 'stdout' }
  /** The path is absolute. */
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'syslog'; readonly facility: SyslogFacility; readonly socket: string };

/** Level, format and destination of the log. */
export interface LogOptions {
  readonly level: LogLevel;
  /** The level of the lines about the server's own start and end. */
  readonly lifeLevel: LogLevel;
  /** `auto`: pretty on a terminal, JSON to a pipe, OpenSRF's lines to a file and to syslog. */
  readonly format: LogFormat;
  readonly destination: LogDestination;
  /** The program in OpenSRF's lines and in syslog, with its tag. */
  readonly name: string;
}

/** A log level by its word, or by OpenSRF's number. */
export const LOG_LEVEL: ValueType<LogLevel> = {
  ...valueType<LogLevel>({
    wants: `one of ${LOG_LEVELS.join(', ')}, or OpenSRF's number from 0 to 5`,
    read: (text) => (/^[0-5]$/.test(text) ? logLevelOfOpensrf(Number(text)) : (LOG_LEVELS.find((level) => level === text) ?? null)),
  }),
  choices: LOG_LEVELS,
};

/** The syslog facility; `local0` by default. */
export const FACILITY = orBoolean<SyslogFacility>(choice(SYSLOG_FACILITIES), 'local0');
