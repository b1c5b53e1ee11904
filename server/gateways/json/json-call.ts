import type { ServerResponse } from 'node:http';
import type { Job } from '../../../shared/job.ts';
import { toJson } from '../../../shared/osrf/json.ts';
import { type OsrfMessage, statusCodeOf, statusTextOf } from '../../../shared/osrf/message.ts';
import { escapeText } from '../../../shared/xml.ts';
import { type CallEnvironment, GatewayCall } from '../http/gateway-call.ts';
import { ResultTexts } from '../http/result-texts.ts';
import { XML_END_OF_PAYLOAD, XML_OPENING, xmlOfJson } from './xml-values.ts';

/** The format of an answer. */
export type AnswerFormat = 'json' | 'xml';

const OK = 200;
const HEADERS = {
  json: { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' },
  xml: { 'Content-Type': 'application/xml', 'X-Content-Type-Options': 'nosniff' },
} as const;

/** One request to the JSON gateway. Each result is sent as soon as it arrives. */
export class JsonCall extends GatewayCall {
  private readonly format: AnswerFormat;
  private readonly assembler = new ResultTexts();
  /** Text not yet written. */
  private text: string;
  private results = 0;
  private status = OK;

  constructor(format: AnswerFormat, thread: string, timeoutMs: number, response: ServerResponse, environment: CallEnvironment) {
    super(thread, timeoutMs, response, environment);
    this.format = format;
    this.text = format === 'json' ? '{"payload":[' : XML_OPENING;
  }

  protected *answered(messages: readonly OsrfMessage[], body: string): Job {
    for (const message of messages) {
      if (message.type === 'RESULT') yield* this.addResult(message);
      else if (message.type === 'STATUS' && this.endsWith(message)) return;
      if (this.over) return;
    }
    this.keeps(this.assembler.incomplete ? this.kept + body.length : 0);
    if (this.text === '' || this.results === 0) return;
    this.begin();
    this.write(this.text);
    this.text = '';
  }

  protected bounced(): void {
    this.end(404, 'Internal Server Error : Transport Error', false);
  }

  protected timedOut(): void {
    this.end(408, 'Timeout Error : Request Timeout', true);
  }

  private *addResult(message: OsrfMessage): Job {
    const json = yield* this.assembler.take(message);
    this.status = statusCodeOf(message) || OK;
    if (json === '') return;
    // OpenSRF's gateway reports the status of the last RESULT; a result sent in pieces counts as 200.
    if (this.status === 204) this.status = OK;
    if (this.format === 'xml') this.text += yield* xmlOfJson(json);
    else this.text += `${this.results > 0 ? ',' : ''}${json}`;
    this.results++;
  }

  /** @returns whether this message ended the answer. */
  private endsWith(message: OsrfMessage): boolean {
    const code = statusCodeOf(message);
    if (code === 205) {
      this.end(this.status, '', false);
      return true;
    }
    if (code < 300) return false;
    this.end(code, `${message.payloadClass} : ${statusTextOf(message)}`, false);
    return true;
  }

  /** @param debug The error; `''`: success. */
  private end(status: number, debug: string, spent: boolean): void {
    const text = this.text + (this.format === 'json' ? jsonEnd(status, debug) : xmlEnd(status, debug));
    if (!this.response.headersSent) this.response.writeHead(200, { ...HEADERS[this.format], 'Content-Length': Buffer.byteLength(text) });
    this.response.end(text);
    this.finish(spent);
  }

  private begin(): void {
    if (!this.response.headersSent) this.response.writeHead(200, HEADERS[this.format]);
  }
}

function jsonEnd(status: number, debug: string): string {
  return `]${debug === '' ? '' : `,"debug": ${toJson(debug)}`},"status":${status}}`;
}

function xmlEnd(status: number, debug: string): string {
  return `${XML_END_OF_PAYLOAD}${debug === '' ? '' : `<debug>${escapeText(toJson(debug))}</debug>`}<status>${status}</status></response>`;
}
