import type { ServerResponse } from 'node:http';
import type { Clock } from '../../../shared/clock.ts';
import { type BodyLimits, readBody } from '../../web/body.ts';
import type { WebRequest } from '../../web/door.ts';
import { answerText } from '../../web/refusals.ts';
import { Form } from './form.ts';

const REFUSALS = { 408: 'The body of the request did not arrive in time (see webRequestMs).', 413: 'The body is too large (see webRequestBytes).' } as const;

/** The body of a request as text; null if it was refused, with an answer already sent. */
export async function readText(request: WebRequest, response: ServerResponse, limits: BodyLimits, clock: Clock): Promise<string | null> {
  const { content, status } = await readBody(request, limits, clock);
  if (content !== null) return content.toString();
  // Do not wait for the rest of the body.
  if (status !== 0) answerText(response, status, REFUSALS[status], { Connection: 'close' });
  return null;
}

/** The parameters of the query and the form; null likewise. */
export async function readForm(request: WebRequest, response: ServerResponse, limits: BodyLimits, clock: Clock): Promise<Form | null> {
  const text = await readText(request, response, limits, clock);
  return text === null ? null : new Form(request.query, text);
}
