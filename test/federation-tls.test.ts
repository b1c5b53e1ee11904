import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import type { CertificateFiles, TlsInput } from '../server/config/transports.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import { NS } from '../shared/namespaces.ts';
import { type Authority, writeAuthority } from './support/certificate.ts';
import { temporaryFolder } from './support/command.ts';
import { LocalClient } from './support/local-client.ts';
import { Peer } from './support/peer.ts';
import { openStream, PeerServer, relayTo, serverHeader } from './support/peer-server.ts';
import { startServer, type TestServer } from './support/server.ts';

const A = 'private.a';
const B = 'private.b';
type Certificate = NonNullable<TlsInput>['certificate'] | null;

interface Site {
  readonly certificate: Certificate;
  /** The rules for the other server. */
  readonly rules: string;
}

function tlsOf(certificate: Certificate): { tls: TlsInput } | Record<string, never> {
  return certificate === null ? {} : { tls: { certificate } };
}

/** Starts two servers that are peers. @returns the outcome of a message from one to the other. */
async function exchange(t: TestContext, one: Site, other: Site): Promise<{ message: string; a: TestServer; b: TestServer }> {
  const relay = await relayTo(t, () => b.server.listening.s2s[0] as BoundAddress);
  const a = await startServer(t, { domains: [A], ...tlsOf(one.certificate), s2s: { port: 0, peers: [`${B}=127.0.0.1:${relay.port},${one.rules}`] } });
  const port = a.server.listening.s2s[0]?.port;
  const b = await startServer(t, { domains: [B], ...tlsOf(other.certificate), s2s: { port: 0, peers: [`${A}=127.0.0.1:${port},${other.rules}`] } });
  const sender = new LocalClient(a.server, A);
  const receiver = new LocalClient(b.server, B);
  sender.send(receiver.login.jid, 'hello');
  const message = await Promise.race([sender.message(), receiver.message()]);
  return { message, a, b };
}

function kinds({ server }: TestServer): string[] {
  return [...server.connections].map(({ kind }) => kind);
}

async function certificates(t: TestContext): Promise<{ folder: string; authority: Authority }> {
  const folder = temporaryFolder(t);
  return { folder, authority: await writeAuthority(folder, 'authority') };
}

test('without certificates, servers on one machine use dialback without TLS', async (t) => {
  const { message, a } = await exchange(t, { certificate: null, rules: 'auth=dialback' }, { certificate: null, rules: 'auth=dialback' });
  assert.match(message, /hello<\/body><\/message>$/);
  assert.deepEqual(kinds(a), ['tcp', 'tcp']);
});

test('self-signed certificates encrypt the streams, and dialback proves the domains', async (t) => {
  const site = { certificate: 'self-signed', rules: 'tls=required' } as const;
  const { message, a } = await exchange(t, site, site);
  assert.match(message, /hello<\/body><\/message>$/);
  assert.deepEqual(kinds(a), ['tls', 'tls']);
});

test('certificates of a common authority prove the domains without dialback: one stream is enough', async (t) => {
  const { authority } = await certificates(t);
  const rules = `auth=external,ca=${authority.file}`;
  const a = { certificate: await authority.sign('a', [A]), rules };
  const { message, a: started, b } = await exchange(t, a, { certificate: await authority.sign('b', [B]), rules });
  assert.match(message, /hello<\/body><\/message>$/);
  assert.deepEqual([kinds(started), kinds(b)], [['tls'], ['tls']]);
});

test('a certificate that is not good does not reach a server that wants a good one', async (t) => {
  const { folder, authority } = await certificates(t);
  const other = await writeAuthority(folder, 'other');
  const rules = `auth=external,ca=${authority.file}`;
  const good = { certificate: await authority.sign('a', [A]), rules };
  for (const [name, certificate] of [
    ['other authority', await other.sign('other-b', [B])],
    ['other domain', await authority.sign('c', ['private.c'])],
    ['expired', await authority.sign('expired', [B], { notAfterDate: new Date(1_000_000_000_000) })],
    ['self-signed', 'self-signed'],
  ] as const) {
    const { message } = await exchange(t, good, { certificate, rules });
    assert.match(message, /<remote-server-timeout .*certificate/, name);
  }
});

test('a server that wants a good certificate takes no stanza of a peer without one', async (t) => {
  const { folder, authority } = await certificates(t);
  const other = await writeAuthority(folder, 'other');
  const rules = `auth=external,ca=${authority.file}`;
  const good = { certificate: await authority.sign('b', [B]), rules };
  for (const [name, certificate] of [
    ['other authority', await other.sign('other-a', [A])],
    ['other domain', await authority.sign('c', ['private.c'])],
    ['no client certificate', await authority.sign('server-only', [A], { clientAuth: false })],
    ['expired', await authority.sign('expired-a', [A], { notAfterDate: new Date(1_000_000_000_000) })],
    ['self-signed', 'self-signed'],
  ] as const) {
    const { message, b } = await exchange(t, { certificate, rules: `tls=required,ca=${authority.file}` }, good);
    assert.match(message, /<remote-server-timeout /, name);
    assert.deepEqual(b.server.federation?.peers[0]?.incoming, [], name);
  }
});

/** Opens a stream with TLS and a certificate, up to the features. */
async function openSecure(t: TestContext, { server }: TestServer, files: CertificateFiles, from: string): Promise<Peer> {
  const plain = await openStream(t, server, from, B);
  plain.send(`<starttls xmlns='${NS.tls}'/>`);
  await plain.expect('<proceed');
  const [key, cert] = [readFileSync(files.key), readFileSync(files.certificate)];
  plain.stream.removeAllListeners('data');
  const stream = new Peer(connect({ socket: plain.stream as Socket, key, cert, rejectUnauthorized: false }));
  stream.send(serverHeader(from, B));
  await stream.expect('</stream:features>');
  return stream;
}

test('a certificate opens the pairs of its own domain only, and the stream keeps that domain after the login', async (t) => {
  const { authority } = await certificates(t);
  const [own, certificate] = [await authority.sign('c', ['private.c']), await authority.sign('b', [B])];
  const peers = [A, 'private.c'].map((domain) => `${domain}=127.0.0.1:1,auth=external,ca=${authority.file}`);
  const started = await startServer(t, { domains: [B], tls: { certificate }, s2s: { port: 0, peers } });
  const login = (authzid: string) => `<auth xmlns='${NS.sasl}' mechanism='EXTERNAL'>${Buffer.from(authzid).toString('base64')}</auth>`;
  const asOther = await openSecure(t, started, own, 'private.c');
  asOther.send(login(A));
  assert.match(await asOther.closed(), /<not-authorized\/>/);
  const asA = await openSecure(t, started, own, A);
  assert.ok(!asA.transcript.includes('EXTERNAL'));
  asA.send(`<db:result from='${A}' to='${B}'>key</db:result>`);
  assert.match(await asA.expect('</db:result>'), /<not-authorized /);
  const renamed = await openSecure(t, started, own, 'private.c');
  renamed.send(login('private.c'));
  await renamed.expect('<success');
  renamed.send(serverHeader(A, B));
  assert.match(await renamed.closed(), /<invalid-from /);
  const speaking = await openSecure(t, started, own, 'private.c');
  speaking.send(login('private.c'));
  await speaking.expect('<success');
  speaking.send(serverHeader('private.c', B));
  await speaking.expect('</stream:features>');
  assert.deepEqual(
    started.server.federation?.peers.map(({ incoming }) => incoming),
    [[], [B]],
  );
  speaking.send(`<message from='x@${A}/y' to='opensrf@${B}/client'/>`);
  assert.match(await speaking.closed(), /<invalid-from /);
});

test('no stanza leaves without TLS where TLS is required', async (t) => {
  const { message } = await exchange(t, { certificate: 'self-signed', rules: 'tls=required' }, { certificate: null, rules: 'tls=off' });
  assert.match(message, /<remote-server-timeout .*offers no TLS/);
});

test('a server that requires TLS offers nothing else before, and does no dialback', async (t) => {
  const peer = await PeerServer.listen(t);
  const tls = { certificate: 'self-signed' } as const;
  const { server } = await startServer(t, { domains: [B], tls, s2s: { port: 0, peers: [`${A}=127.0.0.1:${peer.port},tls=required`] } });
  const stream = await openStream(t, server, A, B);
  assert.match(stream.transcript, new RegExp(`<stream:features><starttls xmlns='${NS.tls}'><required/></starttls></stream:features>$`));
  stream.send(`<db:result from='${A}' to='${B}'>key</db:result>`);
  assert.match(await stream.expect('</db:result>'), /<policy-violation /);
  assert.equal(peer.count, 0);
  stream.send(`<starttls xmlns='${NS.tls}'/><db:result from='${A}' to='${B}'>key</db:result>`);
  assert.match(await stream.closed(), /<policy-violation /);
});
