import { ResultAssembler } from '../../shared/osrf/assemble.ts';
import { writeJson } from '../../shared/osrf/json.ts';
import type { OsrfMessage } from '../../shared/osrf/message.ts';
import { clearTimeout, setTimeout } from '../kernel/native.ts';
import { Caller } from './caller.ts';
import { type FailureContext, OsrfError, OsrfTimeout } from './errors.ts';

/** The answer to a request. */
export interface Answer {
  /** The contents of its results, in order. */
  readonly results: readonly unknown[];
  /** The JID of the worker that completed it. */
  readonly from: string;
}

/** A method call. */
export interface MethodCall {
  readonly method: string;
  readonly params: readonly unknown[];
  /** The time-out, which each result, chunk or status 100 (continue) restarts. */
  readonly timeoutMs: number;
  /** The most characters of the JSON of all results; more fail the request. No bound by default. */
  readonly maxResultLength?: number;
}

/** The session of a request. */
interface Thread {
  settled(threadTrace: string): void;
  explain(threadTrace: string): FailureContext;
}

/** The most resends, so that workers cannot redirect a request forever. */
const MAX_RESENDS = 3;

/**
 * A sent request. Await it for its first result (or undefined), await {@link answer} for all results, or iterate over it
 * for each result as it arrives. All three throw if the request fails; the iteration does so after the received results.
 */
// biome-ignore lint/suspicious/noExplicitAny: JSON; its caller knows the method
export class OsrfRequest implements AsyncIterable<unknown>, Promise<any> {
  readonly [Symbol.toStringTag] = 'OsrfRequest';
  /** Its number in its session. */
  readonly threadTrace: string;
  /** The address of the service at its router. */
  readonly service: string;
  /** The method call. */
  readonly call: MethodCall;
  /** Resolves when the request is complete. @throws OsrfError, OsrfTimeout */
  readonly answer: Promise<Answer>;
  /** Its `osrf_xid`; `''` while it waits for a worker. */
  transactionId = '';
  /** The JID of its receiver; `''` while it waits for a worker. */
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
  private readonly thread: Thread;
  private readonly caller = new Caller();

  /** @param service The address of the service at its router. */
  constructor(threadTrace: string, service: string, call: MethodCall, thread: Thread) {
    this.service = service;
    this.threadTrace = threadTrace;
    this.call = call;
    this.thread = thread;
    this.settle = withResolve();
    this.answer = this.settle.promise;
    // Prevents an unhandled rejection; an iteration throws the error too.
    this.answer.catch(() => {});
    this.timer = this.startTimer();
  }

  /** Yields each result as it arrives. */
  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void> {
    for (let next = 0; ; next++) {
      while (next === this.results.length && this.state === 'waiting') await this.news.promise;
      if (next === this.results.length) break;
      yield this.results[next];
    }
    if (this.error !== null) throw this.error;
  }

  /** Resolves with the first result when the answer is complete. */
  // biome-ignore lint/suspicious/noThenProperty: most methods have one result, and `await session.request(…)` is it
  // biome-ignore lint/suspicious/noExplicitAny: JSON
  then<Value = any, Failure = never>(
    // biome-ignore lint/suspicious/noExplicitAny: JSON
    onResult?: ((result: any) => Value | PromiseLike<Value>) | null,
    onFailure?: ((error: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Value | Failure> {
    return this.answer.then(({ results }) => results[0]).then(onResult, onFailure);
  }

  /** As in Promise. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON
  catch<Value = never>(onFailure?: ((error: unknown) => Value | PromiseLike<Value>) | null): Promise<any> {
    return this.then(undefined, onFailure);
  }

  /** As in Promise. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON
  finally(onSettled?: (() => void) | null): Promise<any> {
    return this.then().finally(onSettled);
  }

  /** Restarts the time-out. */
  heard(): void {
    clearTimeout(this.timer);
    this.timer = this.startTimer();
  }

  /** Processes a RESULT. */
  resultCame(message: OsrfMessage, from: string): void {
    if (!this.hasRoomFor(message.payload['content'])) {
      this.fail(new OsrfError('client', 500, `more than ${this.call.maxResultLength} characters of results; the rest was omitted`, from));
      return;
    }
    const assembled = this.assembler.take(message);
    if (assembled.kind === 'result') this.add(assembled.content);
    else if (assembled.kind === 'broken') this.fail(brokenResult(assembled.text, from));
  }

  /** Completes the request. */
  complete(from: string): void {
    this.end('complete');
    this.settle.resolve({ results: this.results, from });
  }

  /** Fails the request. */
  fail(error: Error): void {
    if (error instanceof OsrfError) error.isOf(this.service.slice(this.service.indexOf('/') + 1), this.call.method, this.transactionId);
    this.caller.giveTo(error, this.thread.explain(this.threadTrace));
    this.error = error;
    this.end('failed');
    this.settle.reject(error);
  }

  /** Whether it may be resent: not too often, and not after a part of the answer, which would arrive twice. */
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
    this.thread.settled(this.threadTrace);
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
  return new OsrfError('service', 500, `the joined chunks of a result (${text.length} characters) are not JSON, or nested too deeply`, from);
}

/** A promise with its resolve and reject functions. */
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
