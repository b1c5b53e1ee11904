import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { generate } from 'selfsigned';
import { ConfigError, createConfig } from '../../server/config/config.ts';
import type { TransportArguments } from '../../server/config/options/transport-options.ts';
import { reloadedConfig } from '../../server/config/reload.ts';
import { transportsFrom } from '../../server/config/sources/resolve-transports.ts';
import { PLAINTEXT_LOGINS } from '../../server/config/transports.ts';
import { loginTerms } from '../../server/login/policy.ts';
import { endPointOf } from '../../server/net/tls/end-point.ts';

const NOTHING: TransportArguments = { plaintextLogin: 'allow', unixMode: '660' };

function problemsOf(args: Partial<TransportArguments>): string[] {
  const problems: string[] = [];
  transportsFrom({ ...NOTHING, ...args }, {}, problems);
  return problems;
}

const UNIX = { canStartTls: false, confidential: true, remote: false };
const TLS = { canStartTls: false, confidential: true, remote: true };
const LOOPBACK = { canStartTls: true, confidential: false, remote: false };
const NETWORK = { canStartTls: true, confidential: false, remote: true };

test('passwords are taken where nobody can listen in, and else as the server was told', () => {
  const taken = (transport: typeof UNIX) =>
    PLAINTEXT_LOGINS.filter((plaintextLogin) => loginTerms({ plaintextLogin, startTls: 'offered' }, transport).plaintext).join(' ');
  assert.equal(taken(UNIX), 'allow loopback never');
  assert.equal(taken(TLS), 'allow loopback never');
  assert.equal(taken(LOOPBACK), 'allow loopback');
  assert.equal(taken(NETWORK), 'allow');
});

test('TLS is offered where it can be begun; where it is required, there is no login without', () => {
  const policy = { plaintextLogin: 'allow', startTls: 'required' } as const;
  assert.deepEqual(loginTerms(policy, LOOPBACK), { startTls: 'required', login: false, plaintext: false });
  assert.deepEqual(loginTerms(policy, TLS), { startTls: 'none', login: true, plaintext: true });
  assert.deepEqual(loginTerms(policy, UNIX), { startTls: 'none', login: true, plaintext: true });
  assert.deepEqual(loginTerms({ ...policy, startTls: 'offered' }, NETWORK), { startTls: 'offered', login: true, plaintext: true });
  assert.deepEqual(loginTerms({ ...policy, startTls: 'none' }, NETWORK), { startTls: 'none', login: true, plaintext: true });
});

test('options of TLS that make no sense together are told', () => {
  assert.match(String(problemsOf({ tlsPort: 5223 })), /--tls-port: there is no TLS without --tls-cert or --tls-self-signed/);
  assert.match(String(problemsOf({ tlsRequired: true })), /--tls-required: there is no TLS without/);
  assert.match(String(problemsOf({ tlsKey: 'key' })), /--tls-key: there is no --tls-cert/);
  assert.match(String(problemsOf({ tlsCert: 'cert', tlsSelfSigned: true })), /--tls-self-signed: it needs no --tls-cert/);
  assert.match(String(problemsOf({ unixMode: '888' })), /--unix-mode: "888" is not permissions in octal/);
  assert.deepEqual(problemsOf({ tlsCert: 'both.pem', tlsPort: 5223, tlsRequired: true, unixMode: '0600', unix: ['/a'] }), []);
});

test('options of WebSockets that make no sense together are told', () => {
  assert.match(String(problemsOf({ websocketTlsPort: 5443 })), /--websocket-tls-port: there is no TLS without/);
  assert.match(String(problemsOf({ websocketOrigin: ['*'] })), /--websocket-origin: there are no WebSockets without/);
  const { websocket } = transportsFrom({ ...NOTHING, websocketPort: 5280, websocketOrigin: ['https://example.org'] }, {}, []);
  assert.deepEqual(websocket, { ports: [5280], tlsPorts: [], origins: ['https://example.org'] });
});

test('two kinds of listeners cannot have one port, and an origin is no address of a page', () => {
  const input = { port: 5222, websocket: { ports: [5222], tlsPorts: [70_000], origins: ['https://example.org/page', 'https://example.org:8443', '*'] } };
  assert.throws(() => createConfig(input), {
    problems: [
      'websocket.tlsPorts: 70000 is not a number from 0 to 65535',
      'websocket.tlsPorts: there is no TLS',
      'websocket.origins: "https://example.org/page" is no origin, as https://example.org',
      'websocket.ports: port 5222 is that of port already',
    ],
  });
});

test('one file may hold the certificate and its key; a path is absolute from then on', () => {
  const { tls, unix } = transportsFrom({ ...NOTHING, tlsCert: 'both.pem', unix: ['a.sock'] }, {}, []);
  assert.deepEqual(tls, { certificate: { certificate: 'both.pem', key: 'both.pem' }, ports: [], required: false });
  assert.deepEqual(unix, { paths: [`${process.cwd()}/a.sock`], mode: 0o660 });
});

test('a path on the command line stands for those of the file', () => {
  const site = { unix: { paths: ['/site'] } };
  assert.deepEqual(transportsFrom(NOTHING, site, []).unix?.paths, ['/site']);
  assert.deepEqual(transportsFrom({ ...NOTHING, unix: ['/mine'] }, site, []).unix?.paths, ['/mine']);
});

test('what cannot be is told with its place', () => {
  const input = { port: 5222, tls: { certificate: { certificate: '', key: '' }, ports: [5222, 70_000] }, unix: { paths: ['here'], mode: 0o1000 } };
  assert.throws(
    () => createConfig(input),
    (error: ConfigError) => {
      const places = error.problems.map((problem) => problem.split(':')[0]);
      assert.deepEqual(places, ['tls.ports', 'tls.certificate', 'tls.certificate.key', 'unix', 'unix.mode', 'tls.ports']);
      return error instanceof ConfigError;
    },
  );
});

test('another certificate takes no new start, and everything else of transports does', () => {
  const files = { certificate: { certificate: 'a', key: 'a' }, ports: [5223] };
  const before = createConfig({ tls: files });
  const differs = (input: Parameters<typeof createConfig>[0]) => reloadedConfig(before, createConfig({ tls: files, ...input })).restart.join(' ');
  assert.equal(differs({ tls: { ...files, certificate: { certificate: 'b', key: 'c' } } }), '');
  assert.equal(differs({ tls: { ...files, certificate: 'self-signed' } }), 'tls');
  assert.equal(differs({ tls: { ...files, required: true } }), 'tls');
  assert.equal(differs({ tls: null, unix: { paths: ['/a'] }, plaintextLogin: 'never' }), 'tls unix plaintextLogin');
});

test('tls-server-end-point is the certificate, hashed as its signature is', async () => {
  for (const keyType of ['rsa', 'ec'] as const) {
    for (const algorithm of ['sha1', 'sha256', 'sha384', 'sha512']) {
      const { cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keyType, algorithm, keySize: 1_024 });
      const { raw } = new X509Certificate(cert);
      const expected = createHash(algorithm === 'sha1' ? 'sha256' : algorithm)
        .update(raw)
        .digest();
      assert.deepEqual(endPointOf(raw), expected, `${keyType} ${algorithm}`);
    }
  }
});

test('a certificate whose signature names no hash function has no such binding', () => {
  // Made by openssl req -x509 -newkey ed25519 -nodes -subj /CN=x
  const ed25519 = [
    'MIIBLDCB36ADAgECAhQGJCLOZBhjyHKBITHQKBGbiCKBgDAFBgMrZXAwDDEKMAgGA1UEAwwBeDAeFw0yNjExMjQyMTEwMDVaFw0yNjExMjUyMTEwMDVaMAwx',
    'CjAIBgNVBAMMAXgwKjAFBgMrZXADIQDxQ8PikDfm2fa3fDVZItN+KXID/6whvAX1vV1BM/wtdaNTMFEwHQYDVR0OBBYEFN7OAjDY2ie8SPcTyAVTHr/3OugO',
    'MB8GA1UdIwQYMBaAFN7OAjDY2ie8SPcTyAVTHr/3OugOMA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EA/VF707tPkxyz46NpA5TRdk7IE+1WRcxjDN5TkHj3',
    'Bfd17XGZu7hMtAkLUN8afJgK274t4UBFA8B6EUUU3aNlDg==',
  ].join('');
  assert.equal(endPointOf(Buffer.from(ed25519, 'base64')), null);
  assert.equal(endPointOf(Buffer.alloc(0)), null);
  assert.equal(endPointOf(Buffer.from('30', 'hex')), null);
});
