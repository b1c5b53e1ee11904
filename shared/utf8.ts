import { isAscii, isUtf8 } from 'node:buffer';
import { StreamError } from './errors.ts';

const NOTHING = Buffer.alloc(0);

/** Decodes whole bytes strictly. @throws StreamError `unsupported-encoding` */
export function decodeUtf8(bytes: Buffer): string {
  if (isAscii(bytes)) return bytes.toString('latin1');
  if (!isUtf8(bytes)) throw new StreamError('unsupported-encoding', 'the stream holds bytes that are not UTF-8');
  return bytes.toString('utf8');
}

/** Decodes the bytes of one stream strictly: invalid UTF-8 ends the stream (RFC 6120 §11.6). */
export class Utf8Decoder {
  /** The first one to three bytes of an incomplete character. */
  private pending = NOTHING;
  /** Whether the last text is ASCII. */
  isAscii = false;

  /** The bytes of an incomplete character; another decoder goes on with them. */
  get incomplete(): Buffer {
    return this.pending;
  }

  set incomplete(bytes: Buffer) {
    this.pending = Buffer.from(bytes);
  }

  /** @throws StreamError `unsupported-encoding` for invalid UTF-8 (overlong forms and surrogates included). */
  decode(chunk: Buffer): string {
    this.isAscii = this.pending.length === 0 && isAscii(chunk);
    if (this.isAscii) return chunk.toString('latin1');
    const bytes = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    const complete = bytes.length - incompleteTail(bytes);
    const text = decodeUtf8(bytes.subarray(0, complete));
    this.pending = complete === bytes.length ? NOTHING : Buffer.from(bytes.subarray(complete));
    return text;
  }
}

/** The number of bytes at the end that begin an incomplete character. An invalid byte among them is found when the rest arrives. */
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
