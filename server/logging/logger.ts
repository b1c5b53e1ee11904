import { type Logger, pino, stdSerializers } from 'pino';
import type { LogOptions } from '../config/log-values.ts';
import { SYSTEM_TIME } from '../kernel/clock.ts';
import { hasColors } from '../kernel/colors.ts';
import { jsonLine, type LineFormat, opensrfLine, prettyLine } from './line-formats.ts';
import { LogFile } from './log-file.ts';
import { bounded } from './printable.ts';
import type { LogSink } from './sink.ts';
import { Syslog } from './syslog.ts';

/** A log that has to be closed. */
export interface OpenLog {
  readonly log: Logger;
  /** The same log for the lines about the server's own start and end: their level may be another. */
  readonly life: Logger;
  /** Resolves when all lines are out. */
  close(): Promise<void>;
}

const FIELD_CHARACTERS = 1_024;
const STACK_CHARACTERS = 8_192;

/** @throws CommandError if the destination cannot be written. */
export async function openLog(options: LogOptions): Promise<OpenLog> {
  const format = await createFormat(options);
  const sink = openSink(options);
  // pino's way for a stream to say that it wants to know the level.
  const lines = Object.assign(new LogLines(format, sink), { [Symbol.for('pino.metadata')]: true });
  const formatters = { log: boundedFields };
  const log = pino({ level: options.level, base: null, formatters, serializers: { err: boundedError } }, lines);
  return { log, life: log.child({}, { level: options.lifeLevel }), close: () => sink.close() };
}

/** What pino writes to. */
class LogLines {
  /** pino sets it before each line. */
  lastLevel = 30;
  private readonly format: LineFormat;
  private readonly sink: LogSink;
  private lost = 0;

  constructor(format: LineFormat, sink: LogSink) {
    this.format = format;
    this.sink = sink;
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
    // Once: what cannot be logged to a full disk need not fill a terminal.
    if (this.lost === 0) process.stderr.write(`opensrf-chopchop: cannot write the log: ${problem}; its lines are lost until that is mended\n`);
    this.lost++;
  }
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
      return standardOutput();
    case 'file':
      return new LogFile(destination.path);
    case 'syslog':
      return new Syslog({ ...destination, name });
  }
}

/** Written at once; what comes when nobody reads any more is dropped. */
function standardOutput(): LogSink {
  const output = pino.destination({ sync: true });
  return {
    write(_level, line) {
      output.write(`${line}\n`);
      return null;
    },
    async close() {},
  };
}

function boundedFields(fields: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(fields).map(([key, value]) => [key, typeof value === 'string' ? bounded(value, FIELD_CHARACTERS) : value]);
  return Object.fromEntries(entries);
}

function boundedError(error: Error): object {
  const { type, message, stack } = stdSerializers.err(error);
  return { type, message: bounded(message, FIELD_CHARACTERS), stack: bounded(stack, STACK_CHARACTERS) };
}
