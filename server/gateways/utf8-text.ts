import { isUtf8 } from 'node:buffer';

/** The bytes decoded in one step. */
const BIT = 65_536;

/** Decodes UTF-8, a long text in many steps; null if it is invalid. */
export function* utf8Text(bytes: Buffer): Generator<void, string | null, void> {
  if (bytes.length <= BIT) return isUtf8(bytes) ? bytes.toString() : null;
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let text = '';
  try {
    for (let start = 0; start < bytes.length; start += BIT) {
      text += decoder.decode(bytes.subarray(start, start + BIT), { stream: true });
      yield;
    }
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
