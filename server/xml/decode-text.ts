import { TextDecoder } from 'node:util';
import { XmlError } from './xml-error.ts';

/** Decodes bytes. Bytes invalid in the encoding become U+FFFD, or throw if `strict`. */
interface Encoding {
  readonly name: string;
  decode(bytes: Uint8Array, strict: boolean): string;
}

/** The text of an XML file in its declared encoding, by default UTF-8. @throws XmlError */
export function decodeXml(bytes: Uint8Array, file: string): string {
  const encoding = encodingOf(bytes, file);
  try {
    return encoding.decode(bytes, true);
  } catch {
    const text = encoding.decode(bytes, false);
    const before = text.slice(0, text.indexOf('\ufffd'));
    throw XmlError.at(file, before.split('\n').length, `not ${encoding.name}${declared(bytes) === '' ? UNDECLARED : ', which the file declares'}`);
  }
}

const UNDECLARED = ': convert the file, or declare its encoding in the first line, as <?xml version="1.0" encoding="ISO-8859-1"?>';

/** First bytes that reveal an encoding (XML 1.0, Appendix F): a byte order mark, or `<?` in UTF-16 without one. */
const MARKS: readonly (readonly [bytes: string, encoding: string])[] = [
  ['fffe0000', 'UTF-32'],
  ['0000feff', 'UTF-32'],
  ['fffe', 'UTF-16LE'],
  ['feff', 'UTF-16BE'],
  ['3c003f00', 'UTF-16LE'],
  ['003c003f', 'UTF-16BE'],
  ['efbbbf', 'UTF-8'],
];

/** XML 1.0 §4.3.3. A byte order mark overrides a declaration. */
function encodingOf(bytes: Uint8Array, file: string): Encoding {
  const start = Buffer.from(bytes.subarray(0, 4)).toString('hex');
  const marked = MARKS.find(([mark]) => start.startsWith(mark))?.[1];
  const name = marked ?? (declared(bytes) || 'UTF-8');
  // The declaration was readable as single bytes.
  if (marked === undefined && /^utf-?16|^utf-?32|^ucs-?[24]/i.test(name)) throw XmlError.at(file, 1, `declares ${name}, but is in another encoding`);
  const encoding = byName(name);
  if (encoding === null) throw XmlError.at(file, 1, `the encoding ${name} is unknown`);
  return encoding;
}

/** The encoding in the XML declaration; `''`: none. */
function declared(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, 200)).toString('latin1');
  return /^(?:\u00ef\u00bb\u00bf)?<\?xml[^>]*\sencoding\s*=\s*["']([^"']+)["']/.exec(start)?.[1] ?? '';
}

/** TextDecoder reads some encodings of ISO 8859 as Windows' code pages, which differ from 80 to 9F; and Node 20 reads windows-1252 as ISO-8859-1. */
function byName(name: string): Encoding | null {
  const label = name.toLowerCase();
  if (ASCII.has(label)) return { name: name.toUpperCase(), decode: decodeAscii };
  if (LATIN1.has(label)) return { name: name.toUpperCase(), decode: (bytes) => Buffer.from(bytes).toString('latin1') };
  const decoder = attempt(() => new TextDecoder(name));
  if (decoder === null) return null;
  const { encoding } = decoder;
  if (encoding === 'windows-1252')
    return byTable(name, (byte) => (byte >= 0x80 && byte < 0xa0 ? (WINDOWS_1252[byte - 0x80] as string) : String.fromCharCode(byte)));
  if (label.startsWith('iso') && encoding.startsWith('windows')) {
    return byTable(name, (byte) => (byte < 0xa0 ? String.fromCharCode(byte) : decoder.decode(Uint8Array.of(byte))));
  }
  return { name: encoding.toUpperCase(), decode: (bytes, strict) => new TextDecoder(encoding, { fatal: strict }).decode(bytes) };
}

const ASCII = new Set(['us-ascii', 'ascii', 'ansi_x3.4-1968', 'iso646-us']);
const LATIN1 = new Set(['iso-8859-1', 'iso8859-1', 'iso88591', 'iso_8859-1', 'iso_8859-1:1987', 'latin1', 'latin-1', 'l1', 'cp819', 'ibm819']);
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

function decodeAscii(bytes: Uint8Array, strict: boolean): string {
  if (strict && bytes.some((byte) => byte > 0x7f)) throw new Error('not ASCII');
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(/[\u0080-\u00ff]/g, '\ufffd');
}

/** A single-byte encoding. */
function byTable(name: string, characterOf: (byte: number) => string): Encoding {
  const characters = Array.from({ length: 256 }, (_, byte) => characterOf(byte));
  return { name: name.toUpperCase(), decode: (bytes) => Array.from(bytes, (byte) => characters[byte]).join('') };
}

function attempt<T>(action: () => T): T | null {
  try {
    return action();
  } catch {
    return null;
  }
}
