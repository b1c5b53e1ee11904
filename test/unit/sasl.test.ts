import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '../../server/config/account.ts';
import { Accounts } from '../../server/login/accounts.ts';
import { SaslDialogue } from '../../server/login/sasl/dialogue.ts';
import type { SaslContext, SaslStep } from '../../server/login/sasl/mechanism.ts';
import { createMechanisms } from '../../server/login/sasl/mechanisms.ts';
import { saslprep } from '../../server/login/sasl/saslprep.ts';
import { ScramMechanism } from '../../server/login/sasl/scram.ts';
import { AccountScramKeys, deriveKeys, type ScramHash, type ScramKeySource } from '../../server/login/sasl/scram-keys.ts';
import type { Element } from '../../shared/element.ts';
import { readElement } from '../support/reading.ts';
import { scramFinal } from '../support/scram-client.ts';

const PASSWORD = 'p\u00e4ss:w\u{1f431}rd';
const ACCOUNTS: readonly Account[] = [
  { username: 'opensrf', domain: 'localhost', password: PASSWORD },
  { username: 'opensrf', domain: 'public.localhost', password: 'other' },
  { username: 'a,b=c', domain: 'localhost', password: 'odd' },
];
const CHANNEL = Buffer.from('the channel');
const PLAIN_CONTEXT: SaslContext = { domain: 'localhost', channelBindings: new Map() };
const TLS_CONTEXT: SaslContext = { domain: 'localhost', channelBindings: new Map([['tls-exporter', CHANNEL]]) };

const base64 = (plain: string | Buffer): string => Buffer.from(plain).toString('base64');
const fromBase64 = (text: string): string => Buffer.from(text, 'base64').toString();

function dialogue(context = PLAIN_CONTEXT, plaintext = true, accounts = new Accounts(ACCOUNTS)): SaslDialogue {
  return new SaslDialogue(createMechanisms(accounts), context, { login: true, plaintext });
}

const auth = (mechanism: string, text = ''): Element => readElement(`<auth xmlns='x' mechanism='${mechanism}'>${text}</auth>`);
const response = (text: string): Element => readElement(`<response xmlns='x'>${text}</response>`);

/** The outcome in one word: a user, a failure, or the text of a challenge. */
function outcome(sasl: SaslDialogue, element: Element): string {
  const answer = sasl.read(element);
  assert.ok(answer !== null, 'in order');
  if (answer.username !== '') return answer.username;
  return /<failure xmlns='[^']+'><([a-z-]+)\/>/.exec(answer.xml)?.[1] ?? fromBase64(/>([^<]*)</.exec(answer.xml)?.[1] ?? '');
}

/** The clients' spellings of the account opensrf@localhost. */
const OWN_IDENTITIES = ['opensrf', 'opensrf@localhost', 'opensrf@LocalHost', 'opensrf@localhost.'];
const OTHER_IDENTITIES = [
  'router',
  'OpenSRF',
  'router@localhost',
  'OpenSRF@localhost',
  'opensrf@public.localhost',
  'opensrf@',
  '@localhost',
  'localhost',
].concat('opensrf@localhost/desk', 'x@opensrf@localhost', 'opensrf@localhost@localhost');

test('PLAIN proves a user by name and password; both identities may be the user name or the address, its domain in any case', () => {
  for (const authzid of ['', ...OWN_IDENTITIES]) {
    for (const authcid of OWN_IDENTITIES) {
      assert.equal(outcome(dialogue(), auth('PLAIN', base64(`${authzid}\0${authcid}\0${PASSWORD}`))), 'opensrf', `${authzid} ${authcid}`);
    }
  }
});

test('an identity that means another account, or none, is refused', () => {
  for (const identity of OTHER_IDENTITIES) {
    assert.equal(outcome(dialogue(), auth('PLAIN', base64(`${identity}\0opensrf\0${PASSWORD}`))), 'invalid-authzid', identity);
    assert.equal(outcome(dialogue(), auth('PLAIN', base64(`\0${identity}\0${PASSWORD}`))), 'not-authorized', identity);
    assert.equal(scram({ gs2: `n,a=${identity},` }), 'invalid-authzid', identity);
    assert.equal(scram({ name: identity }), 'not-authorized', identity);
  }
});

test('an invalid PLAIN response is refused with the reason', () => {
  const rows: readonly (readonly [response: string, failure: string])[] = [
    ['=', 'malformed-request'],
    [base64('opensrf'), 'malformed-request'],
    [base64('\0opensrf'), 'malformed-request'],
    [base64(`\0opensrf\0${PASSWORD}\0`), 'malformed-request'],
    [base64(`\0opensrf\0${PASSWORD}\0x`), 'malformed-request'],
    [base64('\0\0'), 'not-authorized'],
    [base64('\0opensrf\0wrong'), 'not-authorized'],
    [base64('\0opensrf\0other'), 'not-authorized'],
    [base64('\0opensrf\0'), 'not-authorized'],
    [base64(`\0nobody\0${PASSWORD}`), 'not-authorized'],
    [base64(Buffer.from([0, 0xff, 0, 0xff])), 'not-authorized'],
    ['====', 'incorrect-encoding'],
    ['AA', 'incorrect-encoding'],
    ['AA=A', 'incorrect-encoding'],
    ['AAA*', 'incorrect-encoding'],
    ['AAA-', 'incorrect-encoding'],
    ['AAAA AAAA', 'incorrect-encoding'],
  ];
  for (const [text, failure] of rows) assert.equal(outcome(dialogue(), auth('PLAIN', text)), failure, text);
});

test('a SASL element out of order gets no answer', () => {
  const sasl = dialogue();
  assert.equal(sasl.read(response('AAAA')), null, 'a response to nothing');
  outcome(sasl, auth('SCRAM-SHA-1', base64('n,,n=opensrf,r=abc')));
  assert.equal(sasl.read(auth('PLAIN')), null, 'a second beginning');
  assert.equal(outcome(sasl, readElement("<abort xmlns='x'/>")), 'aborted');
  assert.equal(sasl.read(response('AAAA')), null, 'a response after the end');
  assert.equal(outcome(sasl, auth('PLAIN', base64(`\0opensrf\0${PASSWORD}`))), 'opensrf', 'another try');
});

test('the strongest mechanism is offered first; bound ones if there is a channel binding, plaintext ones if allowed', () => {
  const names = (context: SaslContext, plaintext: boolean) => dialogue(context, plaintext).offered.map(({ name }) => name);
  assert.deepEqual(names(PLAIN_CONTEXT, true), ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN']);
  assert.deepEqual(names(PLAIN_CONTEXT, false), ['SCRAM-SHA-256', 'SCRAM-SHA-1']);
  assert.deepEqual(names(TLS_CONTEXT, true), ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN']);
});

test('a mechanism that is not offered is refused; a plaintext one as needing encryption', () => {
  assert.equal(outcome(dialogue(), auth('DIGEST-MD5')), 'invalid-mechanism');
  assert.equal(outcome(dialogue(), auth('')), 'invalid-mechanism');
  assert.equal(outcome(dialogue(), auth('plain')), 'invalid-mechanism');
  assert.equal(outcome(dialogue(), auth('SCRAM-SHA-256-PLUS')), 'invalid-mechanism');
  assert.equal(outcome(dialogue(PLAIN_CONTEXT, false), auth('PLAIN', base64(`\0opensrf\0${PASSWORD}`))), 'encryption-required');
});

/** Keys of one user, with the salt of an example. */
function exampleKeys(salt: string, hash: ScramHash): ScramKeySource {
  const keys = deriveKeys('pencil', Buffer.from(salt, 'base64'), 4096, hash);
  return { saltOf: () => keys, keysOf: () => keys };
}

function say(respond: (response: Buffer) => SaslStep, text: string): string {
  const step = respond(Buffer.from(text));
  return step.kind === 'failure' ? step.condition : step.text;
}

test('SCRAM-SHA-1 has the conversation of RFC 5802 §5', () => {
  const mechanism = new ScramMechanism('sha1', false, exampleKeys('QSXCR+Q6sek8bf92', 'sha1'), () => '3rfcNHYJY1ZVvWVs7j');
  const exchange = mechanism.begin(PLAIN_CONTEXT);
  const respond = (text: Buffer) => exchange.respond(text);
  assert.equal(say(respond, 'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL'), 'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096');
  assert.deepEqual(exchange.respond(Buffer.from('c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=')), {
    kind: 'success',
    username: 'user',
    text: 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
  });
});

test('SCRAM-SHA-256 has the conversation of RFC 7677 §3', () => {
  const mechanism = new ScramMechanism('sha256', false, exampleKeys('W22ZaJ0SNY7soEsUEjb6gQ==', 'sha256'), () => '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0');
  const exchange = mechanism.begin(PLAIN_CONTEXT);
  const respond = (text: Buffer) => exchange.respond(text);
  const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
  assert.equal(say(respond, 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO'), `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`);
  assert.equal(say(respond, `c=biws,r=${nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`), 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
});

interface Attempt {
  readonly mechanism?: string;
  readonly context?: SaslContext;
  readonly gs2?: string;
  readonly channel?: Buffer;
  readonly name?: string;
  readonly password?: string;
  /** Changes the last message. */
  readonly spoil?: (final: string) => string;
  readonly sasl?: SaslDialogue;
}

/** Plays a client that has read RFC 5802 for itself. @returns the user, or the failure. */
function scram({
  mechanism = 'SCRAM-SHA-256',
  context = PLAIN_CONTEXT,
  gs2 = 'n,,',
  channel,
  name = 'opensrf',
  password = PASSWORD,
  spoil,
  sasl,
}: Attempt): string {
  const tried = sasl ?? dialogue(context);
  const first = `${gs2}n=${name},r=clientnonce`;
  const challenge = outcome(tried, auth(mechanism, base64(first)));
  if (!challenge.startsWith('r=clientnonce')) return challenge;
  const final = scramFinal(first, challenge, mechanism.startsWith('SCRAM-SHA-256') ? 'sha256' : 'sha1', password, channel).message;
  return outcome(tried, response(base64(spoil?.(final) ?? final)));
}

test('SCRAM proves knowledge of the password, with any characters in the name', () => {
  for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-1']) {
    assert.equal(scram({ mechanism }), 'opensrf');
    for (const name of OWN_IDENTITIES) {
      assert.equal(scram({ mechanism, name }), 'opensrf', name);
      assert.equal(scram({ mechanism, gs2: `n,a=${name},`, name }), 'opensrf', name);
      assert.equal(scram({ mechanism, gs2: `n,a=${name},` }), 'opensrf', name);
    }
    assert.equal(scram({ mechanism, name: 'a=2Cb=3Dc', password: 'odd' }), 'a,b=c');
    assert.equal(scram({ mechanism, context: { ...PLAIN_CONTEXT, domain: 'public.localhost' }, password: 'other' }), 'opensrf');
  }
});

test('SCRAM refuses everything else with the reason', () => {
  const rows: readonly (readonly [Attempt, string])[] = [
    [{ password: 'wrong' }, 'not-authorized'],
    [{ password: '' }, 'not-authorized'],
    [{ name: 'nobody' }, 'not-authorized'],
    [{ name: 'opensrf@public.localhost' }, 'not-authorized'],
    [{ name: 'a=b' }, 'malformed-request'],
    [{ name: 'a=2cb' }, 'malformed-request'],
    [{ gs2: 'n,a=router@localhost,' }, 'invalid-authzid'],
    [{ gs2: 'n,a=a=b,' }, 'malformed-request'],
    [{ gs2: ',,' }, 'malformed-request'],
    [{ gs2: 'n,' }, 'malformed-request'],
    [{ gs2: 'n,,m=x,' }, 'malformed-request'],
    [{ spoil: (final) => final.replace(',r=', ',r=x') }, 'not-authorized'],
    [{ spoil: (final) => final.replace('c=biws', 'c=eSws') }, 'not-authorized'],
    [{ spoil: (final) => final.replace('c=biws', 'c=') }, 'malformed-request'],
    [{ spoil: (final) => final.replace(/,p=.*/, '') }, 'malformed-request'],
    [{ spoil: (final) => final.replace(/,p=.*/, ',p=AAAA') }, 'not-authorized'],
    [
      { spoil: (final) => final.replace(/,p=(.*)/, (_, proof: string) => `,p=${base64(Buffer.concat([Buffer.from(proof, 'base64'), Buffer.from('x')]))}`) },
      'not-authorized',
    ],
    [{ spoil: () => '' }, 'malformed-request'],
  ];
  for (const [attempt, failure] of rows) assert.equal(scram(attempt), failure, JSON.stringify(attempt) + String(attempt.spoil));
});

test('channel binding: a bound exchange must match this channel, and a downgrade is refused', () => {
  const bound = { mechanism: 'SCRAM-SHA-256-PLUS', context: TLS_CONTEXT, gs2: 'p=tls-exporter,,', channel: CHANNEL };
  assert.equal(scram(bound), 'opensrf');
  assert.equal(scram({ ...bound, mechanism: 'SCRAM-SHA-1-PLUS' }), 'opensrf');
  assert.equal(scram({ ...bound, channel: Buffer.from('another channel') }), 'not-authorized', 'a man in the middle');
  assert.equal(scram({ ...bound, gs2: 'p=tls-unique,,' }), 'not-authorized', 'a type we do not have');
  assert.equal(scram({ ...bound, gs2: 'n,,' }), 'not-authorized', 'bound by name only');
  assert.equal(scram({ ...bound, gs2: 'y,,' }), 'not-authorized', 'bound by name only');
  assert.equal(scram({ ...bound, mechanism: 'SCRAM-SHA-256' }), 'not-authorized', 'bound by a mechanism that is not');
  assert.equal(scram({ context: TLS_CONTEXT, gs2: 'n,,' }), 'opensrf', 'the client cannot');
  assert.equal(scram({ context: TLS_CONTEXT, gs2: 'y,,' }), 'not-authorized', 'it could, and has not heard that we can: a downgrade');
  assert.equal(scram({ context: PLAIN_CONTEXT, gs2: 'y,,' }), 'opensrf', 'it could, and we cannot');
});

test('an unknown user gets a salt, the same each time, and another one for each hash', () => {
  const keys = new AccountScramKeys(new Accounts(ACCOUNTS));
  const salt = (username: string, hash: ScramHash) => keys.saltOf(username, 'localhost', hash).salt.toString('hex');
  assert.equal(salt('nobody', 'sha256'), salt('nobody', 'sha256'));
  assert.equal(salt('nobody', 'sha256').length, salt('opensrf', 'sha256').length);
  assert.equal(new Set([salt('nobody', 'sha256'), salt('nobody', 'sha1'), salt('nobody2', 'sha256'), salt('opensrf', 'sha256')]).size, 4);
  assert.equal(keys.saltOf('nobody', 'localhost', 'sha1').iterations, keys.saltOf('opensrf', 'localhost', 'sha1').iterations);
});

test('keys are derived once for each account, when the first client asks for a salt, and never for a name that a client makes up', async () => {
  const accounts = new Accounts(ACCOUNTS);
  let derived = 0;
  const keys = new AccountScramKeys(accounts, (...password) => {
    derived++;
    return deriveKeys(...password);
  });
  assert.equal(derived, 0, 'not before SCRAM is used');
  keys.saltOf('nobody', 'localhost', 'sha256');
  for (let turns = 0; turns <= ACCOUNTS.length; turns++) await new Promise(setImmediate);
  assert.equal(derived, ACCOUNTS.length);
  const names = ['opensrf', 'a,b=c', 'nobody', ...Array.from({ length: 100 }, (_, index) => `nobody${index}`)];
  for (const username of names) assert.deepEqual(keys.keysOf(username, 'localhost', 'sha256'), keys.keysOf(username, 'localhost', 'sha256'), username);
  assert.equal(derived, ACCOUNTS.length, 'the work of a proof is the same for every user');
});

test('a client can log in before its keys are derived, and after the accounts have changed', () => {
  const accounts = new Accounts(ACCOUNTS);
  const sasl = dialogue(PLAIN_CONTEXT, true, accounts);
  assert.equal(scram({ sasl }), 'opensrf');
  accounts.replace([{ username: 'opensrf', domain: 'localhost', password: 'new' }]);
  assert.equal(scram({ sasl: dialogue(PLAIN_CONTEXT, true, accounts), password: 'new' }), 'opensrf');
  assert.equal(scram({ sasl }), 'not-authorized');
  assert.equal(scram({ sasl, password: 'new' }), 'opensrf', 'on a stream that had begun before');
});

test('a password matches in every Unicode form', () => {
  assert.equal(saslprep('I\u00adX'), 'IX');
  assert.equal(saslprep('\u00aa'), 'a');
  assert.equal(saslprep('\u2168'), 'IX');
  assert.equal(saslprep('a\u00a0b\u3000c'), 'a b c');
  assert.equal(saslprep('pa\u0308ss'), 'p\u00e4ss');
  assert.equal(saslprep('Password 1'), 'Password 1');
});
