import { isAscii, isUtf8 } from 'node:buffer';
import { StreamError } from './errors.ts';

const NOTHING = Buffer.alloc(0);

/** Turns bytes that are whole into text, strictly. @throws StreamError `unsupported-encoding` */
export function decodeUtf8(bytes: Buffer): string {
  if (isAscii(bytes)) return bytes.toString('latin1');
  if (!isUtf8(bytes)) throw new StreamError('unsupported-encoding', 'the stream holds bytes that are not UTF-8');
  return bytes.toString('utf8');
}

/** Turns the bytes of one stream into text, strictly: what is not UTF-8 ends the stream (RFC 6120 §11.6). */
export class Utf8Decoder {
  /** The first one to three bytes of a character whose rest has not come yet. */
  private pending = NOTHING;

  /** @throws StreamError `unsupported-encoding` for bytes that are no UTF-8 (overlong forms and surrogates included). */
  decode(chunk: Buffer): string {
    if (this.pending.length === 0 && isAscii(chunk)) return chunk.toString('latin1');
    const bytes = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    const complete = bytes.length - incompleteTail(bytes);
    const text = decodeUtf8(bytes.subarray(0, complete));
    this.pending = complete === bytes.length ? NOTHING : Buffer.from(bytes.subarray(complete));
    return text;
  }
}

/** How many bytes at the end begin a character without ending it. A wrong byte there is found when the rest has come. */
function incompleteTail(bytes: Buffer): number {
  const lookBack = Math.min(3, bytes.length);
  for (let back = 1; back <= lookBack; back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte >= 0x80 && byte < 0xc0) continue;
    return byte >= 0xc0 && back < sequenceLength(byte) ? back : 0;
  }
  return 0;
}

function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4;
  return lead >= 0xe0 ? 3 : 2;
}
