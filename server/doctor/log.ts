import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LogOptions } from '../config/log-values.ts';
import { type Finding, failure, ok } from './finding.ts';

/** Whether a server in the background can write its log. */
export function checkLog({ destination }: LogOptions): Finding[] {
  switch (destination.kind) {
    case 'stdout':
      return [];
    case 'syslog':
      return [checkSyslog(destination.socket)];
    case 'file':
      return [checkFile(destination.path)];
  }
}

function checkSyslog(socket: string): Finding {
  if (existsSync(socket)) return ok(`the log goes to syslog at ${socket}`);
  return failure(
    `the log goes to syslog, but there is no ${socket}`,
    'start the syslog daemon (sudo systemctl start rsyslog), or log to a file with --log-file',
  );
}

function checkFile(path: string): Finding {
  try {
    accessSync(existsSync(path) ? path : dirname(path), constants.W_OK);
    return ok(`${path}: the log is writable`);
  } catch (error) {
    const remedy = `sudo install -d -o $USER ${dirname(path)}, or choose another --log-file`;
    return failure(`the log ${path} cannot be written: ${(error as Error).message}`, remedy);
  }
}
