import { isUtf8 } from 'node:buffer';

/** So many bytes are decoded in one bit. */
const BIT = 65_536;

/** The text of UTF-8, a long one in many bits; null where it is not valid. */
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
