/** About the limit of OpenSRF's gateways. */
const MAX_PAIRS = 1_000;

/** The bytes decoded in one step. */
const BIT = 16_384;

const PERCENT = 0x25;
const AMPERSAND = 0x26;
const EQUALS = 0x3d;

/** The parameters of a query string or form. */
export class Form {
  private readonly values: ReadonlyMap<string, readonly string[]>;

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.values = values;
  }

  /** The first value of a name; `''` if there is none. */
  first(name: string): string {
    return this.values.get(name)?.[0] ?? '';
  }

  all(name: string): readonly string[] {
    return this.values.get(name) ?? [];
  }

  has(name: string): boolean {
    return this.values.has(name);
  }
}

/**
 * Reads parameters like OpenSRF's HTTP gateways, unlike the WHATWG's rules: `+` stays `+`, runs of `&` or `=` count as one, an empty name ends the
 * reading, and the first of several values of a name counts. A long job.
 *
 * @param texts The query, and the body of a POST. Too many pairs: no parameters at all.
 */
export function* readForm(...texts: readonly Buffer[]): Generator<void, Form, void> {
  const values = new Map<string, string[]>();
  let left = MAX_PAIRS;
  for (const text of texts) {
    const pairs = pairsOf(text, left);
    left -= pairs.length;
    if (left < 0) return new Form(new Map());
    yield* readPairs(pairs, values);
  }
  return new Form(values);
}

/** @param most With more pairs, it returns one more than that. */
function pairsOf(text: Buffer, most: number): Buffer[] {
  const pairs: Buffer[] = [];
  let start = 0;
  while (pairs.length < most) {
    const end = text.indexOf(AMPERSAND, start);
    if (end === -1) break;
    pairs.push(text.subarray(start, end));
    start = end + 1;
  }
  pairs.push(text.subarray(start));
  return pairs;
}

function* readPairs(pairs: readonly Buffer[], values: Map<string, string[]>): Generator<void, void, void> {
  for (const pair of pairs) {
    if (pair.length === 0) continue;
    const [nameBytes, valueBytes] = parted(pair);
    const name = yield* percentDecoded(nameBytes);
    if (name === '') return;
    const value = yield* percentDecoded(valueBytes);
    const given = values.get(name);
    if (given === undefined) values.set(name, [value]);
    else given.push(value);
  }
}

function parted(pair: Buffer): readonly [name: Buffer, value: Buffer] {
  const sign = pair.indexOf(EQUALS);
  if (sign === -1) return [pair, pair.subarray(pair.length)];
  let start = sign;
  while (pair[start] === EQUALS) start++;
  return [pair.subarray(0, sign), pair.subarray(start)];
}

/** Decodes `%XX`; keeps malformed codes, and replaces invalid UTF-8 with U+FFFD. */
function* percentDecoded(text: Buffer): Generator<void, string, void> {
  if (!text.includes(PERCENT)) return text.toString();
  const decoded = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let place = 0; place < text.length; place++) {
    const code = text[place] === PERCENT ? 16 * hexDigit(text[place + 1]) + hexDigit(text[place + 2]) : -1;
    decoded[length++] = code >= 0 ? code : (text[place] as number);
    if (code >= 0) place += 2;
    if (length % BIT === 0) yield;
  }
  return decoded.toString('utf8', 0, length);
}

/** An invalid digit, so far below zero that no sum with another digit is a code. */
function hexDigit(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1_000;
}
