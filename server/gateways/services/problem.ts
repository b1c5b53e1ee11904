import { type ServerResponse, STATUS_CODES } from 'node:http';
import { toJson } from '../../../shared/osrf/json.ts';

/** Why a call failed. */
export interface CallProblem {
  /** OpenSRF's status, or that of HTTP. */
  readonly status: number;
  /** The class of OpenSRF's status, as `osrfMethodException`; `''`: the problem is HTTP's. */
  readonly osrfClass: string;
  readonly detail: string;
}

const TYPE = 'application/problem+json';
const BAD_GATEWAY = 502;

/** A problem of HTTP. */
export function httpProblem(status: number, detail: string): CallProblem {
  return { status, osrfClass: '', detail };
}

/** Answers with problem details (RFC 9457). */
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

/** The details as a line of JSON. The title of a problem without a type of its own is HTTP's (RFC 9457 §4.2.1). */
export function problemJson({ status, osrfClass, detail }: CallProblem): string {
  const http = httpStatus(status);
  const ofOsrf = osrfClass === '' ? {} : { osrfStatus: status, osrfClass };
  return `${toJson({ type: 'about:blank', title: STATUS_CODES[http] ?? 'Error', status: http, detail, ...ofOsrf })}\n`;
}

/** A status of OpenSRF that is no error of HTTP becomes 502. */
function httpStatus(status: number): number {
  return status >= 400 && status < 600 ? status : BAD_GATEWAY;
}
