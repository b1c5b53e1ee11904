import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RestartReport } from '../../server/cli/serve/restart.ts';
import { ControlClient } from '../../server/control/control-client.ts';
import { readControlFile } from '../../server/control/control-file.ts';
import type { SessionReport } from '../../server/control/sessions.ts';
import { EXIT } from '../../server/kernel/exit-codes.ts';
import type { BoundAddress } from '../../server/net/tcp.ts';
import { OsrfClient } from '../../server/osrf/client.ts';
import { OsrfService } from '../../server/osrf/service.ts';
import { serve, temporaryFolder } from '../support/command.ts';
import { NatsServer, NO_NATS } from '../support/nats-server.ts';
import { kill } from '../support/processes.ts';

const DOMAIN = 'private.localhost';
const LOGIN = { domain: DOMAIN, username: 'opensrf', password: 'password' };
const skip = NO_NATS || (!existsSync('/proc/self/fd') && 'no /proc here');

interface MemberProcess {
  readonly address: BoundAddress;
  restart(): Promise<RestartReport>;
  sessions(): Promise<readonly SessionReport[]>;
}

async function startMember(t: TestContext, nats: NatsServer, member: string): Promise<MemberProcess> {
  const folder = temporaryFolder(t);
  const file = join(folder, 'control.json');
  const cluster = ['--cluster', 'test', '--member', member, '--nats', nats.url];
  const { ready } = await serve(t, folder, '--control-socket', join(folder, 'control'), '--control-file', file, ...cluster);
  t.after(() => existsSync(file) && kill(readControlFile(file).pid));
  const client = () => new ControlClient(readControlFile(file));
  return {
    address: ready.c2s[0],
    restart: async () => (await client().order('/api/v1/restart', EXIT.notRestarted)) as RestartReport,
    sessions: async () => ((await client().get('/api/v1/sessions', 10_000)) as { sessions: SessionReport[] }).sessions,
  };
}

test('members that restart lose no request between each other, and end no session', { skip }, async (t) => {
  const nats = await NatsServer.start(t);
  const [first, second] = [await startMember(t, nats, 'a'), await startMember(t, nats, 'b')];
  const service = await OsrfService.start({
    ...LOGIN,
    ...second.address,
    service: 'opensrf.math',
    workers: 3,
    methods: { add: (one: number, two: number) => one + two },
  });
  t.after(() => service.stop());
  const client = await OsrfClient.connect({ ...LOGIN, ...first.address, resource: 'client' });
  t.after(() => client.close());
  let answered = 0;
  let going = true;
  const ask = async () => {
    for (let number = 0; going; number++) {
      assert.equal(await client.request('opensrf.math', 'add', number, 1), number + 1);
      answered++;
    }
  };
  const asking = Promise.all([ask(), ask(), ask()]);
  for (const member of [second, first, second]) {
    const before = answered;
    const { ended } = await member.restart();
    assert.equal(ended, 0);
    while (answered < before + 20) await Promise.race([asking, new Promise((resolve) => setImmediate(resolve))]);
  }
  going = false;
  await asking;
  const sessions = await first.sessions();
  assert.deepEqual([...new Set(sessions.map(({ member }) => member))].sort(), ['a', 'b']);
});
