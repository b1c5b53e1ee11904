import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { generate } from 'selfsigned';
import { createConfig } from '../../server/config/config.ts';
import { ConfigError, formatProblem } from '../../server/config/problem.ts';
import { reloadedConfig } from '../../server/config/reload.ts';
import { resolveSettings } from '../../server/config/sources/resolve.ts';
import { PLAINTEXT_LOGINS } from '../../server/config/transports.ts';
import { loginTerms } from '../../server/login/policy.ts';
import { endPointOf } from '../../server/net/tls/end-point.ts';

type Arguments = Readonly<Record<string, unknown>>;

const from = (args: Arguments) => resolveSettings({ command: 'serve', args, environment: {}, isTerminal: false }).config;

function problemsOf(make: () => unknown): string[] {
  try {
    make();
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(formatProblem);
  }
}

const UNIX = { canStartTls: false, confidential: true, remote: false };
const TLS = { canStartTls: false, confidential: true, remote: true };
const LOOPBACK = { canStartTls: true, confidential: false, remote: false };
const NETWORK = { canStartTls: true, confidential: false, remote: true };

test('passwords are accepted on confidential transports, and elsewhere by the configuration', () => {
  const taken = (transport: typeof UNIX) =>
    PLAINTEXT_LOGINS.filter((plaintextLogin) => loginTerms({ plaintextLogin, startTls: 'offered' }, transport).plaintext).join(' ');
  assert.equal(taken(UNIX), 'allow loopback never');
  assert.equal(taken(TLS), 'allow loopback never');
  assert.equal(taken(LOOPBACK), 'allow loopback');
  assert.equal(taken(NETWORK), 'allow');
});

test('TLS is offered if the transport can start it; if it is required, no login works without it', () => {
  const policy = { plaintextLogin: 'allow', startTls: 'required' } as const;
  assert.deepEqual(loginTerms(policy, LOOPBACK), { startTls: 'required', login: false, plaintext: false });
  assert.deepEqual(loginTerms(policy, TLS), { startTls: 'none', login: true, plaintext: true });
  assert.deepEqual(loginTerms(policy, UNIX), { startTls: 'none', login: true, plaintext: true });
  assert.deepEqual(loginTerms({ ...policy, startTls: 'offered' }, NETWORK), { startTls: 'offered', login: true, plaintext: true });
  assert.deepEqual(loginTerms({ ...policy, startTls: 'none' }, NETWORK), { startTls: 'none', login: true, plaintext: true });
});

for (const [args, problem] of [
  [{ 'tls-port': '5223' }, '--tls-port: there is no TLS without --tls-cert or --tls-self-signed'],
  [{ 'tls-required': true }, '--tls-required: there is no TLS without --tls-cert or --tls-self-signed'],
  [{ 'tls-key': 'key' }, '--tls-key: there is no --tls-cert'],
  [{ 'tls-cert': 'cert', 'tls-self-signed': true }, '--tls-self-signed: it excludes --tls-cert and --tls-key'],
  [{ 'unix-mode': '888' }, '--unix-mode: "888" is not file permissions from 0 to 777, in octal'],
  [{ 'websocket-tls-port': '5443' }, '--websocket-tls-port: there is no TLS without --tls-cert or --tls-self-signed'],
  [{ 'websocket-origin': '*' }, '--websocket-origin: there are no WebSockets without --websocket-port or --websocket-tls-port'],
  [{ 'tls-cert': 'both.pem', 'tls-port': '5222' }, '--tls-port: port 5222 is taken by --port'],
] as const) {
  test(`options that contradict each other are refused: ${problem}`, () => {
    assert.deepEqual(
      problemsOf(() => from(args)),
      [problem],
    );
  });
}

test('compatible options of transports are accepted', () => {
  const all = { 'tls-cert': 'both.pem', 'tls-port': '5223', 'tls-required': true, 'unix-mode': '0600', unix: '/a', 'websocket-port': '5280' };
  const { tls, unix, websocket } = from({ ...all, 'websocket-origin': 'https://example.org' });
  // One file may hold the certificate and its key.
  assert.deepEqual(tls, { certificate: { certificate: 'both.pem', key: 'both.pem' }, ports: [5223], required: true });
  assert.deepEqual(unix, { paths: ['/a'], mode: 0o600 });
  assert.deepEqual(websocket, { ports: [5280], tlsPorts: [], origins: ['https://example.org'] });
  // A path does not depend on the working directory from then on.
  assert.deepEqual(from({ unix: 'a.sock' }).unix, { paths: [`${process.cwd()}/a.sock`], mode: 0o660 });
  assert.equal(from({ 'tls-required': false }).tls, null);
});

test('two kinds of listeners cannot share a port, and an origin must not contain a path', () => {
  const input = { port: 5222, websocket: { ports: [5222], tlsPorts: [70_000], origins: ['https://example.org/page', 'https://example.org:8443', '*'] } };
  assert.deepEqual(
    problemsOf(() => createConfig(input)),
    [
      'websocket.tlsPorts: 70000 is not a port number from 0 to 65535',
      'websocket.origins: "https://example.org/page" is not an origin, as https://example.org, or *',
      'websocket.ports: port 5222 is taken by port',
    ],
  );
  assert.deepEqual(
    problemsOf(() => createConfig({ websocket: { tlsPorts: [5443] } })),
    ['websocket.tlsPorts: there is no TLS'],
  );
});

test('wrong values of transports are refused with their places', () => {
  const input = { port: 5222, tls: { certificate: { certificate: '', key: '' }, ports: [5222, 70_000] }, unix: { paths: ['here'], mode: 0o1000 } };
  assert.deepEqual(
    problemsOf(() => createConfig(input)).map((problem) => problem.split(':')[0]),
    ['tls.certificate', 'tls.certificate', 'tls.ports', 'unix.mode', 'unix.paths'],
  );
});

test('another certificate needs no restart, all other changes of transports do', () => {
  const files = { certificate: { certificate: 'a', key: 'a' }, ports: [5223] };
  const before = createConfig({ tls: files });
  const differs = (input: Parameters<typeof createConfig>[0]) => reloadedConfig(before, createConfig({ tls: files, ...input })).restart.join(' ');
  assert.equal(differs({ tls: { ...files, certificate: { certificate: 'b', key: 'c' } } }), '');
  assert.equal(differs({ tls: { ...files, certificate: 'self-signed' } }), 'tls.certificate');
  assert.equal(differs({ tls: { ...files, required: true } }), 'tls.required');
  assert.equal(differs({ tls: null, unix: { paths: ['/a'] }, plaintextLogin: 'never' }), 'tls plaintextLogin unix.paths');
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
