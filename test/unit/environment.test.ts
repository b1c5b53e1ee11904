import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatProblem } from '../../server/config/problem.ts';
import { SETTINGS } from '../../server/config/settings.ts';
import { givenInEnvironment, unknownVariables } from '../../server/config/sources/environment.ts';

const read = (environment: Record<string, string>) => ({
  given: [...givenInEnvironment(SETTINGS, environment)].map(([path, given]) => [path, given[0]?.text]),
  warnings: unknownVariables(SETTINGS, environment).map(formatProblem),
});

/** The variables set by Kubernetes for a service called opensrf-chopchop, and by Docker for a linked container of that name. */
const PLATFORM = {
  OPENSRF_CHOPCHOP_SERVICE_HOST: '10.0.0.1',
  OPENSRF_CHOPCHOP_SERVICE_PORT: '5222',
  OPENSRF_CHOPCHOP_SERVICE_PORT_C2S: '5222',
  OPENSRF_CHOPCHOP_PORT: 'tcp://10.0.0.1:5222',
  OPENSRF_CHOPCHOP_PORT_5222_TCP: 'tcp://10.0.0.1:5222',
  OPENSRF_CHOPCHOP_PORT_5222_TCP_PROTO: 'tcp',
  OPENSRF_CHOPCHOP_PORT_5222_TCP_PORT: '5222',
  OPENSRF_CHOPCHOP_PORT_5222_TCP_ADDR: '10.0.0.1',
  OPENSRF_CHOPCHOP_PORT_5222_UDP_ADDR: '10.0.0.1',
  // Of services called opensrf-chopchop-tls and opensrf-chopchop-console.
  OPENSRF_CHOPCHOP_TLS_PORT: 'tcp://10.0.0.2:5223',
  OPENSRF_CHOPCHOP_TLS_SERVICE_HOST: '10.0.0.2',
  OPENSRF_CHOPCHOP_CONSOLE_SERVICE_PORT_HTTP: '5290',
  OPENSRF_CHOPCHOP_NAME: '/web/opensrf-chopchop',
  OPENSRF_CHOPCHOP_ENV_PATH: '/usr/bin',
};

test('the variables of a container platform are neither settings nor a mistake', () => {
  assert.deepEqual(read(PLATFORM), { given: [], warnings: [] });
  assert.deepEqual(read({ ...PLATFORM, OPENSRF_CHOPCHOP_HOLD: '2' }).given, [['router.holdMs', '2']]);
});

test('an unknown variable causes a warning that suggests the intended one', () => {
  assert.deepEqual(read({ OPENSRF_CHOPCHOP_DOMIAN: 'a', OPENSRF_CHOPCHOP_XYZZY: '', OTHER_HOLD: '1' }), {
    given: [],
    warnings: [
      'OPENSRF_CHOPCHOP_DOMIAN: is not a setting; did you mean OPENSRF_CHOPCHOP_DOMAIN?',
      'OPENSRF_CHOPCHOP_XYZZY: is not a setting (see docs/configuration.md)',
    ],
  });
});

test("our own variables are read, even with a value like a platform's", () => {
  assert.deepEqual(read({ OPENSRF_CHOPCHOP_PORT: '5222', OPENSRF_CHOPCHOP_TLS_PORT: ' 5223 ' }).given, [
    ['ports', '5222'],
    ['tls.ports', ' 5223 '],
  ]);
  assert.deepEqual(read({ OPENSRF_CHOPCHOP_PORT: 'http://10.0.0.1' }).given, [['ports', 'http://10.0.0.1']]);
  assert.deepEqual(read({ OPENSRF_CHOPCHOP_HOST: 'tcp://10.0.0.1' }).given, [['hosts', 'tcp://10.0.0.1']]);
});
