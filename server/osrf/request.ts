import { ResultAssembler } from '../../shared/osrf/assemble.ts';
import { writeJson } from '../../shared/osrf/json.ts';
import type { OsrfMessage } from '../../shared/osrf/message.ts';
import { OsrfError, OsrfTimeout } from './errors.ts';

/** What came back for one request. */
export interface Answer {
  /** The contents of its results, in order. */
  readonly results: readonly unknown[];
  /** The JID of the worker that completed it. */
  readonly from: string;
}

/** A method call of a client's. */
export interface MethodCall {
  readonly method: string;
  readonly params: readonly unknown[];
  /** How long to wait for the next sign of life: a result, a piece of one, or "continue". */
  readonly timeoutMs: number;
  /** So many characters the JSON of all results may have; more fail the request. Without end where it is missing. */
  readonly maxResultLength?: number;
}

/** A worker that always sends the request away again must not keep us busy for ever. */
const MAX_RESENDS = 3;

/**
 * One request on its way. Await it for its first result (undefined where there is none), or {@link answer} for all of them; or iterate over it
 * to get each as it comes. All three throw if the request fails, the iteration behind the results that came before.
 */
// biome-ignore lint/suspicious/noExplicitAny: JSON; its caller knows the method
export class OsrfRequest implements AsyncIterable<unknown>, Promise<any> {
  readonly [Symbol.toStringTag] = 'OsrfRequest';
  /** Its number in its session. */
  readonly threadTrace: string;
  /** What was asked. */
  readonly call: MethodCall;
  /** Resolves when the request is complete. @throws OsrfError, OsrfTimeout */
  readonly answer: Promise<Answer>;
  /** The address it was sent to; `''` while it waits for a connection to a worker. */
  sentTo = '';
  private readonly results: unknown[] = [];
  private readonly assembler = new ResultAssembler();
  private resultLength = 0;
  private resends = 0;
  private error: Error | null = null;
  private state: 'waiting' | 'complete' | 'failed' = 'waiting';
  private readonly settle: PromiseWithResolve<Answer>;
  private news: PromiseWithResolve<void> = withResolve();
  private timer: NodeJS.Timeout;
  private readonly onSettled: () => void;

  constructor(threadTrace: string, call: MethodCall, onSettled: () => void) {
    this.threadTrace = threadTrace;
    this.call = call;
    this.onSettled = onSettled;
    this.settle = withResolve();
    this.answer = this.settle.promise;
    // Whoever iterates gets the error there.
    this.answer.catch(() => {});
    this.timer = this.startTimer();
  }

  /** Each result as it comes. */
  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void> {
    for (let next = 0; ; next++) {
      while (next === this.results.length && this.state === 'waiting') await this.news.promise;
      if (next === this.results.length) break;
      yield this.results[next];
    }
    if (this.error !== null) throw this.error;
  }

  /** Its first result, when its answer is whole. */
  // biome-ignore lint/suspicious/noThenProperty: most methods have one result, and `await session.request(…)` is it
  // biome-ignore lint/suspicious/noExplicitAny: JSON
  then<Value = any, Failure = never>(
    // biome-ignore lint/suspicious/noExplicitAny: JSON
    onResult?: ((result: any) => Value | PromiseLike<Value>) | null,
    onFailure?: ((error: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Value | Failure> {
    return this.answer.then(({ results }) => results[0]).then(onResult, onFailure);
  }

  /** As of a promise. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON
  catch<Value = never>(onFailure?: ((error: unknown) => Value | PromiseLike<Value>) | null): Promise<any> {
    return this.then(undefined, onFailure);
  }

  /** As of a promise. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON
  finally(onSettled?: (() => void) | null): Promise<any> {
    return this.then().finally(onSettled);
  }

  /** Something came for it: the time begins anew. */
  heard(): void {
    clearTimeout(this.timer);
    this.timer = this.startTimer();
  }

  /** A RESULT came. */
  resultCame(message: OsrfMessage, from: string): void {
    if (!this.hasRoomFor(message.payload['content'])) {
      this.fail(new OsrfError('client', 500, `more than ${this.call.maxResultLength} characters of results; the rest was left out`, from));
      return;
    }
    const assembled = this.assembler.take(message);
    if (assembled.kind === 'result') this.add(assembled.content);
    else if (assembled.kind === 'broken') this.fail(brokenResult(assembled.text, from));
  }

  /** Its answer is whole. */
  complete(from: string): void {
    this.end('complete');
    this.settle.resolve({ results: this.results, from });
  }

  /** There will be no whole answer. */
  fail(error: Error): void {
    this.error = error;
    this.end('failed');
    this.settle.reject(error);
  }

  /** Whether it may be sent once more: not too often, and not if a part of the answer has come, which would come twice. */
  mayResend(): boolean {
    return this.results.length === 0 && !this.assembler.incomplete && ++this.resends <= MAX_RESENDS;
  }

  /** @param content Of a RESULT: a result, or a piece of one as text. */
  private hasRoomFor(content: unknown): boolean {
    const { maxResultLength } = this.call;
    if (maxResultLength === undefined) return true;
    this.resultLength += writeJson(content)?.length ?? 0;
    return this.resultLength <= maxResultLength;
  }

  private add(result: unknown): void {
    this.results.push(result);
    this.tell();
  }

  private end(state: 'complete' | 'failed'): void {
    clearTimeout(this.timer);
    this.state = state;
    this.onSettled();
    this.tell();
  }

  private tell(): void {
    this.news.resolve();
    this.news = withResolve();
  }

  private startTimer(): NodeJS.Timeout {
    const { method, timeoutMs } = this.call;
    return setTimeout(() => this.fail(new OsrfTimeout(`request ${method} to ${this.sentTo || 'a worker'}`, timeoutMs)), timeoutMs);
  }
}

function brokenResult(text: string, from: string): OsrfError {
  return new OsrfError('service', 500, `the ${text.length} characters of a result that came in pieces are no JSON, or nested too deeply`, from);
}

/** A promise and its two ends. */
export interface PromiseWithResolve<Value> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(error: Error): void;
}

/** Node 20 has no `Promise.withResolvers` yet. */
export function withResolve<Value>(): PromiseWithResolve<Value> {
  let ends: Omit<PromiseWithResolve<Value>, 'promise'> | undefined;
  const promise = new Promise<Value>((resolve, reject) => (ends = { resolve, reject }));
  return { promise, ...(ends as Omit<PromiseWithResolve<Value>, 'promise'>) };
}
