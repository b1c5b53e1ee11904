import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { jsonLine, type LineFormat, opensrfLine, prettyLine } from '../../server/logging/line-formats.ts';
import { bounded, printable } from '../../server/logging/printable.ts';

/** A moment in the time zone of the test. */
const TIME = new Date(2026, 10, 22, 3, 4, 5).getTime();

function line(format: LineFormat, level: number, msg: string, fields: object): string {
  return format(JSON.stringify({ level, time: TIME, ...fields, msg }));
}

test("a line is as OpenSRF's C programs write it: name, time, label, pid, part, transaction id, text", () => {
  const format = opensrfLine('chopchop', 4711, false);
  for (const [level, msg, fields, expected] of [
    [30, 'listening', {}, '[INFO:4711:server:0:] listening'],
    [60, 'crashed', {}, '[ERR :4711:server:0:] crashed'],
    [50, 'failed', { part: 'clock' }, '[ERR :4711:clock:0:] failed'],
    [40, 'refused', { part: 'router', xid: '1795353159316401', from: 'a@b/c' }, '[WARN:4711:router:0:1795353159316401] refused from=a@b/c'],
    [20, 'socket failed', { part: 'connection' }, '[DEBG:4711:connection:0:] socket failed'],
    [30, '[192.0.2.7] [] a.b c', { part: 'activity', xid: 'x' }, '[ACT:4711:activity:0:x] [192.0.2.7] [] a.b c'],
    [10, 'trace', {}, '[INT :4711:server:0:] trace'],
    [30, 'values', { a: 1, b: 'x y', c: '', d: ['p'], e: 'q"r=' }, '[INFO:4711:server:0:] values a=1 b="x y" c="" d=["p"] e="q\\"r="'],
    [50, 'failed', { err: { type: 'Error', message: 'm', stack: 'Error: m\n    at x' } }, '[ERR :4711:server:0:] failed err="Error: m\\n    at x"'],
  ] as const) {
    assert.equal(line(format, level, msg, fields), `chopchop 2026-11-22 03:04:05 ${expected}`);
  }
});

test('to syslog a line has neither name nor time, and is cut where OpenSRF cuts it', () => {
  const format = opensrfLine('chopchop', 4711, true);
  assert.equal(line(format, 30, 'listening', {}), '[INFO:4711:server:0:] listening');
  assert.equal(line(format, 30, 'x'.repeat(1_532), {}).length, '[INFO:4711:server:0:] '.length + 1_532);
  assert.equal(line(format, 30, 'x'.repeat(1_533), {}), `[INFO:4711:server:0:] ${'x'.repeat(1_532)}...`);
});

test('a transaction id cannot end the bracket, nor fill the line', () => {
  const format = opensrfLine('chopchop', 1, true);
  assert.equal(line(format, 40, 'm', { xid: '1] [ERR :1:router:0:' }), '[WARN:1:server:0:1\\] [ERR :1:router:0:] m');
  assert.ok(line(format, 40, 'm', { xid: 'x'.repeat(100_000) }).length < 150);
});

const HOSTILE = ['a\nb', 'a\r\nb', 'a\tb', '\u001b[2Jx', '\u0000', '\u007f', '\u009b31m', '\u0085', '\u2028', '\u2029', '\u202ex', '\u2066x'];

for (const [name, make] of [
  ['json', () => jsonLine],
  ['pretty', () => prettyLine(false)],
  ['opensrf', () => opensrfLine('chopchop', 1, false)],
  ['opensrf for syslog', () => opensrfLine('chopchop', 1, true)],
] as const) {
  test(`no logged text breaks a line or reaches a terminal as a control: ${name}`, async () => {
    const format = await make();
    for (const text of HOSTILE) {
      let written = '';
      const write = (json: string): void => {
        written = format(json.trimEnd());
      };
      const log = pino({ base: null }, { write });
      log.warn({ from: text, xid: text, [`key${text}`]: text, nested: { text: [text] } }, `refused ${text}`);
      assert.match(written, /refused/);
      assert.doesNotMatch(written, /[\p{Cc}\u2028\u2029\u202e\u2066]/u, JSON.stringify(text));
    }
  });
}

test('an escaped line of JSON is still JSON with the same content', () => {
  for (const text of HOSTILE) assert.equal(JSON.parse(line(jsonLine, 30, text, { from: text })).from, text);
});

test('the stack of an error is indented below a pretty line, with any text in its message', async () => {
  const format = await prettyLine(false);
  const lines = line(format, 50, 'failed', {
    err: { type: 'Error', message: 'a\r\n[12:00:00] INFO: b\u001b[2J', stack: 'Error: a\r\n[12:00:00] INFO: b\u001b[2J\n    at x' },
  }).split('\n');
  assert.match(lines[0] ?? '', /ERROR: failed/);
  assert.ok(lines.length > 3);
  for (const one of lines.slice(1)) assert.match(one, /^ {4}\P{Cc}*$/u);
});

test('printable text is unchanged, umlauts and emoji included', () => {
  const text = 'opensrf@localhost/b\u00fccher \u{1f431} \\ "';
  assert.equal(printable(text), text);
  assert.equal(printable('a\u0007\u202eb'), 'a\\u0007\\u202eb');
});

test('a text of megabytes is cut, with the number of missing characters', () => {
  assert.equal(bounded('abcdef', 6), 'abcdef');
  assert.equal(bounded('abcdefg', 6), 'abcdef… (1 more)');
});
