import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { type TestContext, test } from 'node:test';
import type { Account } from '../../server/config/account.ts';
import { Accounts } from '../../server/login/accounts.ts';
import { iqAuthLogin } from '../../server/login/iq-auth.ts';
import type { SaslMechanism } from '../../server/login/sasl/mechanism.ts';
import { createMechanisms } from '../../server/login/sasl/mechanisms.ts';
import { readElement } from '../support/reading.ts';
import { scramFinal } from '../support/scram-client.ts';

const ACCOUNTS: readonly Account[] = [
  { username: 'opensrf', domain: 'localhost', password: 'password' },
  { username: 'router', domain: 'localhost', password: 'password' },
];
const CONTEXT = { domain: 'localhost', channelBindings: new Map<string, Buffer>() };
const WORK = ['createHash', 'createHmac', 'pbkdf2Sync', 'timingSafeEqual'] as const;

/** @returns how often each of the functions that take time was called. */
function workOf(t: TestContext, action: () => void): Record<string, number> {
  const mocks = WORK.map((name) => t.mock.method(crypto, name));
  syncBuiltinESMExports();
  action();
  const work = Object.fromEntries(mocks.map((mock, index) => [WORK[index], mock.mock.callCount()]));
  t.mock.restoreAll();
  syncBuiltinESMExports();
  return work;
}

function iqAuth(username: string, secret: string, accounts: Accounts): void {
  const query = readElement(`<query xmlns='jabber:iq:auth'><username>${username}</username>${secret}<resource>r</resource></query>`);
  assert.ok('condition' in iqAuthLogin(query, 'localhost', 'id', accounts), 'refused');
}

/** Refuses a wrong login of that name, after one-time work. @returns the measurement. */
type Way = (accounts: Accounts, mechanisms: readonly SaslMechanism[], username: string) => () => void;

function scram(name: string, hash: string): Way {
  return (_accounts, mechanisms, username) => {
    const exchange = mechanisms.find((mechanism) => mechanism.name === name)?.begin(CONTEXT);
    const first = `n,,n=${username},r=nonce`;
    const challenge = exchange?.respond(Buffer.from(first));
    assert.ok(challenge?.kind === 'challenge');
    const final = Buffer.from(scramFinal(first, challenge.text, hash, 'wrong').message);
    return () => assert.equal(exchange?.respond(final).kind, 'failure');
  };
}

const WAYS: Readonly<Record<string, Way>> = {
  'a password': (accounts, _mechanisms, username) => () => iqAuth(username, '<password>wrong</password>', accounts),
  'a digest': (accounts, _mechanisms, username) => () => iqAuth(username, `<digest>${'0'.repeat(40)}</digest>`, accounts),
  PLAIN: (_accounts, mechanisms, username) => () => {
    const exchange = mechanisms.find(({ name }) => name === 'PLAIN')?.begin(CONTEXT);
    assert.equal(exchange?.respond(Buffer.from(`\0${username}\0wrong`)).kind, 'failure');
  },
  'SCRAM-SHA-1': scram('SCRAM-SHA-1', 'sha1'),
  'SCRAM-SHA-256': scram('SCRAM-SHA-256', 'sha256'),
};

for (const [name, way] of Object.entries(WAYS)) {
  test(`a wrong login by ${name} takes the same work for a returning user, a new user and an unknown user`, async (t) => {
    const accounts = new Accounts(ACCOUNTS);
    const mechanisms = createMechanisms(accounts);
    way(accounts, mechanisms, 'opensrf')();
    for (let turns = 0; turns <= ACCOUNTS.length; turns++) await new Promise(setImmediate);
    const of = (username: string) => workOf(t, way(accounts, mechanisms, username));
    const work = of('opensrf');
    assert.ok(
      Object.values(work).some((calls) => calls > 0),
      'something is compared',
    );
    for (const username of ['router', 'nobody', 'nobody2', '__proto__']) assert.deepEqual(of(username), work, username);
  });
}
