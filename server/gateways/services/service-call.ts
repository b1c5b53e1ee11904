import type { ServerResponse } from 'node:http';
import type { Job } from '../../../shared/job.ts';
import { type OsrfMessage, statusCodeOf, statusTextOf } from '../../../shared/osrf/message.ts';
import { type CallEnvironment, GatewayCall } from '../http/gateway-call.ts';
import { ResultTexts } from '../http/result-texts.ts';
import { answerProblem, type CallProblem, httpProblem, problemJson } from './problem.ts';

/** `single`: one JSON document, an array unless there is exactly one result. `lines`: one result per line, as it arrives. */
export type ResultForm = 'single' | 'lines';

const JSON_TYPE = 'application/json';
const LINES_TYPE = 'application/x-ndjson';

/** A call of one method. */
export class ServiceCall extends GatewayCall {
  private readonly form: ResultForm;
  private readonly assembler = new ResultTexts();
  /** Finished JSON; with `lines`, the part not yet written. */
  private results: string[] = [];

  constructor(form: ResultForm, thread: string, timeoutMs: number, response: ServerResponse, environment: CallEnvironment) {
    super(thread, timeoutMs, response, environment);
    this.form = form;
  }

  protected *answered(messages: readonly OsrfMessage[], body: string): Job {
    for (const message of messages) {
      if (message.type === 'RESULT') yield* this.addResult(message);
      else if (message.type === 'STATUS' && this.endsWith(message)) return;
      if (this.over) return;
    }
    if (this.form === 'lines' && this.results.length > 0) this.writeLines();
    this.keeps(this.form === 'single' || this.assembler.incomplete ? this.kept + body.length : 0);
  }

  protected bounced(): void {
    this.fail(httpProblem(404, 'The service is not registered, or its worker is gone.'), false);
  }

  protected timedOut(): void {
    this.fail(httpProblem(504, 'The service did not answer in time.'), true);
  }

  private *addResult(message: OsrfMessage): Job {
    const json = yield* this.assembler.take(message);
    // Line feeds occur only between the parts of JSON; in a string they are escaped.
    if (json !== '') this.results.push(this.form === 'lines' ? json.replace(/[\r\n]+/g, ' ') : json);
  }

  /** @returns whether this message ended the answer. */
  private endsWith(message: OsrfMessage): boolean {
    const code = statusCodeOf(message);
    if (code === 205) this.complete();
    else if (code >= 300) this.fail({ status: code, osrfClass: message.payloadClass, detail: statusTextOf(message) }, false);
    return code === 205 || code >= 300;
  }

  private complete(): void {
    const { response, results } = this;
    if (this.form === 'lines') {
      this.writeLines();
      response.end();
    } else {
      const content = `${results.length === 1 ? results[0] : `[${results.join(',')}]`}\n`;
      response.writeHead(200, { 'Content-Type': JSON_TYPE, 'Content-Length': Buffer.byteLength(content), 'X-Content-Type-Options': 'nosniff' }).end(content);
    }
    this.finish(false);
  }

  private writeLines(): void {
    if (!this.response.headersSent) this.response.writeHead(200, { 'Content-Type': LINES_TYPE, 'X-Content-Type-Options': 'nosniff' });
    if (this.results.length > 0) this.write(`${this.results.join('\n')}\n`);
    this.results = [];
  }

  /** Ends a started answer with the problem on the last line. */
  private fail(problem: CallProblem, spent: boolean): void {
    if (this.form === 'lines' && this.results.length > 0) this.writeLines();
    if (this.response.headersSent) this.response.end(problemJson(problem));
    else answerProblem(this.response, problem);
    this.finish(spent);
  }
}
