import assert from 'node:assert/strict';
import { StreamError } from '../../shared/errors.ts';
import type { ReaderLimits } from '../../shared/reader/stream-receiver.ts';
import { StrictReader } from '../../shared/reader/strict-reader.ts';
import { widthOf } from '../../shared/reader/width.ts';
import { Utf8Decoder } from '../../shared/utf8.ts';
import { fieldsOf, OPENING, Reading, UNQUALIFIED_OPENINGS, WIDE_LIMITS } from './reading.ts';

/** Stanzas in the form of OpenSRF's libraries, and some with one difference. */
export const SEEDS: readonly string[] = [
  `<message to="router@private.localhost/opensrf.math" from="opensrf@private.localhost/client_1"><opensrf router_from="" router_to="" router_class="" router_command="" osrf_xid="17953"/><thread>1795.17</thread><body>[{"__c":"osrfMessage","__p":{"threadTrace":"1","params":[2,[2]]}}]</body></message>`,
  `<message to='router@private.localhost/router' from='opensrf@private.localhost/client_1'><opensrf router_command='register' router_class='opensrf.math' osrf_xid=''/><thread></thread><body>registering</body></message>`,
  `<message to='a@localhost/b' from='c@localhost/d' type='error' id='7'><opensrf router_from='e@localhost/f' router_to='' router_class='x' router_command='y' osrf_xid='1' broadcast='0'/><thread>t</thread><subject></subject><body>{&quot;a&quot;:&quot;\u00e9\u20ac\u{1f431}&quot;,&amp;&lt;&gt;&apos;&#10;&#x2F;&#xe9;&#8364;}</body></message>`,
  `<message to="a@localhost/b" from="c@localhost/d" router_from="" router_to="" router_class="" router_command="" osrf_xid="1"><thread>t</thread><body>x</body></message>`,
  `<message to='a@localhost/b' from='c@localhost/d' type='x' id='7' router_command='register' router_class='y' osrf_xid='' broadcast='1'><thread></thread><body>registering</body></message>`,
  `<message to='a@localhost/b' from='c@localhost/d'><thread/><subject/><body>[[1,2]]</body></message>`,
  `<message to='a@localhost/b' from='c@localhost/d'><body></body></message>`,
  `<message xml:lang='en' to='a@localhost/b' type='chat'><body xml:lang='en'><![CDATA[</body></message>]]></body><x xmlns='urn:x'><y/></x></message>`,
  `<iq type='get' id='1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`,
  '<presence/>',
  `<message xmlns='jabber:client' to='a@localhost/b' from='c@localhost/d'><opensrf router_command='' router_class='' osrf_xid='1'/><thread>t</thread><body>x</body></message>`,
  `<message to='a@localhost/b' from='c@localhost/d' xmlns="jabber:client"><thread>t</thread><body>x</body></message>`,
];

const PIECES = [
  ...`< > & ; ' " ] ]] ]]> = / \u0001 \u0085 \ufffe \ufeff \u00e9 \u{1f431} x`.split(' '),
  ...'&amp; &quot; &nbsp; &#65; &#0; &#9; &#31; &#55296; &#x41; &#xD800; &#xfffe; &#x1f431; &#X41; &#xc; &#12; &#00065;'.split(' '),
  ...'<message> <message/> </message> </body></message> </body> <body> <body/> <thread> </thread> <thread/> <subject></subject> <opensrf/>'.split(' '),
  ...'<![CDATA[ <!-- --> <?x?> </stream:stream> <x> </x> <stream:error/>'.split(' '),
  ...[' ', '\n', '\t', '\r', '\r\n', '<message to=', " to='z'", ' id="z"', " type='z'", " xmlns='urn:x'", " xmlns:p='urn:p'", ' p:q=""'],
  ...[" xmlns='jabber:client'", " xmlns=''", " broadcast=''", " router_class='z'", " osrf_xid='z'", "<opensrf osrf_xid='2'/>"],
];

const OPENINGS = [OPENING, OPENING, OPENING, ...UNQUALIFIED_OPENINGS];

const DECLARATIONS = ['', '', '', ` xmlns:p='urn:p&apos;' xmlns:q="urn:q"`];

/** Numbers from 0 to `below`, the same for the same seed (Numerical Recipes' generator). */
export function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * below);
  };
}

type Random = (below: number) => number;

function pick<T>(from: readonly T[], random: Random): T {
  return from[random(from.length)] as T;
}

/** The text with one part removed, repeated, inserted, or exchanged. */
function mutated(text: string, random: Random): string {
  const characters = Array.from(text);
  const at = random(characters.length + 1);
  const length = random(4) === 0 ? random(60) : random(3);
  const [before, part, behind] = [characters.slice(0, at), characters.slice(at, at + length), characters.slice(at + length)].map((list) => list.join(''));
  switch (random(4)) {
    case 0:
      return `${before}${behind}`;
    case 1:
      return `${before}${part}${part}${behind}`;
    case 2:
      return `${before}${pick(PIECES, random)}${part}${behind}`;
    default:
      return `${before}${pick(PIECES, random)}${behind}`;
  }
}

const UNITS = ['x', ' ]', '&quot;', '{&quot;__p&quot;:[1,[2]]},', '{"a":"b"}\n', 'a&#233;\u00e9', '\u{1f431}'];

/** The stanza with a body long enough to be read in pieces. */
function grown(stanza: string, random: Random): string {
  const text = Array.from({ length: 1 + random(4) }, () => pick(UNITS, random).repeat(random(10_000))).join('');
  return stanza.replace('<body>', () => `<body>${text}`);
}

/** One stream of up to four stanzas, most of them mutated once or more, cut somewhere; and limits for it. */
export function randomCase(seeds: readonly string[], random: Random): { chunks: Buffer[]; limits: ReaderLimits } {
  let text = '';
  for (let stanzas = random(4); stanzas >= 0; stanzas--) {
    let stanza = pick(seeds, random);
    if (random(100) === 0) stanza = grown(stanza, random);
    for (let changes = random(3); changes > 0; changes--) stanza = mutated(stanza, random);
    text += stanza;
  }
  const bytes = Buffer.from(text);
  const places = Array.from({ length: random(6) }, () => random(bytes.length + 1));
  if (bytes.length > 20_000) places.push(...Array.from({ length: random(30) }, () => random(bytes.length + 1)));
  // Close together, so that single bytes are rare.
  if (random(2) === 0) places.push(...places.map((place) => Math.min(bytes.length, place + 1 + random(3))));
  const sorted = [0, ...places.sort((a, b) => a - b), bytes.length];
  const chunks = sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
  const limits = random(4) === 0 ? { ...WIDE_LIMITS, maxStanzaBytes: 100 + random(bytes.length > 20_000 ? 60_000 : 600) } : WIDE_LIMITS;
  return { chunks: [Buffer.from(pick(OPENINGS, random).replace(/>$/, `${pick(DECLARATIONS, random)}>`)), ...chunks], limits };
}

/** The strict reader's result for the chunks. */
function readStrictly(chunks: readonly Buffer[], limits: ReaderLimits): Reading {
  const reading = new Reading();
  const reader = new StrictReader(reading, limits);
  const decoder = new Utf8Decoder();
  try {
    for (const chunk of chunks) {
      const text = decoder.decode(chunk);
      reader.write(text, widthOf(text));
    }
  } catch (error) {
    if (!(error instanceof StreamError)) throw error;
    reading.error = error;
  }
  return reading;
}

function outcome(reading: Reading): unknown {
  const { events, namespaces, stanzas, elements, oversized, error } = reading;
  const kept = oversized.map(({ name, to, from, type, id, thread, transactionId }) => [name, to, from, type, id, thread, transactionId]);
  return { events, namespaces, stanzas: stanzas.map(fieldsOf), elements, kept, refused: error !== null };
}

/**
 * Throws if the reader with the fast lane and the strict one differ: in a stanza or its fields, in the events before an error, or in the
 * error's presence. Of several errors in one chunk either may be reported.
 * @returns the number of equal stanzas.
 */
export function compareReaders(chunks: readonly Buffer[], limits: ReaderLimits): number {
  const strict = readStrictly(chunks, limits);
  const actual = Reading.of(chunks, limits);
  const shown = (): string => JSON.stringify({ chunks: chunks.map(String), maxStanzaBytes: limits.maxStanzaBytes });
  assert.deepEqual(outcome(actual), outcome(strict), shown());
  return strict.stanzas.length;
}
