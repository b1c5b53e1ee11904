import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endOfPlainText, PLAIN_END, readPlainHead } from '../../shared/reader/plain-stanza.ts';
import { cpuMs } from '../support/cpu.ts';
import { compareReaders, generator, randomCase, SEEDS } from '../support/lane-fuzz.ts';
import { OPENING, Reading, UNQUALIFIED_OPENINGS, WIDE_LIMITS } from '../support/reading.ts';
import { cases, spread } from '../support/tier.ts';

const PLAIN = `<message to='a@localhost/b' from='c@localhost/d'><opensrf router_command='register' router_class='x' osrf_xid='1'/><thread>t</thread><body>TEXT</body></message>`;

/** Texts that a body may contain, and forbidden ones. */
const TEXTS = [
  ...`]]> ]]]> ]] ] ]]&gt; ]]\u00e9> > ' " \t\r\n \u0085 \ufeff \ufffd \ufffe \uffff \u{1f431} \u0000 \u001f \u007f`.split(' '),
  ...'& &; &amp &amp; &AMP; &nbsp; &#9; &#10; &#11; &#13; &#31; &#32; &#065; &#9999; &#10000; &#55295; &#55296; &#65534;'.split(' '),
  ...'&#x9; &#xa; &#xB; &#x1f; &#x20; &#xfff; &#xcfff; &#xd7ff; &#xd800; &#xfffe; &#x1f431; &#X41; &#x; &#; &#x00041;'.split(' '),
  ...'< </ </body> </body></message <![CDATA[]]> <!--x--> <?x?> <x/> <message/> </message> </body></messages>'.split(' '),
  ...['] ]>', '&amp ;', '</body ></message >', ' '],
];

test("the fast lane reads OpenSRF's stanzas, up to 3.0 and from 3.1, and leaves the rest", () => {
  const taken = SEEDS.map((seed) => {
    const head = readPlainHead(seed, 0);
    return head !== null && seed.startsWith(PLAIN_END, endOfPlainText(seed, head.bodyStart));
  });
  assert.deepEqual(taken, [true, true, true, true, true, true, true, false, false, false, false, false]);
});

test('the fast lane equals the strict reader, for any body and any cut', () => {
  for (const text of TEXTS) {
    const bytes = Buffer.from(PLAIN.replace('TEXT', text));
    for (const cut of spread(bytes.length)) {
      compareReaders([Buffer.from(OPENING), bytes.subarray(0, cut + 1), bytes.subarray(cut + 1)], WIDE_LIMITS);
    }
  }
});

test('the fast lane equals the strict reader on a stream without a content namespace, for any declaration of a stanza', () => {
  for (const opening of UNQUALIFIED_OPENINGS) {
    for (const declaration of ['', " xmlns='jabber:client'", ' xmlns="jabber:component:accept"', " xmlns=''"]) {
      const stanzas = [PLAIN.replace('<message', `<message${declaration}`), PLAIN.replace(' from=', `${declaration} from=`)];
      const bytes = Buffer.from(stanzas.join(''));
      for (const cut of spread(bytes.length)) {
        compareReaders([Buffer.from(opening), bytes.subarray(0, cut + 1), bytes.subarray(cut + 1)], WIDE_LIMITS);
      }
    }
  }
});

test('the fast lane equals the strict reader, in three pieces cut anywhere', () => {
  const bytes = Buffer.from(SEEDS[2] as string);
  for (let first = 1; first < bytes.length; first += 7) {
    for (let second = first + 1; second < bytes.length; second += 13) {
      compareReaders([Buffer.from(OPENING), bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)], WIDE_LIMITS);
    }
  }
});

test('the fast lane equals the strict reader, with any one character exchanged', () => {
  for (const seed of SEEDS.slice(1, 5)) {
    for (const at of spread(seed.length)) {
      for (const other of ['', ' ', "'", '"', '<', '>', '&', '=', '/', 'x']) {
        compareReaders([Buffer.from(OPENING), Buffer.from(seed.slice(0, at) + other + seed.slice(at + 1))], WIDE_LIMITS);
      }
    }
  }
});

test('a split character counts with all its bytes against the limit', () => {
  const bytes = Buffer.from(`<message><body>${'x'.repeat(50)}\u{1f431}</body></message>`);
  const cut = bytes.indexOf(0xf0) + 2;
  for (const maxStanzaBytes of [bytes.length, bytes.length - 1]) {
    const chunks = [Buffer.from(OPENING), bytes.subarray(0, cut), bytes.subarray(cut)];
    compareReaders(chunks, { ...WIDE_LIMITS, maxStanzaBytes });
    assert.equal(Reading.of(chunks, { maxStanzaBytes }).oversized.length, bytes.length - maxStanzaBytes);
  }
});

// For more of it: node scripts/fuzz-reader.js
test('the fast lane equals the strict reader, for random changes and cuts', () => {
  const random = generator(20_261_124);
  let stanzas = 0;
  const tried = cases(10_000, 1_500);
  for (let index = 0; index < tried; index++) {
    const { chunks, limits } = randomCase(SEEDS, random);
    stanzas += compareReaders(chunks, limits);
  }
  assert.ok(stanzas > tried / 2, `${stanzas} of them were stanzas after all`);
});

test('a body in many pieces takes no more time than by its length', () => {
  const timeOf = (pieces: number): number => {
    const length = 8_000_000 / pieces;
    const chunks = [OPENING, PLAIN.slice(0, PLAIN.indexOf('TEXT')), ...Array.from({ length: pieces }, () => 'x'.repeat(length)), '</body></message>'].map(
      (text) => Buffer.from(text),
    );
    return cpuMs(() => assert.deepEqual(Reading.of(chunks).events, ['header', 'stanza message']));
  };
  timeOf(200);
  const [few, many] = [timeOf(20), timeOf(2_000)];
  // They are about equal; rescanning the whole body for each piece takes hundreds of times as long.
  assert.ok(many < 50 * few, `${few} ms in 20 pieces, ${many} ms in 2,000`);
});
