import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, formatProblem } from '../../server/config/problem.ts';
import { type ConnectionValues, DEFAULT_CONNECTION, DEFAULT_ROUTER_CONNECTION, resolveConnection } from '../../server/config/sources/connection.ts';

const NOTHING: ConnectionValues = { config: null, host: null, port: null, domain: null, username: null, password: null, router: null };

test('the command line overrides the environment, and that overrides the defaults', () => {
  const environment = { OSRF_HOST: 'a.example', OSRF_PORT: '5223', OSRF_DOMAIN: 'A.Example', OSRF_USERNAME: 'me', OSRF_PASSWORD: ' secret ', OSRF_ROUTER: '' };
  assert.deepEqual(resolveConnection({ ...NOTHING, port: 5224 }, environment, DEFAULT_CONNECTION), {
    ...DEFAULT_CONNECTION,
    host: 'a.example',
    port: 5224,
    domain: 'a.example',
    username: 'me',
    password: ' secret ',
  });
  assert.deepEqual(resolveConnection(NOTHING, {}, DEFAULT_CONNECTION), DEFAULT_CONNECTION);
  // An order of a router is given by its account.
  assert.equal(resolveConnection(NOTHING, environment, DEFAULT_ROUTER_CONNECTION).username, 'router');
});

test('a domain that is an address is the default address of the server', () => {
  const hostOf = (given: Partial<ConnectionValues>, environment = {}) => resolveConnection({ ...NOTHING, ...given }, environment, DEFAULT_CONNECTION).host;
  assert.equal(hostOf({ domain: '127.0.0.2' }), '127.0.0.2');
  assert.equal(hostOf({ domain: '[::1]' }), '::1');
  assert.equal(hostOf({}, { OSRF_DOMAIN: '127.0.0.2' }), '127.0.0.2');
  assert.equal(hostOf({ domain: '127.0.0.2', host: '127.0.0.9' }), '127.0.0.9');
  assert.equal(hostOf({ domain: '127.0.0.2' }, { OSRF_HOST: '127.0.0.9' }), '127.0.0.9');
  assert.equal(hostOf({ domain: 'localhost' }), '127.0.0.1');
});

test('all errors in the environment are reported at once, except those that the command line overrides', () => {
  const environment = { OSRF_PORT: '0', OSRF_DOMAIN: 'a b', OSRF_USERNAME: 'a@b', OSRF_ROUTER: 'c@d' };
  assert.throws(
    () => resolveConnection({ ...NOTHING, router: 'router' }, environment, DEFAULT_CONNECTION),
    (error: ConfigError) => {
      assert.deepEqual(error.problems.map(formatProblem), [
        'OSRF_PORT: "0" is not a port number from 1 to 65535',
        'OSRF_DOMAIN: "a b" is not a domain',
        'OSRF_USERNAME: "a@b" is not a user name',
      ]);
      return error instanceof ConfigError;
    },
  );
});
