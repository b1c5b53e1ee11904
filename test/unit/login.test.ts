import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Accounts } from '../../server/login/accounts.ts';
import { iqAuthFieldsXml, iqAuthLogin } from '../../server/login/iq-auth.ts';
import { text, xml } from '../../shared/element.ts';
import { StanzaError } from '../../shared/errors.ts';
import { readElement } from '../support/reading.ts';

const accounts = new Accounts([
  { username: 'opensrf', domain: 'localhost', password: 'p\u00e4ss:w\u{1f431}rd' },
  { username: 'opensrf', domain: 'public.localhost', password: 'other' },
]);
const PASSWORD = 'p\u00e4ss:w\u{1f431}rd';

const digestOf = (streamId: string, password: string): string =>
  createHash('sha1')
    .update(streamId + password)
    .digest('hex');

test('a password is right for its own user of its own domain alone', () => {
  assert.equal(accounts.checkPassword('opensrf', 'localhost', PASSWORD), true);
  assert.equal(accounts.checkPassword('opensrf', 'public.localhost', 'other'), true);
  for (const [username, domain, password] of [
    ['opensrf', 'localhost', 'other'],
    ['opensrf', 'public.localhost', PASSWORD],
    ['opensrf', 'localhost', ''],
    ['opensrf', 'localhost', `${PASSWORD} `],
    ['opensrf', 'localhost', PASSWORD.toUpperCase()],
    ['OpenSRF', 'localhost', PASSWORD],
    ['opensrf', 'LOCALHOST', PASSWORD],
    ['nobody', 'localhost', PASSWORD],
    ['nobody', 'localhost', ''],
    ['', '', ''],
    ['opensrf@localhost', '', PASSWORD],
    ['__proto__', 'localhost', ''],
  ] as const) {
    assert.equal(accounts.checkPassword(username, domain, password), false, `${username} ${domain} ${password}`);
  }
});

test('a digest is right for its own stream alone, in either case', () => {
  const digest = digestOf('id1', PASSWORD);
  assert.equal(accounts.checkDigest('opensrf', 'localhost', 'id1', digest), true);
  assert.equal(accounts.checkDigest('opensrf', 'localhost', 'id1', digest.toUpperCase()), true);
  assert.equal(accounts.checkDigest('opensrf', 'localhost', 'id2', digest), false);
  assert.equal(accounts.checkDigest('opensrf', 'public.localhost', 'id1', digest), false);
  assert.equal(accounts.checkDigest('opensrf', 'localhost', 'id1', digest.slice(1)), false);
  assert.equal(accounts.checkDigest('opensrf', 'localhost', 'id1', ''), false);
  assert.equal(accounts.checkDigest('nobody', 'localhost', 'id1', digestOf('id1', '')), false, 'the digest of an empty password is no login');
});

test('accounts are replaced as a whole', () => {
  const replaced = new Accounts([{ username: 'old', domain: 'localhost', password: 'p' }]);
  replaced.replace([{ username: 'new', domain: 'localhost', password: 'p' }]);
  assert.equal(replaced.checkPassword('old', 'localhost', 'p'), false);
  assert.equal(replaced.checkPassword('new', 'localhost', 'p'), true);
});

function login(fields: Record<string, string>): string {
  const query = readElement(xml('query', { xmlns: 'jabber:iq:auth' }, ...Object.entries(fields).map(([name, value]) => `<${name}>${text(value)}</${name}>`)));
  const outcome = iqAuthLogin(query, 'localhost', 'id1', accounts);
  return outcome instanceof StanzaError ? outcome.condition : `${outcome.username}/${outcome.resource}`;
}

test('the old login takes a password or a digest, which counts where both are given', () => {
  const digest = digestOf('id1', PASSWORD);
  assert.equal(login({ username: 'opensrf', password: PASSWORD, resource: 'a/b' }), 'opensrf/a/b');
  assert.equal(login({ username: 'opensrf', digest, resource: 'r' }), 'opensrf/r');
  assert.equal(login({ username: ' opensrf\n', digest: ` ${digest}\n`, resource: 'r' }), 'opensrf/r');
  assert.equal(login({ username: 'opensrf', digest: digestOf('id2', PASSWORD), password: PASSWORD, resource: 'r' }), 'not-authorized');
  assert.equal(login({ username: 'opensrf', password: 'wrong', resource: 'r' }), 'not-authorized');
  assert.equal(login({ username: 'opensrf', password: '', resource: 'r' }), 'not-authorized');
  assert.equal(login({ username: 'nobody', password: '', resource: 'r' }), 'not-authorized');
});

test('the old login needs a user name, a resource and a proof', () => {
  for (const fields of [
    {},
    { username: 'opensrf', password: PASSWORD },
    { username: 'opensrf', password: PASSWORD, resource: '' },
    { username: 'opensrf', password: PASSWORD, resource: 'x'.repeat(1024) },
    { username: '', password: PASSWORD, resource: 'r' },
    { username: 'opensrf@localhost', password: PASSWORD, resource: 'r' },
    { username: 'opensrf', resource: 'r' },
  ]) {
    assert.equal(login(fields), 'not-acceptable', JSON.stringify(fields));
  }
});

test('the fields of the old login are those a Python client looks for', () => {
  assert.equal(iqAuthFieldsXml('<a>'), `<query xmlns='jabber:iq:auth'><username>&lt;a&gt;</username><password/><digest/><resource/></query>`);
});
