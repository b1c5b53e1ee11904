import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import { joinRefusals, type NatsAccess } from '../../server/cluster/engines/nats-connect.ts';
import { NatsEngine } from '../../server/cluster/engines/nats-engine.ts';
import { EngineError } from '../../server/cluster/link/engine.ts';
import { createClock } from '../../server/kernel/clock.ts';
import { EXIT } from '../../server/kernel/exit-codes.ts';
import { UNLOGGED } from '../../server/kernel/guard.ts';
import { writeCertificate } from '../support/certificate.ts';
import { temporaryFolder } from '../support/command.ts';
import { FakeLog } from '../support/fakes.ts';
import { NatsServer, NO_NATS } from '../support/nats-server.ts';

const clock = createClock(UNLOGGED);
const skip = NO_NATS;

/** An engine whose events a test awaits. */
class Watched {
  readonly log = new FakeLog();
  readonly engine: NatsEngine;
  readonly events: string[] = [];
  private waiting: { wanted: string; resolve: () => void }[] = [];

  constructor(t: TestContext, access: Partial<NatsAccess> & Pick<NatsAccess, 'servers'>) {
    this.engine = new NatsEngine({ credentialsFile: '', caFile: '', insecure: false, clientName: 'test', ...access }, clock, this.log);
    t.after(() => this.engine.close());
  }

  async open(): Promise<void> {
    await this.engine.open({
      connected: (server) => this.happened(`connected ${server}`),
      disconnected: () => this.happened('disconnected'),
      failed: (error) => this.happened(`failed ${error.message}`),
    });
  }

  happened(event: string): void {
    this.events.push(event);
    for (const one of this.waiting.filter(({ wanted }) => event.startsWith(wanted))) one.resolve();
  }

  /** Resolves at the next event that begins so. */
  next(wanted: string): Promise<void> {
    return new Promise((resolve) => this.waiting.push({ wanted, resolve }));
  }
}

/** Publishes until the other engine receives: a fresh subscription may not be known to all servers yet. */
async function reaches(from: Watched, to: Watched, subject: string): Promise<void> {
  const text = `message ${Math.random()}`;
  const arrived = to.next(text);
  const timer = clock.every(20, () => from.engine.publish(subject, Buffer.from(text)));
  await arrived;
  timer.cancel();
}

function receive(watched: Watched, subject: string): void {
  watched.engine.subscribe(subject, (payload) => watched.happened(Buffer.from(payload).toString()));
}

test('messages go from one member to another, and not back to the sender', { skip }, async (t) => {
  const server = await NatsServer.start(t);
  const [one, other] = [new Watched(t, { servers: [server.url] }), new Watched(t, { servers: [server.url] })];
  receive(one, 'cc.x.hb');
  receive(other, 'cc.x.hb');
  await one.open();
  await other.open();
  await reaches(one, other, 'cc.x.hb');
  await reaches(other, one, 'cc.x.hb');
  assert.deepEqual(one.events.filter((event) => event.startsWith('message')).length, 1);
});

test('a server that is killed is connected again, with all subscriptions', { skip }, async (t) => {
  const server = await NatsServer.start(t);
  const [one, other] = [new Watched(t, { servers: [server.url] }), new Watched(t, { servers: [server.url] })];
  receive(other, 'cc.x.hb');
  await one.open();
  await other.open();
  const lost = Promise.all([one.next('disconnected'), other.next('disconnected')]);
  await server.kill();
  await lost;
  one.engine.publish('cc.x.hb', Buffer.from('lost'));
  const back = Promise.all([one.next('connected'), other.next('connected')]);
  await server.run();
  await back;
  await reaches(one, other, 'cc.x.hb');
  assert.ok(!other.events.includes('lost'));
});

test('a server that refuses the password is named, with the file, and no password is shown', { skip }, async (t) => {
  const server = await NatsServer.start(t, 'accounts { CC { users: [{ user: "chop", password: "right" }] } }');
  const file = join(server.folder, 'credentials');
  writeFileSync(file, 'chop:wrong-one\n');
  await assert.rejects(new Watched(t, { servers: [server.url], credentialsFile: file }).open(), (error: Error) => {
    assert.ok(error instanceof EngineError);
    assert.match(error.message, /^cannot connect to NATS: nats:\/\/127.0.0.1:\d+: it refuses the credentials in \S+\/credentials \(Authorization Violation\)$/);
    return true;
  });
  await assert.rejects(new Watched(t, { servers: [server.url] }).open(), /it wants credentials: name a file with --nats-credentials/);
  writeFileSync(file, 'chop:right\n');
  await new Watched(t, { servers: [server.url], credentialsFile: file }).open();
});

test('an nkey seed logs in', { skip }, async (t) => {
  const user = nkeys.createUser();
  const server = await NatsServer.start(t, `accounts { CC { users: [{ nkey: ${user.getPublicKey()} }] } }`);
  const file = join(server.folder, 'seed');
  writeFileSync(file, `${new TextDecoder().decode(user.getSeed())}\n`);
  await new Watched(t, { servers: [server.url], credentialsFile: file }).open();
});

test('TLS is verified, and never left out', { skip }, async (t) => {
  const { certificate, key } = await writeCertificate(temporaryFolder(t), 'nats');
  const server = await NatsServer.start(t, `tls { cert_file: "${certificate}", key_file: "${key}" }\nhost: "0.0.0.0"`);
  const url = `tls://localhost:${server.port}`;
  await new Watched(t, { servers: [url], caFile: certificate }).open();
  await assert.rejects(new Watched(t, { servers: [url] }).open(), /tls:\/\/localhost:\d+: self-signed certificate/);
  await assert.rejects(new Watched(t, { servers: [`tls://127.0.0.2:${server.port}`], caFile: certificate }).open(), /IP: 127.0.0.2 is not in the cert/);
  const plain = await NatsServer.start(t);
  await assert.rejects(new Watched(t, { servers: [`tls://localhost:${plain.port}`], caFile: certificate }).open(), /it has no TLS/);
});

test('a server that is not there is named', { skip }, async (t) => {
  const server = await NatsServer.start(t);
  await server.kill();
  await assert.rejects(new Watched(t, { servers: [server.url] }).open(), new RegExp(`cannot connect to NATS: ${server.url}: connection refused`));
});

test('a server that was not there at first is used later', { skip }, async (t) => {
  const [first, second] = [await NatsServer.start(t), await NatsServer.start(t)];
  await first.kill();
  const member = new Watched(t, { servers: [first.url, second.url] });
  await member.open();
  assert.deepEqual(member.events, [`connected ${second.url}`]);
  await first.run();
  const moved = member.next(`connected ${first.url}`);
  await second.kill();
  await moved;
});

test('a plain connection to another host is refused, unless it is allowed', async (t) => {
  await assert.rejects(new Watched(t, { servers: ['nats://192.0.2.1:4222'] }).open(), /^EngineError: nats:\/\/192.0.2.1:4222: others could read and forge/);
});

test('a file that has no credentials is named', { skip }, async (t) => {
  const server = await NatsServer.start(t);
  const file = join(server.folder, 'credentials');
  writeFileSync(file, 'nonsense\n');
  const servers = [server.url, server.url];
  await assert.rejects(new Watched(t, { servers, credentialsFile: file }).open(), {
    exitCode: EXIT.usage,
    message: `--nats-credentials: ${file} has neither NATS credentials (.creds), nor the seed of a user's nkey, nor one line USER:PASSWORD`,
  });
  await assert.rejects(new Watched(t, { servers, credentialsFile: '/absent' }).open(), {
    exitCode: EXIT.file,
    message: "--nats-credentials: cannot read /absent: ENOENT: no such file or directory, open '/absent'",
  });
  await assert.rejects(new Watched(t, { servers, caFile: file }).open(), { exitCode: EXIT.usage, message: `--nats-ca: ${file} has no certificate in PEM` });
});

test('servers that refuse for the same reason are named together', () => {
  const servers = ['tls://a', 'tls://b', 'tls://c'];
  const refusals = ['tls://a: connection refused', 'tls://b: no answer within 2000 ms', 'tls://c: connection refused'];
  assert.equal(joinRefusals(servers, refusals), 'tls://a, tls://c: connection refused; tls://b: no answer within 2000 ms');
});

test('a member that may not subscribe to its cluster does not start', { skip }, async (t) => {
  const server = await NatsServer.start(
    t,
    'accounts { CC { users: [{ user: "chop", password: "right", permissions: { publish: "cc.y.>", subscribe: "cc.y.>" } }] } }',
  );
  const file = join(server.folder, 'credentials');
  writeFileSync(file, 'chop:right');
  const member = new Watched(t, { servers: [server.url], credentialsFile: file });
  receive(member, 'cc.x.hb');
  await assert.rejects(member.open(), { name: 'EngineError', message: 'the NATS user may not subscribe to cc.x.hb: permit it cc.x.>, or correct --cluster' });
  assert.equal(member.engine.connected, false);
});

test('a subject that the server does not permit is logged once', { skip }, async (t) => {
  const server = await NatsServer.start(
    t,
    'accounts { CC { users: [{ user: "chop", password: "right", permissions: { publish: "cc.y.>", subscribe: "cc.y.>" } }] } }',
  );
  const file = join(server.folder, 'credentials');
  writeFileSync(file, 'chop:right');
  const member = new Watched(t, { servers: [server.url], credentialsFile: file });
  receive(member, 'cc.y.hb');
  await member.open();
  receive(member, 'cc.x.hb');
  const other = new Watched(t, { servers: [server.url], credentialsFile: file });
  await other.open();
  other.engine.publish('cc.x.hb', Buffer.from('one'));
  other.engine.publish('cc.x.hb', Buffer.from('two'));
  await reaches(other, member, 'cc.y.hb');
  // NATS says so when it likes.
  while (member.log.messages.length === 0 || other.log.messages.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(member.log.messages, ['the NATS user may not subscribe to cc.x.hb: permit it cc.x.>, or correct --cluster']);
  assert.deepEqual(other.log.messages, ['the NATS user may not publish to cc.x.hb: permit it cc.x.>, or correct --cluster']);
});

test('with three servers, a member moves on by itself and when it is asked to', { skip }, async (t) => {
  const servers = await NatsServer.startCluster(t, 3);
  const urls = servers.map(({ url }) => url);
  const [one, other] = [new Watched(t, { servers: urls }), new Watched(t, { servers: [...urls].reverse() })];
  receive(other, 'cc.x.hb');
  await one.open();
  await other.open();
  await reaches(one, other, 'cc.x.hb');
  const moved = one.next(`connected ${urls[1]}`);
  await servers[0]?.kill();
  await moved;
  await reaches(one, other, 'cc.x.hb');
  const asked = one.next(`connected ${urls[2]}`);
  one.engine.moveOn();
  assert.equal(one.engine.connected, true);
  await asked;
  await reaches(one, other, 'cc.x.hb');
  // It stays if no other server takes it.
  await servers[1]?.kill();
  one.engine.moveOn();
  while (!one.log.messages.some((message) => message.includes('cannot change to another NATS server'))) await new Promise((resolve) => setImmediate(resolve));
  await reaches(one, other, 'cc.x.hb');
});

test('a server that shuts down in lame duck mode is left at once', { skip }, async (t) => {
  const servers = await NatsServer.startCluster(t, 2);
  const member = new Watched(t, { servers: servers.map(({ url }) => url) });
  await member.open();
  const moved = member.next(`connected ${servers[1]?.url}`);
  servers[0]?.signal('SIGUSR2');
  await moved;
});
