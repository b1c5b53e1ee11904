import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { ChopChop } from '../server/compose/chopchop.ts';
import { createConfig } from '../server/config/config.ts';
import type { TlsInput } from '../server/config/transports.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import { writeCertificate } from './support/certificate.ts';
import { oneLine, run, serve, stop, temporaryFolder, written } from './support/command.ts';
import { header, Peer } from './support/peer.ts';
import { scramFinal } from './support/scram-client.ts';
import { recordingLog, startServer, type TestServer } from './support/server.ts';

const DOMAIN = 'localhost';
const STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const PROCEED = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const OPEN = header(DOMAIN, " version='1.0'");

const SELF_SIGNED: TlsInput = { certificate: 'self-signed', ports: [0] };

function start(t: TestContext, tls: TlsInput = SELF_SIGNED): Promise<TestServer> {
  return startServer(t, { domains: [DOMAIN], tls });
}

function tlsAddress({ server }: TestServer): BoundAddress {
  return server.listening.tls[0] as BoundAddress;
}

/** A socket that begins with TLS, and believes any certificate. */
async function direct(t: TestContext, { host, port }: BoundAddress, options: ConnectionOptions = {}): Promise<{ socket: TLSSocket; peer: Peer }> {
  const socket = connect({ host, port, rejectUnauthorized: false, servername: DOMAIN, ...options });
  t.after(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return { socket, peer: new Peer(socket) };
}

/** A stream that went over to TLS, up to there. */
async function upgraded(t: TestContext, address: BoundAddress, options: ConnectionOptions = {}): Promise<{ socket: TLSSocket; peer: Peer }> {
  const plain = connectTcp({ ...address, noDelay: true });
  await once(plain, 'connect');
  t.after(() => void plain.destroy());
  const before = new Peer(plain);
  before.send(OPEN);
  await before.expect('</stream:features>');
  before.send(STARTTLS);
  await before.expect(PROCEED);
  plain.removeAllListeners('data');
  const socket = connect({ socket: plain, rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  return { socket, peer: new Peer(socket) };
}

test('STARTTLS is offered if there is a certificate, and a new stream follows it', async (t) => {
  const site = await start(t);
  const { peer } = await upgraded(t, site.address);
  peer.send(OPEN);
  const features = await peer.expect('</stream:features>');
  assert.doesNotMatch(features, /starttls/);
  assert.match(features, /<mechanism>SCRAM-SHA-256-PLUS<\/mechanism>/);
  assert.match(features, /<channel-binding type='tls-exporter'\/><channel-binding type='tls-server-end-point'\/>/);
  assert.equal([...site.server.connections][0]?.transport.kind, 'tls');
});

test('an OpenSRF client logs in over direct TLS as over TCP, and they reach each other', async (t) => {
  const site = await start(t);
  const { peer: secure } = await direct(t, tlsAddress(site));
  await secure.login('opensrf', DOMAIN, 'secure');
  const plain = await (await Peer.connect(t, site.address)).login('opensrf', DOMAIN, 'plain');
  plain.send(`<message to='opensrf@${DOMAIN}/secure'><body>${'x'.repeat(300_000)}</body></message>`);
  assert.equal((await secure.message()).length > 300_000, true);
  secure.send(`<message to='opensrf@${DOMAIN}/plain'><body>back</body></message>`);
  assert.match(await plain.message(), /back/);
});

test('bytes sent after <starttls/> before TLS are never processed', async (t) => {
  const { server, address } = await start(t);
  for (const behind of [`<iq type='set' id='1'><query xmlns='jabber:iq:auth'/></iq>`, OPEN, '<', '<!-- -->']) {
    const peer = await Peer.connect(t, address);
    peer.send(OPEN);
    await peer.expect('</stream:features>');
    peer.send(STARTTLS + behind);
    assert.match(await peer.closed(), /^<stream:error><policy-violation .*nothing may follow &lt;starttls\/&gt; before TLS.*<\/stream:stream>$/, behind);
  }
  assert.equal(server.sessionCount, 0);
});

test('white space after <starttls/> is ignored, however it is cut', async (t) => {
  const { address } = await start(t);
  const peer = await Peer.connect(t, address);
  peer.send(OPEN);
  await peer.expect('</stream:features>');
  peer.send(`${STARTTLS}\n`);
  await peer.expect(PROCEED);
});

test('bytes other than TLS after <proceed/> end only this connection', async (t) => {
  const { server, address } = await start(t);
  const other = await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'other');
  const peer = await Peer.connect(t, address);
  peer.send(OPEN);
  await peer.expect('</stream:features>');
  peer.send(STARTTLS);
  await peer.expect(PROCEED);
  peer.send(`${OPEN}<iq type='get' id='1'><query xmlns='jabber:iq:auth'/></iq>`);
  assert.doesNotMatch(await peer.closed(), /<iq/);
  other.send(`<message to='opensrf@${DOMAIN}/other'><body>still here</body></message>`);
  assert.match(await other.message(), /still here/);
  assert.equal(server.sessionCount, 1);
});

test('bytes other than TLS after the handshake end the connection', async (t) => {
  const site = await start(t);
  const { host, port } = tlsAddress(site);
  const raw = connectTcp({ host, port });
  await once(raw, 'connect');
  t.after(() => void raw.destroy());
  const socket = connect({ socket: raw, rejectUnauthorized: false });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  await new Peer(socket).login('opensrf', DOMAIN, 'broken');
  const closed = once(raw, 'close');
  // Through the handle, since the socket belongs to TLS by now.
  raw.write('no TLS at all, but long enough to be looked at as a record');
  await closed;
  assert.equal(site.server.sessionCount, 0);
});

test('TLS that is not offered is refused, and the stream ends', async (t) => {
  const plain = await startServer(t, { domains: [DOMAIN] });
  const peer = await Peer.connect(t, plain.address);
  peer.send(OPEN);
  assert.doesNotMatch(await peer.expect('</stream:features>'), /starttls/);
  peer.send(STARTTLS);
  assert.equal(await peer.closed(), "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>");
  const { peer: twice } = await upgraded(t, (await start(t)).address);
  twice.send(OPEN);
  await twice.expect('</stream:features>');
  twice.send(STARTTLS);
  assert.equal(await twice.closed(), "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>");
});

test('with TLS required, no login works over TCP without it', async (t) => {
  const site = await start(t, { ...SELF_SIGNED, required: true });
  const peer = await Peer.connect(t, site.address);
  peer.send(OPEN);
  const features = await peer.expect('</stream:features>');
  assert.match(features, /<stream:features><starttls xmlns='[^']+'><required\/><\/starttls><limits /);
  peer.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>biwsbj11c2VyLHI9YQ==</auth>");
  await peer.expect('<encryption-required/>');
  peer.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AG9wZW5zcmYAcGFzc3dvcmQ=</auth>");
  await peer.expect('<encryption-required/>');
  const iqAuth = await Peer.connect(t, site.address);
  iqAuth.send(`${header(DOMAIN)}<iq id='1' type='set'><query xmlns='jabber:iq:auth'><username>opensrf</username><password>password</password></query></iq>`);
  await iqAuth.expect("<error code='406' type='modify'><policy-violation");
  const { peer: secure } = await direct(t, tlsAddress(site));
  await secure.login('opensrf', DOMAIN, 'secure');
});

/** Tries a login that is bound to the channel, or to another one. @returns the server's last word. */
async function boundLogin({ socket, peer }: { socket: TLSSocket; peer: Peer }, type: string, spoiled: boolean): Promise<string> {
  const exported = socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
  const certificate = socket.getPeerX509Certificate()?.raw ?? '';
  const channel = Buffer.from(type === 'tls-exporter' ? exported : createHash('sha256').update(certificate).digest());
  if (spoiled) channel.writeUInt8(channel.readUInt8(0) ^ 1, 0);
  const first = `p=${type},,n=opensrf,r=abc`;
  peer.send(`${OPEN}<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256-PLUS'>${Buffer.from(first).toString('base64')}</auth>`);
  const [, challenge = ''] = /<challenge [^>]*>(.*)<\/challenge>/.exec(await peer.expect('</challenge>')) ?? [];
  const { message } = scramFinal(first, Buffer.from(challenge, 'base64').toString(), 'sha256', 'password', channel);
  peer.send(`<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${Buffer.from(message).toString('base64')}</response>`);
  return peer.expect(/<\/(?:success|failure)>/);
}

test('a login may be bound to the TLS channel, by either type, and to no other', async (t) => {
  const site = await start(t);
  for (const type of ['tls-exporter', 'tls-server-end-point']) {
    assert.match(await boundLogin(await direct(t, tlsAddress(site)), type, false), /<success/, type);
    assert.match(await boundLogin(await upgraded(t, site.address), type, false), /<success/, type);
    assert.match(await boundLogin(await direct(t, tlsAddress(site)), type, true), /<not-authorized\/>/, type);
  }
});

test('TLS 1.2 works, nothing older, and without channel binding', async (t) => {
  const site = await start(t);
  const { peer } = await direct(t, tlsAddress(site), { maxVersion: 'TLSv1.2' });
  peer.send(OPEN);
  assert.doesNotMatch(await peer.expect('</stream:features>'), /-PLUS|channel-binding/);
  await assert.rejects(direct(t, tlsAddress(site), { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }), /SSL|TLS|protocol/i);
});

test('a client cannot renegotiate TLS', async (t) => {
  const site = await start(t);
  const { socket, peer } = await direct(t, tlsAddress(site), { maxVersion: 'TLSv1.2' });
  peer.send(OPEN);
  await peer.expect('</stream:features>');
  const refused = new Promise<Error | null>((resolve) => void socket.renegotiate({}, resolve));
  const failed = once(socket, 'error').then(([error]) => error as Error);
  assert.match(String(await Promise.race([refused, failed])), /renegotiation/i);
});

test('direct TLS agrees on xmpp-client only', async (t) => {
  const site = await start(t);
  const { socket } = await direct(t, tlsAddress(site), { ALPNProtocols: ['xmpp-client'] });
  assert.equal(socket.alpnProtocol, 'xmpp-client');
  await assert.rejects(direct(t, tlsAddress(site), { ALPNProtocols: ['h2'] }), /no application protocol/);
});

test('a new certificate is for new connections, and no session is dropped', async (t) => {
  const folder = temporaryFolder(t);
  const certificate = await writeCertificate(folder, 'tls');
  const site = await start(t, { certificate, ports: [0] });
  const shownBy = (socket: TLSSocket) => socket.getPeerX509Certificate()?.fingerprint256;
  const { socket, peer } = await direct(t, tlsAddress(site));
  await peer.login('opensrf', DOMAIN, 'old');
  const before = shownBy(socket);
  await writeCertificate(folder, 'tls');
  assert.deepEqual(site.server.reload(createConfig({ ...site.server.config, tls: { certificate, ports: [0] } })), []);
  const { socket: newSocket } = await direct(t, tlsAddress(site));
  const after = shownBy(newSocket);
  assert.notEqual(after, before);
  assert.equal(after, new X509Certificate(readFileSync(certificate.certificate)).fingerprint256);
  peer.send(`<message to='opensrf@${DOMAIN}/old'><body>still here</body></message>`);
  assert.match(await peer.message(), /still here/);
});

test('an invalid new certificate changes nothing, and its file and the reason are reported', async (t) => {
  const folder = temporaryFolder(t);
  const certificate = await writeCertificate(folder, 'tls');
  const other = await writeCertificate(folder, 'other');
  const site = await start(t, { certificate, ports: [0] });
  const reload = (tls: TlsInput) => () => site.server.reload(createConfig({ ...site.server.config, accounts: [], tls }));
  assert.throws(
    reload({ certificate: { ...certificate, key: other.key }, ports: [0] }),
    /TLS: .*tls\.crt and .*other\.key are not a certificate and its key: .*mismatch/,
  );
  assert.throws(reload({ certificate: { ...certificate, key: join(folder, 'gone') }, ports: [0] }), /TLS: cannot read .*gone: ENOENT/);
  writeFileSync(certificate.certificate, 'no certificate');
  assert.throws(reload({ certificate, ports: [0] }), /TLS: .*tls\.crt and .*tls\.key are not a certificate and its key/);
  const { peer } = await direct(t, tlsAddress(site));
  await peer.login('opensrf', DOMAIN, 'with the old accounts too');
});

test('the server uses an expired certificate, and logs a warning', async (t) => {
  const certificate = await writeCertificate(temporaryFolder(t), 'tls', new Date('2020-01-01'));
  const { log } = await start(t, { certificate });
  assert.ok(log.lines.some(({ level, message }) => level === 'warn' && message === 'the certificate has expired'));
});

test('a server with an unreadable certificate does not start, and listens nowhere', async (t) => {
  const folder = temporaryFolder(t);
  const files = { certificate: join(folder, 'none'), key: join(folder, 'none') };
  const server = new ChopChop(createConfig({ port: 0, tls: { certificate: files } }), recordingLog());
  await assert.rejects(server.start(), /TLS: cannot read .*none: ENOENT/);
  assert.deepEqual(server.listening.c2s, []);
});

test('an endless handshake has the time limit of a login', async (t) => {
  const site = await startServer(t, { domains: [DOMAIN], tls: SELF_SIGNED, limits: { loginTimeoutMs: 50, closeTimeoutMs: 50 } });
  const socket = connectTcp(tlsAddress(site));
  t.after(() => void socket.destroy());
  await once(socket.resume(), 'close');
  await site.server.stop();
  assert.ok(site.log.lines.some(({ message }) => message === 'login took too long'));
});

test('SIGHUP applies a new certificate, and logs an invalid one', async (t) => {
  const folder = temporaryFolder(t);
  const { certificate, key } = await writeCertificate(folder, 'tls');
  const server = await serve(t, folder, '--tls-cert', certificate, '--tls-key', key, '--tls-port', '0', '--log-file', join(folder, 'log'));
  const [address] = server.ready.tls as [BoundAddress];
  await writeCertificate(folder, 'tls');
  server.child.kill('SIGHUP');
  await written(t, folder, 'log', 'configuration reloaded');
  const { socket } = await direct(t, address);
  assert.equal(socket.getPeerX509Certificate()?.fingerprint256, new X509Certificate(readFileSync(certificate)).fingerprint256);
  writeFileSync(key, 'no key');
  server.child.kill('SIGHUP');
  await written(t, folder, 'log', /configuration not reloaded: nothing was changed.*tls\.key are not a certificate and its key/);
  assert.equal(await stop(server), 0);
});

test('an unreadable certificate is reported in one line', (t) => {
  const { code, stderr } = run('--port', '0', '--tls-cert', join(temporaryFolder(t), 'none'));
  assert.equal(code, 4);
  assert.match(oneLine(stderr), /TLS: cannot read .*none: ENOENT/);
});
