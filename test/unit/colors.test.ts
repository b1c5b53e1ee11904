import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasColors } from '../../server/kernel/colors.ts';

const TERMINAL = { TERM: 'xterm-256color' };

test('a terminal has colours, unless NO_COLOR is set or it has none', () => {
  assert.equal(hasColors(true, TERMINAL), true);
  for (const environment of [{ NO_COLOR: '1' }, { NO_COLOR: '0' }, { TERM: 'dumb' }, { FORCE_COLOR: '0' }]) {
    assert.equal(hasColors(true, { ...TERMINAL, ...environment }), false, JSON.stringify(environment));
  }
  assert.equal(hasColors(true, { ...TERMINAL, NO_COLOR: '' }), true, 'an empty variable counts as unset');
});

test('a pipe or file has colours only where FORCE_COLOR asks for them', () => {
  assert.equal(hasColors(false, TERMINAL), false);
  for (const value of ['', '1', '2', '3', 'true']) assert.equal(hasColors(false, { ...TERMINAL, FORCE_COLOR: value }), true, value);
  for (const value of ['0', 'false']) assert.equal(hasColors(false, { ...TERMINAL, FORCE_COLOR: value }), false, value);
  assert.equal(hasColors(false, { ...TERMINAL, FORCE_COLOR: '1', NO_COLOR: '1' }), true, 'FORCE_COLOR is the stronger one');
});
