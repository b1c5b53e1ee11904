import { isUtf8 } from 'node:buffer';

/** The bytes decoded in one step. */
const BIT = 65_536;

/** Decodes UTF-8, a long text in many steps; null if it is invalid. @param parts One or more. */
export function* utf8Text(parts: readonly Buffer[]): Generator<void, string | null, void> {
  const [first] = parts as [Buffer];
  if (parts.length === 1 && first.length <= BIT) return isUtf8(first) ? first.toString() : null;
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let text = '';
  try {
    for (const part of parts) {
      for (let start = 0; start < part.length; start += BIT) {
        text += decoder.decode(part.subarray(start, start + BIT), { stream: true });
        yield;
      }
    }
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
