import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigInput } from '../server/config/config.ts';
import { header, Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

const SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
const POLICY = 'policy: the server takes no password without TLS from this peer';
const RFC = header('localhost', " version='1.0'");

function plain(text: string): string {
  return `${RFC}<auth ${SASL} mechanism='PLAIN'>${Buffer.from(text).toString('base64')}</auth>`;
}

function iqAuth(content: string): string {
  return `${header('localhost')}<iq type='set' id='1'><query xmlns='jabber:iq:auth'>${content}<resource>r</resource></query></iq>`;
}

const NO_PASSWORDS: ConfigInput = { plaintextLogin: 'never' };

for (const [what, sent, account, reason, config = {}] of [
  ['a wrong password', plain('\0me\0wrong'), 'me@localhost', 'wrong password'],
  ['an unknown user', plain('\0stranger\0wrong'), 'stranger@localhost', 'unknown user'],
  ['a user of another domain', plain('\0me@elsewhere\0right'), 'me@elsewhere', 'wrong domain: this stream is for localhost'],
  [
    'a client that would be another one',
    plain('other@localhost\0me\0right'),
    'me@localhost',
    'wrong authorization identity: a client may act as its own account only',
  ],
  ['a mechanism that the server lacks', `${RFC}<auth ${SASL} mechanism='NONE'/>`, 'localhost', 'invalid-mechanism'],
  ['a password without TLS', plain('\0me\0right'), 'localhost', POLICY, NO_PASSWORDS],
  ['a wrong password, in the old way', iqAuth('<username>me</username><password>wrong</password>'), 'me@localhost', 'wrong password'],
  ['a wrong digest', iqAuth(`<username>me</username><digest>${'0'.repeat(40)}</digest>`), 'me@localhost', 'wrong password'],
  ['an unknown user, in the old way', iqAuth('<username>stranger</username><password>wrong</password>'), 'stranger@localhost', 'unknown user'],
  ['a password without TLS, in the old way', iqAuth('<username>me</username><password>right</password>'), 'me@localhost', POLICY, NO_PASSWORDS],
  ['neither password nor digest', iqAuth('<username>me</username>'), 'me@localhost', 'not-acceptable: password and digest are both missing'],
] as readonly (readonly [string, string, string, string, ConfigInput?])[]) {
  test(`the log names account and reason of a refused login: ${what}`, async (t) => {
    const { address, log } = await startServer(t, {
      domains: ['localhost'],
      accounts: [{ username: 'me', domain: 'localhost', password: 'right' }],
      ...config,
    });
    const peer = await Peer.connect(t, address);
    peer.send(sent);
    await peer.expect(/<failure|type='error'/);
    const [line] = log.lines.filter(({ message }) => message === 'login refused');
    assert.deepEqual({ level: line?.level, account: line?.fields['account'], reason: line?.fields['reason'] }, { level: 'warn', account, reason });
  });
}

test('the log names the domain of a stream that the server does not serve', async (t) => {
  const { server, log } = await startServer(t, { domains: ['localhost'] });
  const peer = Peer.inMemory(server, 'a peer');
  peer.send(header('elsewhere'));
  await peer.closed();
  const [line] = log.lines.filter(({ message }) => message === 'login refused');
  assert.deepEqual(line?.fields, { part: 'c2s', peer: 'a peer', domain: 'elsewhere', reason: 'wrong domain' });
});
