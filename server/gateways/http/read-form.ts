import type { ServerResponse } from 'node:http';
import type { Clock } from '../../../shared/clock.ts';
import type { JobRunner } from '../../../shared/job.ts';
import { sliced } from '../../kernel/slices.ts';
import { type BodyLimits, readBody } from '../../web/body.ts';
import type { WebRequest } from '../../web/door.ts';
import { answerText } from '../../web/refusals.ts';
import { READING_TIMES } from '../browser-message.ts';
import { type Form, readForm } from './form.ts';

const REFUSALS = { 408: 'The body of the request did not arrive in time (see webRequestMs).', 413: 'The body is too large (see webRequestBytes).' } as const;

const NO_BODY = Buffer.alloc(0);

/** The dependencies of reading a request. */
export interface FormReader {
  readonly limits: BodyLimits;
  readonly clock: Clock;
  readonly jobs: JobRunner;
}

/** Passes the body of a request to `use`, and charges it until that is done. Answers here if it is refused. */
export async function withBody(
  request: WebRequest,
  response: ServerResponse,
  { limits, clock }: FormReader,
  use: (body: Buffer) => Promise<void>,
): Promise<void> {
  const { content, status } = await readBody(request, limits, clock);
  if (content === null) {
    // Do not wait for the rest of the body.
    if (status !== 0) answerText(response, status, REFUSALS[status], { Connection: 'close' });
    return;
  }
  const charged = READING_TIMES * content.length;
  request.account.charge(charged);
  try {
    await use(content);
  } finally {
    request.account.charge(-charged);
  }
}

/** Passes the parameters of the query, and of the form of a POST, likewise. */
export async function withForm(request: WebRequest, response: ServerResponse, reader: FormReader, use: (form: Form) => Promise<void>): Promise<void> {
  // Node has a character for each byte of a URL.
  const query = Buffer.from(request.query, 'latin1');
  const read = async (body: Buffer) => use(await sliced(reader.jobs, readForm(query, body)));
  if (request.message.method === 'POST') await withBody(request, response, reader, read);
  else await read(NO_BODY);
}
