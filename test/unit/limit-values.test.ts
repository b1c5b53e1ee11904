import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitsHelp } from '../../server/cli/text/limits-help.ts';
import { createConfig } from '../../server/config/config.ts';
import { LIMIT_VALUES, readableDefault } from '../../server/config/limit-values.ts';
import { DEFAULT_LIMITS, LIMITS } from '../../server/config/limits.ts';

function parsed(text: string) {
  const reading = LIMIT_VALUES.parse(text);
  assert.ok(reading.ok, text);
  return reading.value;
}

test('a limit is set by its name and a whole number, in its unit or another of its kind', () => {
  const rows: readonly (readonly [text: string, name: string, value: number])[] = [
    ['outboxBytes=1000', 'outboxBytes', 1_000],
    ['outboxBytes=2KiB', 'outboxBytes', 2_048],
    [' outboxBytes = 16MiB ', 'outboxBytes', 16_777_216],
    ['outboxBytes=1GiB', 'outboxBytes', 1_073_741_824],
    ['loginTimeoutMs=5s', 'loginTimeoutMs', 5_000],
    ['loginTimeoutMs=2min', 'loginTimeoutMs', 120_000],
    ['loginTimeoutMs=7ms', 'loginTimeoutMs', 7],
    ['heldRequests=0', 'heldRequests', 0],
  ];
  for (const [text, name, value] of rows) assert.deepEqual(parsed(text), { [name]: value }, text);
});

test('the last value of a limit counts', () => {
  assert.deepEqual(parsed('depth=9, heldRequests=1,depth=10'), { depth: 10, heldRequests: 1 });
  assert.deepEqual(LIMIT_VALUES.join([{ depth: 9 }, { heldRequests: 1 }, { depth: 10 }]), { ok: true, value: { depth: 10, heldRequests: 1 } });
});

test('a program hands in numbers, or the texts of the command line', () => {
  assert.deepEqual(LIMIT_VALUES.take({ depth: 9, outboxBytes: '2KiB' }), { ok: true, value: { depth: 9, outboxBytes: 2_048 } });
  for (const wrong of [{ depth: '9x' }, { depth: '' }, { depth: null }, { depth: true }, 'depth=9', 9, null]) assert.equal(LIMIT_VALUES.take(wrong).ok, false);
});

test('an unknown limit, an invalid number or a value out of range is reported in one line each, and nothing is set', () => {
  const rows: readonly (readonly [text: string, problem: RegExp])[] = [
    ['depth', /^"depth" is not a limit as NAME=VALUE, as outboxBytes=16MiB$/],
    ['depths=9', /^there is no limit "depths"; did you mean "depth"\? \(--help limits lists them\)$/],
    ['__proto__=9', /there is no limit "__proto__"/],
    ['constructor=9', /there is no limit "constructor"/],
    ['=9', /there is no limit ""/],
    ['depth=', /^depth: "" is not a whole number from 8 to 1024$/],
    ['depth=nine', /"nine" is not a whole number/],
    ['depth=7', /"7" is not a whole number from 8 to 1024/],
    ['depth=1025', /"1025" is not/],
    ['depth=10KiB', /"10KiB" is not/],
    ['depth=1e2', /"1e2" is not/],
    ['depth=-9', /"-9" is not/],
    ['depth=9.5', /"9.5" is not/],
    ['outboxBytes=5s', /from 1 to 9007199254740991, alone \(bytes\) or with GiB, MiB, KiB$/],
    ['outboxBytes=9999999999999999GiB', /is not a whole number/],
    ['loginTimeoutMs=36000min', /from 1 to 2147483647, alone \(ms\) or with min, s, ms$/],
  ];
  for (const [text, problem] of rows) {
    const reading = LIMIT_VALUES.parse(text);
    assert.ok(!reading.ok, text);
    assert.equal(reading.wrong.length, 1, text);
    assert.match(reading.wrong[0] as string, problem);
  }
});

test('the defaults are within their own bounds, and are shown as --limit takes them', () => {
  assert.deepEqual(createConfig({ limits: DEFAULT_LIMITS }).limits, DEFAULT_LIMITS);
  const shown = Object.entries(LIMITS).map(([name, limit]) => `${name}=${readableDefault(limit)}`);
  assert.deepEqual(parsed(shown.join(',')), DEFAULT_LIMITS);
});

test('the help of limits has every limit, and stays within the width', () => {
  const help = limitsHelp(90);
  for (const [name, limit] of Object.entries(LIMITS)) assert.match(help, new RegExp(`^${name} +${limit.unit} +${readableDefault(limit)} +\\S`, 'm'));
  const table = help.split('\n\n')[0] as string;
  assert.ok(table.split('\n').every((line) => line.length <= 90));
});
