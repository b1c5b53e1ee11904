import { FACILITY, LOG_FORMATS, LOG_LEVEL } from './log-values.ts';
import { setting } from './setting.ts';
import { list } from './values/lists.ts';
import { choice, FILE, text } from './values/texts.ts';
import { valueType } from './values/value-type.ts';

const LOG = 'Log';

/** The methods whose parameters stay secret. */
export const PROTECT_SETTINGS = {
  logProtect: setting({
    option: 'log-protect',
    type: list(text('the prefix of a method name'), { commas: false }),
    group: LOG,
    fallback: [],
    reload: true,
    describe: 'Hide the parameters of methods with this prefix (repeatable), besides those of <log_protect> in --config',
  }),
} as const;

/** Level, format and destination of the log. */
export const LOG_SETTINGS = {
  'log.level': setting({
    option: 'log-level',
    type: LOG_LEVEL,
    group: LOG,
    element: 'loglevel',
    shownDefault: 'info; with --config and --daemon as the first router there',
    reload: true,
    describe: "Log messages of this level and above; OpenSRF's numbers from 0 to 5 count too",
  }),
  'log.format': setting({
    option: 'log-format',
    type: choice(LOG_FORMATS),
    group: LOG,
    fallback: 'auto',
    describe:
      'Write lines in this format: "opensrf" is the line format of OpenSRF\'s logs; "auto" is pretty on a terminal, json to a pipe, opensrf to a file and to syslog',
  }),
  'log.file': setting({
    option: 'log-file',
    type: FILE,
    group: LOG,
    element: 'logfile',
    shownDefault: 'with --config and --daemon the log of the first router there, which may be syslog',
    describe: 'Append to this file instead of standard output; it may be renamed or truncated at any time, no signal is needed',
  }),
  'log.syslog': setting({
    option: 'syslog',
    type: FACILITY,
    group: LOG,
    element: 'syslog',
    describe: 'Log to the local syslog daemon instead, as facility local0 (if none is named) to local7; needs the program "logger"',
  }),
  'log.syslogSocket': setting({
    option: 'syslog-socket',
    type: text('the path of a socket'),
    group: LOG,
    fallback: '/dev/log',
    describe: 'Find the syslog daemon at this socket',
  }),
  'log.tag': setting({
    option: 'log-tag',
    type: valueType<string>({
      wants: 'a tag of letters, digits, ".", "_" and "-"',
      read: (given) => (/^[\w.-]+$/.test(given) ? given : null),
    }),
    group: LOG,
    describe: "Add a tag to the program's name in OpenSRF's lines and in syslog: chopchop/TAG",
  }),
} as const;
