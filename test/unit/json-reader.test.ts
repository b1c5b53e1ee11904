import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonText, parseJson } from '../../shared/osrf/json.ts';
import { type JsonReading, readJson } from '../../shared/osrf/json-reader.ts';

const NO_BOUND = Number.POSITIVE_INFINITY;

/** Reads a text. @returns also in how many bits. */
function read(text: string, levels = NO_BOUND, mostValues = NO_BOUND): JsonReading & { readonly bits: number } {
  const job = readJson(text, { levels, mostValues });
  for (let bits = 1; ; bits++) {
    const step = job.next();
    if (step.done === true) return { ...step.value, bits };
  }
}

/** Without the prototypes of objects. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

const BAD = [
  '', ' ', '[', '{', '[1', '[1,', '[1,]', '[,1]', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{a:1}', '{"a" 1}', '{1:1}', '[1 2]', '1 2', ']', '}', '[}', '{]', '[[]', '[1}', '01', '1.', '.5', '+1',
  '1e', '1e+', '-', '--1', '0x1', 'NaN', 'Infinity', 'tru', 'truer', 'nul', "'a'", '"', '"a', '"\\"', '"\\x"', '"\\u12"', '"\t"', '"a\nb"', '[1]]', '\u00a01', '\ufeff1', '//1', '[1]/**/', 'undefined',
]; // biome-ignore format: a table

test('it accepts exactly the texts of JSON.parse', () => {
  const text = fc.oneof(
    fc.json({ maxDepth: 6 }),
    fc
      .json()
      .chain((json) =>
        fc
          .nat(json.length)
          .chain((place) =>
            fc.constantFrom('"', ',', '[', '}', '\\', '1', ' ', '\n', 'e', '').map((one) => json.slice(0, place) + one + json.slice(place + 1)),
          ),
      ),
  );
  fc.assert(
    fc.property(text, fc.nat(6), (json, levels) => {
      const value = parseJson(json);
      assert.deepEqual(plain(read(json).value), plain(value), json);
      assert.equal(read(json, levels).problem === '', value !== undefined, json);
    }),
    { numRuns: 2_000 },
  );
  for (const bad of BAD) for (const levels of [0, 1, NO_BOUND]) assert.match(read(bad, levels).problem, /^no JSON \(/, `${bad} ${levels}`);
});

test('a megabyte of white space is stepped over, more is a problem', () => {
  for (const levels of [0, NO_BOUND]) {
    assert.equal(read(`${' '.repeat(1_000_000)}1`, levels).problem, '');
    assert.match(read(`${' '.repeat(2_000_000)}1`, levels).problem, /^no JSON/);
  }
});

test('values below the levels stay as they were sent', () => {
  const params = '[ 12345678901234567890, 1.0, -0, 1E2, {"10":1,"9":2,"9":3, "__proto__":{"a":"\\u00e9"}} ]';
  const { value } = read(` {"a":[${params}, "b\\n"],"n": 1.0 } `, 2);
  const { a, n } = value as { a: JsonText[]; n: unknown };
  assert.deepEqual(a, [new JsonText(params), new JsonText('"b\\n"')]);
  assert.equal(n, 1);
  assert.deepEqual(read(' 1.00 ', 0).value, new JsonText('1.00'));
});

test('a key __proto__ is a key like others', () => {
  const value = read('{"__proto__":{"polluted":true},"a":1}').value as Record<string, unknown>;
  assert.equal(value['polluted'], undefined);
  assert.deepEqual(Object.keys(value), ['__proto__', 'a']);
});

test('512 levels are accepted, 513 are not, at any place', () => {
  for (const levels of [0, 3, NO_BOUND]) {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      assert.equal(read(`${open.repeat(512)}1${close.repeat(512)}`, levels).problem, '');
      assert.equal(read(`${open.repeat(513)}1${close.repeat(513)}`, levels).problem, 'nested deeper than 512 levels');
      assert.equal(read(open.repeat(100_000), levels).problem, 'nested deeper than 512 levels');
    }
  }
});

test('too many values above the levels are a problem, below them they are not', () => {
  assert.equal(read('[1,2,3]', 2, 3).problem, 'too many parts');
  assert.equal(read('[1,2,3]', 2, 4).problem, '');
  assert.equal(read('[[1,2,3,4,5]]', 2, 2).problem, '');
});

test('one long string is read in many bits, and stays as it was sent', () => {
  for (const token of [`"${'x'.repeat(400_000)}"`, `"${'\\u00e9'.repeat(70_000)}"`]) {
    const long = new JsonText(token);
    for (const [text, levels, value] of [
      [token, 0, long],
      [token, NO_BOUND, long],
      [`[ ${token} ,1]`, 1, [long, new JsonText('1')]],
      [`[ ${token} ,1]`, NO_BOUND, [long, 1]],
      [`[[{"a": ${token} }],2]`, 1, [new JsonText(`[{"a": ${token} }]`), new JsonText('2')]],
    ] as const) {
      const reading = read(text, levels);
      assert.deepEqual(reading.value, value);
      assert.ok(reading.bits > 3, `${reading.bits}`);
      assert.match(read(text.replace(/"([^"]*)$/, '\n"$1'), levels).problem, /^no JSON/);
    }
  }
});

for (const [what, piece] of [
  ['lists', '[],'],
  ['nested lists', '[[[[[[1]]]]]],'],
  ['numbers', '1,'],
  ['objects', '{"a":{"b":null}},'],
  ['strings with escapes', '"\\u0041\\"",'],
] as const) {
  test(`a long text is read in many steps: ${what}`, () => {
    for (const levels of [1, NO_BOUND]) {
      const text = `[${piece.repeat(400_000 / piece.length)}0]`;
      const { problem, bits } = read(`[${text}]`, levels);
      assert.equal(problem, '');
      assert.ok(bits > 95, `${bits}`);
    }
  });
}
