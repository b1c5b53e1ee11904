import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogProtect, REDACTED } from '../../server/logging/log-protect.ts';

const protect = new LogProtect(['open-ils.auth', 'a.b', '']);

test('parameters of a method that begins with a match string are redacted, those of any other are JSON without brackets', () => {
  for (const [method, params, shown] of [
    ['open-ils.auth', ['secret'], REDACTED],
    ['open-ils.auth.authenticate.complete', [{ password: 'secret' }], REDACTED],
    ['open-ils.auth_proxy.login', [{ password: 'secret' }], REDACTED],
    ['open-ils.auth.session', [], REDACTED],
    ['open-ils.actor.auth', [2, 'two', { a: null }], '2,"two",{"a":null}'],
    ['opensrf.open-ils.auth', [1], '1'],
    ['open-ils.aut', [1], '1'],
    ['Open-ILS.auth', [1], '1'],
    ['add', [], ''],
  ] as const) {
    assert.equal(protect.shown(method, params), shown, method);
  }
});

test('a match string is literal: its dot is a dot', () => {
  assert.equal(protect.protects('a.b.c'), true);
  assert.equal(protect.protects('axb.c'), false);
});

test('without match strings, and with an empty one, nothing is redacted', () => {
  assert.equal(new LogProtect([]).shown('open-ils.auth', [1]), '1');
  assert.equal(new LogProtect(['']).shown('open-ils.auth', [1]), '1');
});
