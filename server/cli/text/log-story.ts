import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseJson } from '../../../shared/osrf/json.ts';
import type { TraceSummary } from '../../control/trace/trace-entry.ts';
import { CommandError, EXIT } from '../../kernel/exit-codes.ts';
import { adviceFor } from './advice.ts';
import { oneLine } from './one-line.ts';

/** A failed request, as a server has logged it. */
export interface LoggedFailure {
  /** As the line has it. */
  readonly time: string;
  readonly service: string;
  readonly method: string;
  readonly client: string;
  readonly to: string;
  /** The sender of the error; `''`: the router refused the request, or it bounced. */
  readonly by: string;
  readonly reason: string;
  readonly xid: string;
}

/** The message of such lines. */
const MARK = 'request failed';
/** More lines of one transaction are not shown. */
const MOST = 200;
/** NAME DATE TIME [LABEL:PID:PART:0:XID] TEXT; syslog has another beginning. */
const OPENSRF_LINE = /^(.*?)\[WARN:\d+:\w+:0:((?:[^\]\\]|\\.)*)\] request failed (.*)$/;
const FIELD = /(\w+)=("(?:[^"\\]|\\.)*"|\S+)/g;

/**
 * The failed requests of a transaction in a log of a server, in JSON or in OpenSRF's format.
 * @param xid `last`: the last failed request of all. @throws CommandError if the log cannot be read.
 */
export async function failuresInLog(file: string, xid: string): Promise<LoggedFailure[]> {
  let found: LoggedFailure[] = [];
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      const failure = line.includes(MARK) ? parseLine(line) : null;
      if (failure === null) continue;
      if (xid === 'last') found = [failure];
      else if (failure.xid === xid && found.length < MOST) found.push(failure);
    }
  } catch (error) {
    throw new CommandError(EXIT.file, `cannot read the log ${file}: ${(error as Error).message}`);
  }
  return found;
}

function parseLine(line: string): LoggedFailure | null {
  const fields = line.startsWith('{') ? fromJson(line) : fromOpensrf(line);
  if (fields === null) return null;
  const of = (name: string) => String(fields[name] ?? '');
  return {
    time: of('time'),
    service: of('service'),
    method: of('method'),
    client: of('client'),
    to: of('to'),
    by: of('by'),
    reason: of('reason'),
    xid: of('xid'),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function fromJson(line: string): Fields | null {
  const record = parseJson(line) as Fields | undefined;
  return record?.['msg'] === MARK ? { ...record, time: new Date(Number(record['time'])).toISOString() } : null;
}

function fromOpensrf(line: string): Fields | null {
  const [, begin = '', xid = '', text = ''] = OPENSRF_LINE.exec(line) ?? [];
  if (text === '') return null;
  const fields = Array.from(text.matchAll(FIELD), ([, name = '', value = '']) => [name, value.startsWith('"') ? unquoted(value) : value]);
  return { ...Object.fromEntries(fields), xid: xid.replaceAll('\\]', ']'), time: begin.trim() };
}

/** syslog may have cut the line. */
function unquoted(text: string): string {
  return String(parseJson(text) ?? text);
}

/** The story of failed requests, as far as a log has it. */
export function logStoryOf(failures: readonly LoggedFailure[]): string[] {
  return failures.flatMap((failure, index) => [...(index === 0 ? [] : ['']), ...storyOf(failure)]);
}

function storyOf(failure: LoggedFailure): string[] {
  const { time, service, method, client, to, by, reason, xid } = failure;
  const summary = summaryOf(failure);
  const details = [
    `${time}, ${xid === '' ? 'without a transaction id' : `transaction ${xid}`}`,
    `${client} asked ${to}`,
    ...(by === '' ? [] : [`${by} answered`]),
    `Why: ${reason}`,
    `Try: ${adviceFor(summary)}`,
  ];
  return [oneLine(`${service} ${method || 'CONNECT'}: ${summary.outcome}`), ...details.map((line) => `  ${oneLine(line)}`)];
}

/** What the trace would have said. A log line has neither listener nor duration. */
function summaryOf({ service, method, client, to, by, reason, xid }: LoggedFailure): TraceSummary {
  const isOfRouter = by !== '' && bare(by) === bare(to);
  const bounced = by === '' && service === '';
  const outcome = bounced || isOfRouter ? 'lost' : by === '' ? 'refused' : 'failed';
  const statusCode = Number.parseInt(reason, 10) || 0;
  const unknown = {
    id: 0,
    at: 0,
    type: 'REQUEST',
    fault: '',
    status: '',
    durationMs: null,
    firstAnswerMs: null,
    thread: '',
    threadTrace: '',
    length: 0,
  } as const;
  return {
    ...unknown,
    service,
    method,
    client,
    to,
    xid,
    statusCode,
    outcome,
    reason,
    listener: 'its listener',
    worker: by,
    state: bounced ? 'bounced' : 'refused',
  };
}

function bare(jid: string): string {
  return jid.split('/', 1)[0] as string;
}
