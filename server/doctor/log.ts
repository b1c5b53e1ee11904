import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { LogArguments } from '../config/options/log-options.ts';
import { type Finding, failure, ok } from './finding.ts';

/** Whether a server in the background could write its log. */
export function checkLog({ logFile, syslog, syslogSocket }: LogArguments): Finding[] {
  if (syslog !== undefined) {
    const remedy = 'start the syslog daemon (sudo systemctl start rsyslog), or log to a file with --log-file';
    return [
      existsSync(syslogSocket) ? ok(`the log goes to syslog at ${syslogSocket}`) : failure(`the log goes to syslog, but there is no ${syslogSocket}`, remedy),
    ];
  }
  if (logFile === undefined) return [];
  const path = resolve(logFile);
  try {
    accessSync(existsSync(path) ? path : dirname(path), constants.W_OK);
    return [ok(`${path}: the log may be written`)];
  } catch (error) {
    return [
      failure(`the log ${path} cannot be written: ${(error as Error).message}`, `sudo install -d -o $USER ${dirname(path)}, or choose another --log-file`),
    ];
  }
}
