import type { ServerResponse } from 'node:http';
import type { Clock } from '../../../shared/clock.ts';
import type { JobRunner } from '../../../shared/job.ts';
import { sliced } from '../../kernel/slices.ts';
import { type BodyLimits, readBody } from '../../web/body.ts';
import type { WebRequest } from '../../web/door.ts';
import { answerText } from '../../web/refusals.ts';
import { type Form, readForm } from './form.ts';

const REFUSALS = { 408: 'The body of the request did not arrive in time (see webRequestMs).', 413: 'The body is too large (see webRequestBytes).' } as const;

const NO_BODY = Buffer.alloc(0);

/** The dependencies of reading a request. */
export interface FormReader {
  readonly limits: BodyLimits;
  readonly clock: Clock;
  readonly jobs: JobRunner;
}

/** The body of a request; null if it was refused, with an answer already sent. */
export async function readBytes(request: WebRequest, response: ServerResponse, { limits, clock }: FormReader): Promise<Buffer | null> {
  const { content, status } = await readBody(request, limits, clock);
  if (content !== null) return content;
  // Do not wait for the rest of the body.
  if (status !== 0) answerText(response, status, REFUSALS[status], { Connection: 'close' });
  return null;
}

/** The parameters of a query, and of the form after it if it is a POST; null likewise. */
export async function formOf(request: WebRequest, response: ServerResponse, reader: FormReader): Promise<Form | null> {
  const body = request.message.method === 'POST' ? await readBytes(request, response, reader) : NO_BODY;
  // Node represents each byte of a URL by a character.
  return body === null ? null : sliced(reader.jobs, readForm(Buffer.from(request.query, 'latin1'), body));
}
