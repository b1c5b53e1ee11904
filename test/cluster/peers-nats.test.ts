import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RestartReport } from '../../server/cli/serve/restart.ts';
import { ControlClient } from '../../server/control/control-client.ts';
import { readControlFile } from '../../server/control/control-file.ts';
import { EXIT } from '../../server/kernel/exit-codes.ts';
import type { BoundAddress } from '../../server/net/tcp.ts';
import { OsrfClient } from '../../server/osrf/client.ts';
import { OsrfService } from '../../server/osrf/service.ts';
import { serve, temporaryFolder } from '../support/command.ts';
import { NatsServer, NO_NATS } from '../support/nats-server.ts';
import { relayTo } from '../support/peer-server.ts';
import { kill } from '../support/processes.ts';
import { startServer } from '../support/server.ts';

const CLUSTER = 'private.b';
const PEER = 'private.a';
const skip = NO_NATS || (!existsSync('/proc/self/fd') && 'no /proc here');
const LOGIN = { username: 'opensrf', password: 'password' };
/** `deadAfterMs`, `--loss-grace`, and the time that a busy machine takes. A client gives up after a minute. */
const MOST_MS = 13_000;

interface MemberProcess {
  readonly c2s: BoundAddress;
  readonly s2s: BoundAddress;
  restart(): Promise<RestartReport>;
  kill(): void;
}

async function startMember(t: TestContext, nats: NatsServer, member: string, peerPort: number): Promise<MemberProcess> {
  const folder = temporaryFolder(t);
  const file = join(folder, 'control.json');
  const trust = [CLUSTER, PEER].flatMap((domain) => ['--trusted-server', `${CLUSTER}=${domain}`, '--trusted-client', `${CLUSTER}=${domain}`]);
  const peer = ['--s2s-port', '0', '--s2s-peer', `${PEER}=127.0.0.1:${peerPort},auth=dialback,router=yes`, '--s2s-secret', 'shared'];
  const control = ['--control-socket', join(folder, 'control'), '--control-file', file];
  const { ready } = await serve(t, folder, '--domain', CLUSTER, '--cluster', 'test', '--member', member, '--nats', nats.url, ...trust, ...peer, ...control);
  const { c2s, s2s } = ready as unknown as Record<'c2s' | 's2s', readonly [BoundAddress]>;
  const end = () => existsSync(file) && kill(readControlFile(file).pid);
  t.after(end);
  return {
    c2s: c2s[0],
    s2s: s2s[0],
    restart: async () => (await new ControlClient(readControlFile(file)).order('/api/v1/restart', EXIT.notRestarted)) as RestartReport,
    kill: () => process.kill(readControlFile(file).pid, 'SIGKILL'),
  };
}

/** Two members with real NATS, and a peer in this process whose streams come to the second one; each side has a service at the cluster's router. */
async function start(t: TestContext) {
  const nats = await NatsServer.start(t);
  const relay = await relayTo(t, () => second.s2s);
  const peer = await startServer(t, { domains: [PEER], s2s: { port: 0, peers: [`${CLUSTER}=127.0.0.1:${relay.port},auth=dialback,router=yes`] } });
  const port = peer.server.listening.s2s[0]?.port ?? 0;
  const [first, second] = [await startMember(t, nats, 'a', port), await startMember(t, nats, 'b', port)];
  const methods = { add: (one: number, two: number) => one + two };
  const description = { ...LOGIN, routers: [`router@${CLUSTER}/router`], workers: 3, methods };
  const foreign = await OsrfService.start({ ...description, ...peer.address, domain: PEER, service: 'foreign' });
  const own = await OsrfService.start({ ...description, ...second.c2s, domain: CLUSTER, service: 'own' });
  const clients = [
    await OsrfClient.connect({ ...LOGIN, ...second.c2s, domain: CLUSTER, resource: 'client' }),
    await OsrfClient.connect({ ...LOGIN, ...peer.address, domain: PEER, resource: 'client' }),
  ] as const;
  t.after(async () => {
    for (const one of [foreign, own]) await one.stop();
    for (const client of clients) await client.close();
  });
  for (const service of ['foreign', 'own']) for (const client of clients) await untilAnswered(client, service);
  return { first, second, clients };
}

function ask(client: OsrfClient, service: string, number: number): Promise<unknown> {
  return client.sessionAt(`router@${CLUSTER}/${service}`).request('add', number, 1);
}

async function untilAnswered(client: OsrfClient, service: string): Promise<void> {
  while ((await ask(client, service, 1).catch(() => null)) !== 2) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('a member with the session of the peer that restarts loses no request from or to the peer', { skip }, async (t) => {
  const { first, clients } = await start(t);
  let going = true;
  let answered = 0;
  const asking = Promise.all(
    clients.flatMap((client) =>
      ['foreign', 'own'].map(async (service) => {
        for (let number = 0; going; number++) {
          assert.equal(await ask(client, service, number), number + 1);
          answered++;
        }
      }),
    ),
  );
  for (let count = 0; count < 3; count++) {
    const before = answered;
    assert.equal((await first.restart()).ended, 0);
    while (answered < before + 40) await Promise.race([asking, new Promise((resolve) => setTimeout(resolve, 5))]);
  }
  going = false;
  await asking;
});

test('when the member with the session of the peer is killed, the other one takes over with the listeners: each request is answered or refused in time', {
  skip,
}, async (t) => {
  const { first, clients } = await start(t);
  const [client, theirs] = clients;
  let going = true;
  const outcomes: string[] = [];
  let longestMs = 0;
  const asking = (async () => {
    while (going) {
      const begin = performance.now();
      outcomes.push(await ask(client, 'foreign', 1).then(String, (error: Error) => error.message));
      longestMs = Math.max(longestMs, performance.now() - begin);
    }
  })();
  first.kill();
  const look = () => new Promise((resolve) => setTimeout(resolve, 20));
  while (outcomes.every((outcome) => outcome === '2')) await look();
  while (outcomes.at(-1) !== '2') await look();
  going = false;
  await asking;
  for (const outcome of outcomes) assert.match(outcome, /^2$|50[03]|404|remote-server-timeout/);
  assert.ok(longestMs < MOST_MS, `${longestMs} ms`);
  for (const service of ['foreign', 'own']) assert.equal(await ask(theirs, service, 1), 2);
});
