import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../server/config/config.ts';
import { DEFAULT_CONNECTION, resolveConnection } from '../../server/config/sources/connection.ts';

test('what the command line leaves open comes from the defaults that are handed in', () => {
  const fromFile = { host: 'a.example', port: 5223, domain: 'A.Example', username: 'me', password: 'secret', router: 'osrfrouter', logProtect: ['a.b'] };
  const args = { port: 5224, username: undefined, unrelated: 1 };
  assert.deepEqual(resolveConnection(args, fromFile), { ...fromFile, port: 5224, domain: 'a.example' });
});

test('everything that is wrong with a connection is told at once', () => {
  const wrong = { host: '', port: 0, domain: 'a b', username: 'a@b', router: '' };
  assert.throws(
    () => resolveConnection(wrong, DEFAULT_CONNECTION),
    (error: ConfigError) => error instanceof ConfigError && error.problems.length === 5,
  );
});
