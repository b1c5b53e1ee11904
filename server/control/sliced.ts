import type { JobRunner } from '../../shared/job.ts';
import { writeJson } from '../../shared/osrf/json.ts';
import { type Bits, sliced } from '../kernel/slices.ts';
import { jsonText, type Reply } from './http.ts';

/** Makes a long answer in slices of the event loop, so that a list of ten thousand sessions does not delay traffic. @param bits Makes its JSON. */
export async function slicedJson(jobs: JobRunner, bits: Bits<string>): Promise<Reply> {
  return jsonText(await sliced(jobs, bits));
}

/** The JSON of a list, one bit for each item. @throws Error if it is longer than a string may be. */
export function* jsonList(items: Iterable<unknown>): Bits<string> {
  let json = '[';
  for (const item of items) {
    if (json !== '[') json += ',';
    json += writeJson(item) ?? 'null';
    yield;
  }
  return `${json}]`;
}

/** The JSON of an object whose last member is JSON already. */
export function withMember(object: Readonly<Record<string, unknown>>, name: string, json: string): string {
  const head = (writeJson(object) ?? '{}').slice(0, -1);
  return `${head}${head === '{' ? '' : ','}"${name}":${json}}`;
}
