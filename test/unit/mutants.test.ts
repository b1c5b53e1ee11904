import assert from 'node:assert/strict';
import { test } from 'node:test';

interface Mutant {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly also?: { readonly at: number; readonly text: string };
}

// The scripts are not compiled: this file runs from dist/test/unit/.
const { changedBy, mutantsOf } = (await import(new URL('../../../scripts/mutation/mutants.js', import.meta.url).href)) as {
  mutantsOf(code: string): Mutant[];
  changedBy(code: string, mutant: Mutant): string;
};

const changes = (code: string) => mutantsOf(code).map((mutant) => changedBy(code, mutant));

for (const [code, changed] of [
  ['a < b;', ['a <= b;', 'a >= b;']],
  ['a !== b && c;', ['a === b && c;', 'a !== b || c;']],
  ['while (a(b)) c = d;', ['while (!(a(b))) c = d;']],
  ['a = 1_000;', ['a = 1001;', 'a = 999;']],
  ['a = -0;', ['a = -1;', 'a = -(-1);']],
  ['if (a)\n    return { b: [c] };\nd = e;', ['if (!(a))\n    return { b: [c] };\nd = e;', ';\nd = e;']],
  ['if (a) return b; else c = d;', ['if (!(a)) return b; else c = d;']],
  ['a = true;', ['a = false;']],
  ["a = { 'b': 'c', 1: d, true: e };", ["a = { 'b': '', 1: d, true: e };"]],
  ["import { a } from 'b';", []],
  ['a?.b[c](d).e(f);', [';']],
  ['await a();\nvoid b();', [';\nvoid b();', 'await a();\n;']],
  ['super(a);\nreturn b();', []],
  ['class A {\n    b(c) { }\n}', []],
  ['a = /[/\'"<]/.test(`<@{`@{b}`}<`) / c / d;'.replaceAll('@', '$'), []],
  ['// a < b\na = b; /* 1 */', []],
] as const) {
  test(`${JSON.stringify(code)} may be changed in ${changed.length} places`, () => assert.deepEqual(changes(code), changed));
}
