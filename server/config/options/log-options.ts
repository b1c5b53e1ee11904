import { LOG_LEVELS, type LogLevel } from '../../kernel/log-levels.ts';
import { LOG_FORMATS, type LogFormat } from '../log-values.ts';

/** The options of `serve` that describe its log, for yargs. */
export const LOG_OPTIONS = {
  'log-level': {
    choices: LOG_LEVELS,
    group: 'Log:',
    describe: 'What is logged',
    defaultDescription: '"info"; with --config and --daemon as the first router there',
  },
  'log-format': {
    choices: LOG_FORMATS,
    default: 'auto' as const,
    group: 'Log:',
    describe: 'How: "opensrf" is the line format of OpenSRF\'s logs; "auto" is pretty on a terminal, json to a pipe, opensrf to a file and to syslog',
  },
  'log-file': {
    type: 'string',
    requiresArg: true,
    group: 'Log:',
    describe: 'Append to this file instead of standard output; it may be renamed or truncated at any time, no signal is needed',
    defaultDescription: 'with --config and --daemon the log of the first router there, which may be syslog',
  },
  syslog: {
    type: 'string',
    group: 'Log:',
    describe: 'Log to the local syslog daemon instead, as facility local0 (if none is named) to local7; needs the program "logger"',
  },
  'syslog-socket': { type: 'string', requiresArg: true, default: '/dev/log', group: 'Log:', describe: 'Where the syslog daemon listens' },
  'log-tag': { type: 'string', requiresArg: true, group: 'Log:', describe: "Added to the program's name in OpenSRF's lines and in syslog: chopchop/TAG" },
} as const;

/** What yargs makes of {@link LOG_OPTIONS}. */
export interface LogArguments {
  readonly logLevel?: LogLevel | undefined;
  readonly logFormat: LogFormat;
  readonly logFile?: string | undefined;
  readonly syslog?: string | undefined;
  readonly syslogSocket: string;
  readonly logTag?: string | undefined;
}
