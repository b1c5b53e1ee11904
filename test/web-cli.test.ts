import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run, serve, stop, temporaryFolder } from './support/command.ts';

test('serve names its web ports in the ready file and serves them', async (t) => {
  const serving = await serve(t, temporaryFolder(t), '--web-port', '0', '--web-services', 'opensrf.*');
  const [{ host, port }] = (serving.ready as unknown as { web: [{ host: string; port: number }] }).web;
  const url = `http://${host}:${port}`;
  assert.match(await (await fetch(url)).text(), /osrf-websocket-translator/);
  assert.equal(
    await (await fetch(`${url}/osrf-gateway-v1?service=absent&method=x`)).text(),
    '{"payload":[],"debug": "Internal Server Error : Transport Error","status":404}',
  );
  assert.deepEqual(await (await fetch(`${url}/services`)).json(), { services: [] });
  assert.equal(await stop(serving), 0);
});

test('--check-config shows the settings of the doors, and refuses an account that is not there', () => {
  const { code, stdout } = run('--check-config', '--port', '0', '--web-port', '0', '--web-user', 'opensrf@localhost', '--web-trust-proxy', 'loopback');
  assert.equal(code, 0);
  const { web } = JSON.parse(stdout);
  assert.deepEqual([web.ports, web.user, web.trustProxy], [[0], 'opensrf@localhost', ['loopback']]);
  const refused = run('--check-config', '--port', '0', '--web-port', '0', '--web-user', 'nobody@localhost');
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /--web-user: nobody@localhost is not an account, or is the router's/);
  const noTls = run('--check-config', '--port', '0', '--web-tls-port', '7682');
  assert.match(noTls.stderr, /--web-tls-port: there is no TLS without --tls-cert or --tls-self-signed/);
});
