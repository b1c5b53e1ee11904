import { bounded, printable, printableJson } from './printable.ts';

/** Makes what is written of what pino made: one line of JSON. Takes and returns it without the final line feed. */
export type LineFormat = (json: string) => string;

/** The part that writes the activity log, whose lines OpenSRF's tools know by their label. */
const ACTIVITY = 'activity';

/** OpenSRF cuts what it sends to syslog at this length. */
const SYSLOG_CHARACTERS = 1_532;

/** pino's own lines. */
export const jsonLine: LineFormat = printableJson;

/** Lines for people; the stack of an error stands below, indented. */
export async function prettyLine(colorize: boolean): Promise<LineFormat> {
  // Loaded here because only this format needs it, and it takes longer than the rest of the start.
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({ colorize, singleLine: true, ignore: 'part,pid,hostname', translateTime: 'SYS:HH:MM:ss' });
  return (json) => {
    const { msg, ...fields } = JSON.parse(json) as { msg: string };
    // It writes fields as JSON and strips a stack, so no control below ASCII is left but the colours it adds; the rest it lets pass.
    return pretty({ ...fields, msg: printable(msg) })
      .trimEnd()
      .replace(/[\u007f-\u{10ffff}]+/gu, printable);
  };
}

/** What pino writes of us. */
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
 * The lines of OpenSRF's C programs, for the tools a site has for them: `NAME DATE TIME [LABEL:PID:PART:0:XID] TEXT`.
 * The part of the server stands in the place of the source file; there is no line number.
 * @param name The program, with its tag. @param syslog Without name and time, which the syslog daemon writes, and cut as OpenSRF does it.
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

/** The transaction id is whatever a client has sent; it may not end the bracket. */
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

/** Local time, as OpenSRF's programs write it. */
function timestamp(date: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
