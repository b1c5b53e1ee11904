import type { Job, JobRunner } from '../../shared/job.ts';
import { writeJson } from '../../shared/osrf/json.ts';
import { jsonText, type Reply } from './http.ts';

/** A long answer, made bit by bit: it yields after each bit. */
export type Bits<Result> = Generator<void, Result, void>;

/** Makes a long answer in slices of the event loop, so that a list of ten thousand sessions does not delay traffic. */
export function sliced<Result>(jobs: JobRunner, bits: Bits<Result>): Promise<Result> {
  return new Promise((resolve, reject) => jobs.run(settling(bits, resolve, reject)));
}

/** The same for an answer that is JSON. @param bits Makes its text. */
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

function* settling<Result>(bits: Bits<Result>, resolve: (result: Result) => void, reject: (error: unknown) => void): Job {
  try {
    resolve(yield* bits);
  } catch (error) {
    reject(error);
  }
}
