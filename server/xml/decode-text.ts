import { TextDecoder } from 'node:util';
import { SettingsError } from './settings-error.ts';

/** The text of an XML file in the encoding that it declares; UTF-8 if it declares none. @throws SettingsError */
export function decodeXml(bytes: Uint8Array, file: string): string {
  const decoder = decoderFor(encodingOf(bytes), file);
  try {
    return decoder.decode(bytes);
  } catch {
    throw SettingsError.at(file, lineOfFault(bytes, decoder), `not ${decoder.encoding.toUpperCase()}`);
  }
}

/** XML 1.0 §4.3.3. A byte order mark is the decoder's own business, but for UTF-16, where no declaration could be read without. */
function encodingOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const start = Buffer.from(bytes.subarray(0, 200)).toString('latin1');
  return /^(?:\u00ef\u00bb\u00bf)?<\?xml[^>]*\sencoding\s*=\s*["']([^"']+)["']/.exec(start)?.[1] ?? 'utf-8';
}

function decoderFor(encoding: string, file: string): TextDecoder {
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch {
    throw SettingsError.at(file, 1, `the encoding ${encoding} is not known`);
  }
}

function lineOfFault(bytes: Uint8Array, decoder: TextDecoder): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, start);
    const next = end === -1 ? bytes.length : end + 1;
    try {
      decoder.decode(bytes.subarray(start, next));
    } catch {
      return line;
    }
    start = next;
  }
  return line;
}
