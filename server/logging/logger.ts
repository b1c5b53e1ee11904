import { type Logger, pino, stdSerializers } from 'pino';
import type { LogOptions } from '../config/log-values.ts';
import { SYSTEM_TIME } from '../kernel/clock.ts';
import { hasColors } from '../kernel/colors.ts';
import { jsonLine, type LineFormat, opensrfLine, prettyLine } from './line-formats.ts';
import { LogFile } from './log-file.ts';
import { bounded } from './printable.ts';
import type { LogSink } from './sink.ts';
import { StandardOutput } from './standard-output.ts';
import { Syslog } from './syslog.ts';

/** An open log. */
export interface OpenLog {
  readonly log: Logger;
  /** The same log for the lines about the server's own start and end, with its own level. */
  readonly life: Logger;
  /** Lines that the destination dropped since the start. */
  lostLines(): number;
  /** Resolves when all lines are written, or the destination has stalled for a while. */
  close(): Promise<void>;
}

const FIELD_CHARACTERS = 1_024;
const STACK_CHARACTERS = 8_192;

/** @throws CommandError if the destination cannot be written. */
export async function openLog(options: LogOptions): Promise<OpenLog> {
  const format = await createFormat(options);
  const sink = openSink(options);
  // Tells pino to set lastLevel.
  const lines = Object.assign(new LogLines(format, sink, noticeOf(options)), { [Symbol.for('pino.metadata')]: true });
  const formatters = { log: boundedFields };
  const log = pino({ level: options.level, base: null, formatters, serializers: { err: boundedError } }, lines);
  const life = log.child({}, { level: options.lifeLevel });
  return { log, life, lostLines: () => lines.lostInAll, close: () => sink.close() };
}

/** The stream that pino writes to. */
class LogLines {
  /** pino sets it before each line. */
  lastLevel = 30;
  lostInAll = 0;
  private readonly format: LineFormat;
  private readonly sink: LogSink;
  private readonly notice: (problem: string) => void;
  private lost = 0;

  /** @param notice Called with the first line that is lost. */
  constructor(format: LineFormat, sink: LogSink, notice: (problem: string) => void) {
    this.format = format;
    this.sink = sink;
    this.notice = notice;
  }

  write(json: string): void {
    if (this.lost > 0) this.tellLost();
    this.writeLine(this.lastLevel, json.trimEnd());
  }

  private tellLost(): void {
    const warning = { level: 40, time: SYSTEM_TIME.wallTime(), lost: this.lost, msg: 'log lines were lost' };
    if (this.sink.write(warning.level, this.format(JSON.stringify(warning))) === null) this.lost = 0;
  }

  private writeLine(level: number, json: string): void {
    const problem = this.sink.write(level, this.format(json));
    if (problem === null) return;
    // Once: a full disk must not fill a terminal.
    if (this.lost === 0) this.notice(problem);
    this.lost++;
    this.lostInAll++;
  }
}

/** Standard error is often the same pipe as standard output; write nothing more there if it is full. */
function noticeOf({ destination }: LogOptions): (problem: string) => void {
  if (destination.kind === 'stdout') return () => {};
  return (problem) => process.stderr.write(`opensrf-chopchop: cannot write the log: ${problem}; lines are lost until this is fixed\n`);
}

function createFormat({ format, destination, name }: LogOptions): LineFormat | Promise<LineFormat> {
  const terminal = destination.kind === 'stdout' && process.stdout.isTTY === true;
  const automatic = destination.kind !== 'stdout' ? 'opensrf' : terminal ? 'pretty' : 'json';
  const chosen = format === 'auto' ? automatic : format;
  switch (chosen) {
    case 'json':
      return jsonLine;
    case 'pretty':
      return prettyLine(destination.kind === 'stdout' && hasColors(terminal));
    case 'opensrf':
      return opensrfLine(name, process.pid, destination.kind === 'syslog');
  }
}

function openSink({ destination, name }: LogOptions): LogSink {
  switch (destination.kind) {
    case 'stdout':
      return new StandardOutput();
    case 'file':
      return new LogFile(destination.path);
    case 'syslog':
      return new Syslog({ ...destination, name });
  }
}

function boundedFields(fields: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(fields).map(([key, value]) => [key, typeof value === 'string' ? bounded(value, FIELD_CHARACTERS) : value]);
  return Object.fromEntries(entries);
}

function boundedError(error: Error): object {
  const { type, message, stack } = stdSerializers.err(error);
  return { type, message: bounded(message, FIELD_CHARACTERS), stack: bounded(stack, STACK_CHARACTERS) };
}
