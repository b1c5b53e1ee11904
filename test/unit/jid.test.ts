import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bareJid, formatJid, type Jid, MAX_PART_BYTES, parseJid } from '../../shared/jid.ts';

const longest = 'a'.repeat(MAX_PART_BYTES);

const ACCEPTED: readonly (readonly [text: string, local: string, domain: string, resource: string])[] = [
  ['localhost', '', 'localhost', ''],
  ['router@localhost', 'router', 'localhost', ''],
  ['router@localhost/opensrf.math', 'router', 'localhost', 'opensrf.math'],
  ['localhost/opensrf.math', '', 'localhost', 'opensrf.math'],
  ['Router@LOCALHOST/Opensrf.Math', 'Router', 'localhost', 'Opensrf.Math'],
  ['router@localhost./x', 'router', 'localhost', 'x'],
  // The first "/" ends the bare JID, so a resource may hold both separators.
  ['a@b/c/d', 'a', 'b', 'c/d'],
  ['a@b/c@d/e', 'a', 'b', 'c@d/e'],
  ['b/c@d', '', 'b', 'c@d'],
  ['opensrf@localhost/python_client_host:31040_mainthread', 'opensrf', 'localhost', 'python_client_host:31040_mainthread'],
  ['a@b/ two words ', 'a', 'b', ' two words '],
  [`a@b/<>&'"`, 'a', 'b', `<>&'"`],
  ['j\u00f6rg@m\u00fcnchen.example/\u{1f431}', 'j\u00f6rg', 'm\u00fcnchen.example', '\u{1f431}'],
  ['a@[::1]/x', 'a', '[::1]', 'x'],
  [`${longest}@b/c`, longest, 'b', 'c'],
  [`a@${longest}/c`, 'a', longest, 'c'],
  [`a@b/${longest}`, 'a', 'b', longest],
  [`a@b/${'\u20ac'.repeat(341)}`, 'a', 'b', '\u20ac'.repeat(341)],
];

const REJECTED: readonly string[] = [
  '',
  '@',
  '/',
  '@/',
  '@localhost',
  'router@',
  'router@/x',
  '/x',
  'router@localhost/',
  'localhost/',
  'a@b@c',
  'a@b@c/d',
  'a b@c/d',
  'a@b c/d',
  'a@b\t/d',
  'a"b@c',
  'a&b@c',
  "a'b@c",
  'a:b@c',
  'a<b@c',
  'a>b@c',
  'a@b<c',
  'a\u0000b@c',
  'a\u007fb@c',
  'a\u0085b@c',
  'a\u00a0b@c',
  'a@b/c\u0000',
  'a@b/c\nd',
  'a@b/c\u009f',
  'a@b/c\u2028',
  'a@b/c\ud800',
  'a@b/\udc00c',
  'a@b/\uffff',
  '.',
  '..',
  'a..',
  'a@b../c',
  `${longest}a@b/c`,
  `a@${longest}a/c`,
  `a@b/${longest}a`,
  `a@b/${'\u20ac'.repeat(341)}a`,
];

test('an address is cut at the first slash, and before that at the first at sign', () => {
  for (const [text, local, domain, resource] of ACCEPTED) {
    assert.deepEqual({ ...parseJid(text) }, { local, domain, resource }, JSON.stringify(text));
  }
});

test('an invalid address is refused', () => {
  for (const text of REJECTED) assert.equal(parseJid(text), null, JSON.stringify(text));
});

test('an address is written with its domain in lower case and nothing else changed', () => {
  assert.equal(formatJid(parseJid('Router@LocalHost./Opensrf.Math') as Jid), 'Router@localhost/Opensrf.Math');
  assert.equal(formatJid(parseJid('LocalHost/A') as Jid), 'localhost/A');
  assert.equal(formatJid(parseJid('LocalHost') as Jid), 'localhost');
  assert.equal(bareJid(parseJid('Router@LocalHost/A') as Jid), 'Router@localhost');
  assert.equal(bareJid(parseJid('LocalHost/A') as Jid), 'localhost');
});
