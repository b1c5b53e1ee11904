import { resolve } from 'node:path';
import { CommandError, EXIT } from '../../kernel/exit-codes.ts';
import { logLevelOfOpensrf } from '../../kernel/log-levels.ts';
import { type LogDestination, type LogOptions, SYSLOG_FACILITIES, type SyslogFacility } from '../log-values.ts';
import type { LogArguments } from '../options/log-options.ts';
import type { LogSection } from './log-section.ts';
import type { OpensrfCore } from './opensrf-core.ts';

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
