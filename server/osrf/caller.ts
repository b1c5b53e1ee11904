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

  /** Gives an error this stack: its own shows the event loop and nothing else. */
  giveTo(error: Error): void {
    const frames = this.stack.split('\n').filter((line) => /^\s+at /.test(line));
    const own = placeOf(frames[0] ?? '');
    const first = frames.findIndex((frame) => own === '' || !frame.includes(own));
    error.stack = [`${error.name}: ${error.message}`, ...(first === -1 ? frames : frames.slice(first))].join('\n');
  }
}

/** What all frames of the library have in them: its file, or the folder of its compiled sources. */
function placeOf(frame: string): string {
  const [, file = ''] = /\(?((?:file:\/\/)?\/[^()]*?):\d+:\d+\)?$/.exec(frame) ?? [];
  return file.replace(/osrf\/[\w-]+\.js$/, '');
}
