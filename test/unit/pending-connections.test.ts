import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOfPeer } from '../../server/net/peer-address.ts';
import { PendingConnections } from '../../server/net/pending-connections.ts';
import { FakeClock } from '../support/fakes.ts';

function setUp(pendingOfAddress: number, pendingConnections: number) {
  const pending = new PendingConnections({ pendingOfAddress, pendingConnections }, new FakeClock());
  const closed: string[] = [];
  const connect = (peer: string) => {
    const connection = { peer, crowdOut: () => void closed.push(peer), measure: () => {} };
    pending.add(connection);
    return connection;
  };
  return { pending, closed, connect };
}

test('beyond the limit of one address, its oldest connection is closed, and no other', () => {
  const { pending, closed, connect } = setUp(2, 100);
  for (const peer of ['10.0.0.2:1', '10.0.0.1:1', '10.0.0.1:2', '10.0.0.1:3', '10.0.0.1:4']) connect(peer);
  assert.deepEqual([closed, pending.size], [['10.0.0.1:1', '10.0.0.1:2'], 3]);
});

test('beyond the limit, the oldest connection of the address with the most makes room', () => {
  const { pending, closed, connect } = setUp(100, 4);
  for (const peer of ['10.0.0.1:1', '10.0.0.2:1', '10.0.0.2:2', '10.0.0.3:1', '10.0.0.4:1', '10.0.0.5:1']) connect(peer);
  assert.deepEqual([closed, pending.size], [['10.0.0.2:1', '10.0.0.1:1'], 4]);
});

test('a connection that has logged in or closed takes no room', () => {
  const { pending, closed, connect } = setUp(2, 3);
  for (let port = 1; port <= 1_000; port++) {
    const connection = connect(`10.0.0.1:${port}`);
    pending.remove(connection);
    pending.remove(connection);
  }
  assert.deepEqual([closed, pending.size], [[], 0]);
});

test('a connection that is crowded out and closes meanwhile is counted once', () => {
  const pending = new PendingConnections({ pendingOfAddress: 1, pendingConnections: 1 }, new FakeClock());
  for (const peer of ['a:1', 'a:2', 'a:3']) {
    const connection = { peer, crowdOut: () => pending.remove(connection), measure: () => {} };
    pending.add(connection);
  }
  assert.equal(pending.size, 1);
});

test('an address is counted without its port, in IPv6 by its network', () => {
  const rows = [
    ['127.0.0.1:5222', '127.0.0.1'],
    ['::ffff:10.0.0.1:443', '10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6:443', '2001:db8:1:2'],
    ['2001:db8:1:2::9:443', '2001:db8:1:2'],
    ['2001:db8::1:443', '2001:db8:0:0'],
    ['::1:443', '0:0:0:0'],
    ['this process', 'this process'],
  ] as const;
  for (const [peer, address] of rows) assert.equal(addressOfPeer(peer), address);
});
