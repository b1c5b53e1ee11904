import type { Random } from './random.ts';

/** Texts that break weak parsers. */
const TOKENS: readonly Buffer[] = [
  '<',
  '>',
  '&',
  '/',
  '/>',
  '</',
  '<a>',
  '</a>',
  '<a/>',
  "'",
  '"',
  '=',
  ' ',
  '\n',
  '\r',
  '\t',
  ':',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '<?',
  '?>',
  '<!DOCTYPE a [',
  ']>',
  '<!ENTITY a "b">',
  '&a;',
  '&amp;',
  '&#0;',
  '&#x41;',
  '&#xD800;',
  '&#x110000;',
  '&#99999999999;',
  '&quot',
  'xmlns=',
  "xmlns='x'",
  "xmlns:p='q'",
  'p:',
  'stream:',
  'xml:lang=',
  '</stream:stream>',
  '<stream:error>',
  "<?xml version='1.1'?>",
  "<?xml version='1.0' encoding='utf-16'?>",
  '<message>',
  '</message>',
  '<iq>',
  '<presence/>',
  '<body>',
  '</body>',
  '<thread>',
  '</thread>',
  '<opensrf/>',
  'router_command=',
  "router_class='__proto__'",
  "to=''",
  "from=''",
  "type='error'",
  "type='result'",
  "id=''",
  '__proto__',
  '%s%n',
  '\\u0000',
  '"__c"',
  '[',
  ']',
  '{',
  '}',
  '1e999',
  '-1',
  'null',
  '\u{1f600}',
  '\u2028',
  '\u202e',
  '\ufeff',
  '\ufffe',
]
  .map((token) => Buffer.from(token))
  // A surrogate, an overlong slash, bytes that never occur, and a truncated character.
  .concat([[0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xff], [0xfe], [0x00], [0x80], [0xf0, 0x9f], [0xf4, 0x90, 0x80, 0x80]].map((bytes) => Buffer.from(bytes)));

type Mutation = (input: Buffer, random: Random, others: readonly Buffer[], tokens: readonly Buffer[]) => Buffer;

function cut(input: Buffer, from: number, to: number, between: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, from), between, input.subarray(to)]);
}

/** Two positions in the input, in order; usually close together. */
function range(input: Buffer, random: Random): [from: number, to: number] {
  const from = random.below(input.length + 1);
  return [from, Math.min(input.length, from + random.below(random.of([4, 40, input.length + 1])))];
}

/** After some `>`, where a part of another conversation fits in. */
function boundary(input: Buffer, random: Random): number {
  const place = input.indexOf('>', random.below(input.length + 1));
  return place === -1 ? input.length : place + 1;
}

/** After the name of some start tag, where an attribute fits in. */
function behindName(input: Buffer, random: Random): number {
  const start = input.indexOf('<', random.below(input.length + 1));
  if (start === -1) return input.length;
  let place = start + 1;
  while (place < input.length && /[\w:/.-]/.test(String.fromCharCode(input[place] as number))) place++;
  return place;
}

const MUTATIONS: readonly Mutation[] = [
  (input, random, _others, tokens) => cut(input, ...sameTwice(behindName(input, random)), Buffer.concat([Buffer.from(' '), random.of(tokens)])),
  (input, random) => {
    const copy = Buffer.from(input);
    if (copy.length > 0) copy[random.below(copy.length)] = random.below(256);
    return copy;
  },
  (input, random) => {
    const copy = Buffer.from(input);
    const place = random.below(copy.length);
    if (copy.length > 0) copy[place] = (copy[place] as number) ^ (1 << random.below(8));
    return copy;
  },
  (input, random, _others, tokens) => cut(input, ...sameTwice(random.below(input.length + 1)), random.of(tokens)),
  (input, random, _others, tokens) => cut(input, ...sameTwice(boundary(input, random)), random.of(tokens)),
  (input, random, _others, tokens) => cut(input, ...range(input, random), random.of(tokens)),
  (input, random) => cut(input, ...range(input, random), Buffer.alloc(0)),
  (input, random) => {
    const [from, to] = range(input, random);
    const piece = input.subarray(from, to);
    return cut(input, to, to, Buffer.concat(Array<Buffer>(1 + random.below(random.of([2, 2, 2, 200]))).fill(piece)).subarray(0, 100_000));
  },
  (input, random) => input.subarray(0, random.below(input.length + 1)),
  (input, random, others) => {
    const other = random.of(others);
    return Buffer.concat([input.subarray(0, boundary(input, random)), other.subarray(boundary(other, random))]);
  },
  (input, random, others) => {
    const other = random.of(others);
    return cut(input, ...sameTwice(boundary(input, random)), other.subarray(...range(other, random)));
  },
];

function sameTwice(place: number): [number, number] {
  return [place, place];
}

/** The usual tokens, and other ones that are used as often as all of these together. */
export function withTokens(others: readonly Buffer[]): readonly Buffer[] {
  return [
    ...TOKENS,
    ...Array<readonly Buffer[]>(Math.ceil(TOKENS.length / others.length))
      .fill(others)
      .flat(),
  ];
}

/** A mix of conversations: a few mutations, none likely in practice. */
export function mutated(seeds: readonly Buffer[], random: Random, tokens: readonly Buffer[] = TOKENS): Buffer {
  let input = random.of(seeds);
  for (let times = random.of([0, 1, 1, 1, 2, 2, 3, 5, 10]); times > 0; times--) input = random.of(MUTATIONS)(input, random, seeds, tokens);
  return input;
}

/** The same bytes in random pieces. */
export function pieces(input: Buffer, random: Random): Buffer[] {
  const found: Buffer[] = [];
  const longest = random.of([input.length + 1, input.length + 1, 1_000, 100, 10, 1]);
  for (let start = 0; start < input.length; ) {
    const end = Math.min(input.length, start + 1 + random.below(longest));
    // A copy: a reader must neither keep the whole alive nor see the bytes after it.
    found.push(Buffer.from(input.subarray(start, end)));
    start = end;
  }
  return found;
}
