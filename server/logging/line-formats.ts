import { bounded, printable, printableJson } from './printable.ts';

/** Formats pino's line of JSON. Takes and returns a line without the final line feed. */
export type LineFormat = (json: string) => string;

/** The part that writes the activity log, whose lines OpenSRF's tools know by their label. */
const ACTIVITY = 'activity';

/** OpenSRF's limit of a line to syslog. */
const SYSLOG_CHARACTERS = 1_532;

/** pino's own format. */
export const jsonLine: LineFormat = printableJson;

/** Readable lines, with the indented stack of an error below. */
export async function prettyLine(colorize: boolean): Promise<LineFormat> {
  // Loaded on demand: it takes longer than the rest of the start.
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({ colorize, singleLine: true, ignore: 'part,pid,hostname', translateTime: 'SYS:HH:MM:ss' });
  return (json) => {
    const { msg, ...fields } = JSON.parse(json) as { msg: string };
    // pino-pretty escapes ASCII control characters, except its own colours; it passes the others.
    return pretty({ ...fields, msg: printable(msg) })
      .trimEnd()
      .replace(/[\u007f-\u{10ffff}]+/gu, printable);
  };
}

/** A record of pino. */
interface LogRecord {
  readonly level: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly msg: string;
  readonly part?: string;
  readonly xid?: string;
  readonly err?: { readonly type: string; readonly message: string; readonly stack?: string };
}

/**
 * The line format of OpenSRF's C programs, for a site's existing tools: `NAME DATE TIME [LABEL:PID:PART:0:XID] TEXT`,
 * with the part of the server instead of the source file, and no line number.
 * @param name The program, with its tag. @param syslog Omits name and time, which the syslog daemon adds, and truncates like OpenSRF.
 */
export function opensrfLine(name: string, pid: number, syslog: boolean): LineFormat {
  return (json) => {
    const { level, time, msg, part = 'server', xid = '', err, ...fields } = JSON.parse(json) as LogRecord;
    const bracket = `[${part === ACTIVITY ? 'ACT' : label(level)}:${pid}:${part}:0:${bracketed(xid)}]`;
    const text = printable([msg, ...Object.entries(fields).map(([key, value]) => `${key}=${shown(value)}`), ...errorText(err)].join(' '));
    if (!syslog) return `${name} ${timestamp(new Date(time))} ${bracket} ${text}`;
    return `${bracket} ${text.length > SYSLOG_CHARACTERS ? `${text.slice(0, SYSLOG_CHARACTERS)}...` : text}`;
  };
}

function label(level: number): string {
  if (level >= 50) return 'ERR ';
  if (level >= 40) return 'WARN';
  if (level >= 30) return 'INFO';
  return level >= 20 ? 'DEBG' : 'INT ';
}

/** Escapes a transaction id from a client, which must not close the bracket. */
function bracketed(xid: string): string {
  return printable(bounded(xid, 64)).replaceAll(']', '\\]');
}

function shown(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=]+$/u.test(value)) return value;
  return JSON.stringify(value);
}

function errorText(err: LogRecord['err']): string[] {
  return err === undefined ? [] : [`err=${JSON.stringify(err.stack ?? `${err.type}: ${err.message}`)}`];
}

/** Local time in OpenSRF's format. */
function timestamp(date: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
