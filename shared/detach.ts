/**
 * A copy that keeps nothing else alive. V8 makes a slice refer to the string it was cut from, here a whole chunk of input, so
 * text that is kept for longer than a turn of the event loop is copied first.
 */
export function detached(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}
