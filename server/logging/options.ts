import { resolve } from 'node:path';
import type { LogSection } from '../config/chopchop-section.ts';
import type { OpensrfCore } from '../config/opensrf-core.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { LOG_LEVELS, type LogLevel, logLevelOfOpensrf } from '../log-levels.ts';
import { LOG_FORMATS, type LogFormat } from './line-formats.ts';
import type { LogDestination, LogOptions } from './logger.ts';
import { SYSLOG_FACILITIES, type SyslogFacility } from './syslog.ts';

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

const PROGRAM = 'chopchop';

/**
 * What a site's file says of the log fills in what the command line leaves open: its `<chopchop>` section, and for what stands not there, its first
 * router. A server in the foreground logs to whoever has started it, whatever is said of the router.
 */
export function siteLogArguments(args: LogArguments, core: OpensrfCore | null, inBackground: boolean): LogArguments {
  if (core === null) return args;
  const sections: LogSection[] = [core.chopchop.log, ...(inBackground ? core.routers.slice(0, 1) : [])];
  const level = sections.map(({ logLevel }) => logLevel).find((number) => number !== null);
  const logLevel = args.logLevel ?? (level === undefined ? undefined : logLevelOfOpensrf(level));
  const place = sections.find(({ logFile }) => logFile !== '');
  if (args.logFile !== undefined || args.syslog !== undefined || place === undefined) return { ...args, logLevel };
  return place.logFile === 'syslog' ? { ...args, logLevel, syslog: place.syslogFacility } : { ...args, logLevel, logFile: place.logFile };
}

/** @throws CommandError */
export function logOptionsFromArguments(args: LogArguments): LogOptions {
  if (args.logTag !== undefined && !/^[\w.-]+$/.test(args.logTag)) {
    throw new CommandError(EXIT.usage, `--log-tag: "${args.logTag}" may only have letters, digits, ".", "_" and "-"`);
  }
  const name = args.logTag === undefined ? PROGRAM : `${PROGRAM}/${args.logTag}`;
  return { level: args.logLevel ?? 'info', format: args.logFormat, destination: destinationOf(args), name };
}

function destinationOf({ logFile, syslog, syslogSocket }: LogArguments): LogDestination {
  if (logFile !== undefined && syslog !== undefined) throw new CommandError(EXIT.usage, '--log-file and --syslog exclude each other');
  if (logFile !== undefined) return { kind: 'file', path: resolve(logFile) };
  if (syslog === undefined) return { kind: 'stdout' };
  const facility = syslog === '' ? 'local0' : syslog;
  if (!isFacility(facility)) throw new CommandError(EXIT.usage, `--syslog: "${syslog}" is none of ${SYSLOG_FACILITIES.join(', ')}`);
  return { kind: 'syslog', facility, socket: resolve(syslogSocket) };
}

function isFacility(name: string): name is SyslogFacility {
  return (SYSLOG_FACILITIES as readonly string[]).includes(name);
}
