import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConfigInput, createConfig } from '../../server/config/config.ts';
import { ConfigError, formatProblem } from '../../server/config/problem.ts';
import { checkWeb } from '../../server/doctor/web.ts';

const findings = (input: ConfigInput) =>
  checkWeb(createConfig({ domains: ['private.localhost', 'public.localhost'], ...input })).map(({ grade, text }) => `${grade}: ${text}`);

test('without a web port there are no findings', () => {
  assert.deepEqual(findings({}), []);
});

test('the doctor reports the router that browsers reach, and warns if it does not trust them', () => {
  const [account] = findings({ web: { ports: [8080], user: 'opensrf@public.localhost' } });
  assert.equal(account, 'ok: browsers log in as opensrf@public.localhost and reach the services of router@public.localhost');
  const trustedClients = new Map([['public.localhost', ['private.localhost']]]);
  const [refused] = findings({ web: { ports: [8080], user: 'opensrf@public.localhost' }, router: { trustedClients } });
  assert.match(refused ?? '', /^warning: browsers log in as opensrf@public\.localhost, and router@public\.localhost refuses its requests$/);
});

test('the doctor warns of a certificate that browsers refuse, and of services that every page may call', () => {
  const tls = { certificate: 'self-signed' } as const;
  assert.ok(findings({ tls, web: { tlsPorts: [7682] } }).some((text) => /^warning: .*self-signed/.test(text)));
  assert.ok(findings({ web: { ports: [8080], origins: ['*'], services: ['opensrf.*'] } }).includes('warning: every web page may call opensrf.*'));
  assert.ok(!findings({ web: { ports: [8080], services: ['opensrf.*'] } }).some((text) => text.startsWith('warning')));
});

test('the account of the gateways must be one that the server has, and not the router', () => {
  for (const user of ['nobody@public.localhost', 'router@public.localhost']) {
    assert.throws(
      () => findings({ web: { ports: [8080], user } }),
      (error) => error instanceof ConfigError && /^web\.user: .* is not an account, or is the router's$/.test(formatProblem(error.problems[0] as never)),
    );
  }
});
