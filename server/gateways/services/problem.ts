import type { ServerResponse } from 'node:http';
import { toJson } from '../../../shared/osrf/json.ts';

/** The reason a call failed. */
export interface CallProblem {
  /** OpenSRF's or HTTP's status code. */
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

const TYPE = 'application/problem+json';
const BAD_GATEWAY = 502;

/** Answers with problem details (RFC 9457). A status without an HTTP error becomes 502. */
export function answerProblem(response: ServerResponse, problem: CallProblem, headers: Readonly<Record<string, string>> = {}): void {
  const content = problemJson(problem);
  response.writeHead(httpStatus(problem.status), {
    'Content-Type': TYPE,
    'Content-Length': Buffer.byteLength(content),
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
  response.end(content);
}

/** The details as a line of JSON. */
export function problemJson({ status, title, detail }: CallProblem): string {
  return `${toJson({ type: 'about:blank', title, status, detail })}\n`;
}

function httpStatus(status: number): number {
  return status >= 400 && status < 600 ? status : BAD_GATEWAY;
}
