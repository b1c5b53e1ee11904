import { type FailureContext, RequestFailure } from './errors.ts';

/** Frames of the library between a call and {@link Caller}. */
const OWN_FRAMES = 8;

/** The stack of a call into the library, for an error that comes later. It becomes text only if there is an error. */
export class Caller {
  /** Filled in by V8. */
  private readonly stack: string = '';

  constructor() {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = stackTraceLimit + OWN_FRAMES;
    Error.captureStackTrace(this, Caller);
    Error.stackTraceLimit = stackTraceLimit;
  }

  /** Gives an error this stack, because its own shows the event loop and nothing else. Test runners print the messages if they stand in the stack. */
  giveTo(error: Error, context: FailureContext): void {
    if (error instanceof RequestFailure) error.isAfter(context);
    const frames = this.stack.split('\n').filter((line) => /^\s+at /.test(line) && !/[( ]node:internal\//.test(line));
    const first = frames.findIndex((frame) => !isOwn(frame));
    const heading = [`${error.name}: ${error.message}`, ...context.messages.map((line) => `  ${line}`)];
    error.stack = [...heading, ...(first === -1 ? frames : frames.slice(first))].join('\n');
  }
}

/** What all frames of the library have in them: its file, or the folder of its compiled sources; `''`: unknown. */
const PLACE = placeOf(new Error().stack?.split('\n')[1] ?? '');

function placeOf(frame: string): string {
  const [, file = ''] = /\(?((?:file:\/\/)?\/[^()]*?):\d+:\d+\)?$/.exec(frame) ?? [];
  return file.replace(/osrf\/[\w-]+\.js$/, '');
}

function isOwn(frame: string): boolean {
  return PLACE !== '' && frame.includes(PLACE);
}

/** Takes the library's frames, which called the service, from the end of the stack of an error that a service threw. */
export function endAtService(thrown: unknown): void {
  if (!(thrown instanceof Error) || typeof thrown.stack !== 'string') return;
  const lines = thrown.stack.split('\n');
  const last = lines.findLastIndex((line) => !isOwn(line) && !/[( ]node:internal\//.test(line));
  // An error may be frozen, which is no failure.
  Reflect.set(thrown, 'stack', lines.slice(0, last + 1).join('\n'));
}
