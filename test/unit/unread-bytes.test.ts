import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { readUnreadBytes, unreadBytesIn } from '../../server/net/unread-bytes.ts';
import { hasEnded } from '../../server/process/process-times.ts';
import { processName, teamMember } from '../../shared/osrf/program-names.ts';

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:9C40 0100007F:1466 01 00000000:000002BC 00:00000000 00000000  1000        0 1 1
   1: 0100007F:9C41 0100007F:1466 01 00000010:00000000 00:00000000 00000000  1000        0 2 1
   2: 0100007F:9C42 0100007F:1466 06 00000000:00000001 00:00000000 00000000  1000        0 3 1
   3: 0200007F:9C40 0100007F:1466 01 00000000:00000005 00:00000000 00000000  1000        0 4 1
`;

test("a process's unread bytes are in the row of its own end of the socket; other rows do not count", () => {
  const wanted = new Set(['127.0.0.1:40000', '127.0.0.1:40001', '127.0.0.1:40002', '127.0.0.1:40009']);
  assert.deepEqual(
    [...unreadBytesIn(TABLE, wanted)],
    [
      ['127.0.0.1:40000', 700],
      ['127.0.0.1:40001', 0],
    ],
  );
});

test("the kernel's tables show the unread bytes of a peer on this machine", {
  skip: !existsSync('/proc/net/tcp') && 'no /proc/net/tcp here',
}, async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => void server.close());
  await once(server, 'listening');
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.after(() => void peer.destroy());
  const [accepted] = (await once(server, 'connection')) as [Socket];
  t.after(() => void accepted.destroy());
  peer.pause();
  const address = `127.0.0.1:${accepted.remotePort}`;
  assert.deepEqual(await readUnreadBytes(new Set([address])), new Map([[address, 0]]));
  await new Promise((resolve) => accepted.write('x'.repeat(1_000), resolve));
  assert.deepEqual(await readUnreadBytes(new Set([address])), new Map([[address, 1_000]]));
});

test('the names of sessions tell program, process and team as the libraries of OpenSRF write them, and no others do', () => {
  for (const [resource, program, pid] of [
    ['opensrf.math_listener_at_localhost_4143', 'opensrf.math_listener_at_localhost', 4143],
    ['opensrf.math_listener_host_1795349806.517301_20155', 'opensrf.math_listener_host', 20155],
    ['opensrf.math_listener_host:77_MainThread', 'opensrf.math_listener_host', 77],
  ] as const) {
    assert.deepEqual(processName(`o@localhost/${resource}`), { program: `o@localhost/${program}`, pid });
  }
  for (const jid of ['o@localhost', 'o@localhost/alice', 'o@localhost/router_0']) assert.equal(processName(jid), null);
  const [listener, drone] = ['listener_at', 'drone_at'].map((role) => teamMember(`o@localhost/opensrf.math_${role}_localhost_4143`));
  assert.deepEqual([listener?.role, drone?.role, listener?.team === drone?.team], ['listener', 'drone', true]);
  assert.equal(teamMember('o@localhost/alice'), null);
});

test('a process has ended only if its successor runs here, and ran when it logged in', { skip: !existsSync('/proc/self/stat') && 'no /proc here' }, () => {
  const nobody = 4_194_305;
  assert.equal(hasEnded(nobody, process.pid, Date.now()), true);
  assert.equal(hasEnded(process.ppid, process.pid, Date.now()), false, 'it runs');
  assert.equal(hasEnded(nobody, nobody + 1, Date.now()), false, 'neither is of this machine');
  assert.equal(hasEnded(nobody, process.pid, Date.now() - 86_400_000), false, 'another process has that number: it began after the login');
});
