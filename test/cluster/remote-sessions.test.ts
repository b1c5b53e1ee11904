import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KnownSessions } from '../../server/cluster/known-sessions.ts';
import { MemberReplica, type ReplicaContext } from '../../server/cluster/member-replica.ts';
import { type PeersElsewhere, RemoteSessions, type RemoteSessionsEnvironment } from '../../server/cluster/remote-sessions.ts';
import type { RouterReplicas } from '../../server/cluster/router-replicas.ts';
import { Directory } from '../../server/delivery/directory.ts';
import type { RemoteIdentity, RemoteSession } from '../../server/sessions/remote-session.ts';
import { FakeLog } from '../support/fakes.ts';

const CONTEXT: ReplicaContext = { hops: 0, remote: () => undefined, here: () => undefined, refuse: () => {}, unreachable: () => {} };
const NO_PEERS: PeersElsewhere = { giveWay: () => null, keep: () => {}, next: () => null, ended: () => {}, takeOver: (_remote, _isLeaving, end) => end() };
const JID = 'opensrf@localhost/somebody';

/** The sessions of other members, as member `me` knows them. */
class Lab {
  readonly known = new KnownSessions('me');
  readonly directory = new Directory();
  readonly ended: string[] = [];
  readonly sessions: RemoteSessions;
  private last = 0;

  constructor() {
    const presence = { removed: () => {} } as unknown as RemoteSessionsEnvironment['presence'];
    const routers = {
      addressTaken: () => {},
      bound: () => {},
      allReturned: () => {},
      endedUnknown: () => {},
      sessionEnded: ({ carrier: { member }, number }: RemoteSession) => this.ended.push(`${member}/${number}`),
    } as unknown as RouterReplicas;
    const binding = { nextSessionNumber: () => ++this.last };
    this.sessions = new RemoteSessions({ directory: this.directory, binding, presence, log: new FakeLog() }, this.known, routers, NO_PEERS);
  }

  /** A member joins, perhaps again, while an earlier one of its name is not forgotten yet. */
  join(name: string): MemberReplica {
    this.known.members.get(name)?.lost();
    const replica = new MemberReplica({ name, incarnation: `${name}1`, suspect: false, full: false, send: () => {} }, CONTEXT);
    this.known.members.set(name, replica);
    return replica;
  }

  /** The member that has the address, and the number of its session there. */
  get holder(): string {
    const endpoint = this.directory.get(JID) as RemoteSession | undefined;
    return endpoint === undefined ? '' : `${endpoint.carrier.member}/${endpoint.number}`;
  }
}

function identity(number: number, claim: number, isRouterAccount = false): RemoteIdentity {
  const address = { username: 'opensrf', domain: 'localhost', resource: 'somebody' };
  return { kind: 'client', ...address, isRouterAccount, isVersionless: true, number, since: 0, host: 'a', claim };
}

test('of two sessions with one address at two members, the later claim stays, in whichever order they are announced', () => {
  for (const [first, second] of [
    [1, 2],
    [2, 1],
  ] as const) {
    const lab = new Lab();
    const [a, b] = [lab.join('a'), lab.join('b')];
    lab.sessions.bound(first === 1 ? a : b, identity(7, first));
    lab.sessions.bound(second === 1 ? a : b, identity(7, second));
    assert.equal(lab.holder, 'b/7');
  }
});

test('of two routers with one address at two members, the earlier claim stays', () => {
  const lab = new Lab();
  const [a, b] = [lab.join('a'), lab.join('b')];
  lab.sessions.bound(b, identity(1, 2, true));
  lab.sessions.bound(a, identity(2, 1, true));
  assert.equal(lab.holder, 'a/2');
});

test('equal claims go to the member with the later name', () => {
  const lab = new Lab();
  const [a, b] = [lab.join('a'), lab.join('b')];
  lab.sessions.bound(b, identity(1, 3));
  lab.sessions.bound(a, identity(2, 3));
  assert.equal(lab.holder, 'b/1');
});

test('a member that joins again has all its sessions, though those that it had before are still being forgotten', () => {
  const lab = new Lab();
  const before = lab.join('a');
  lab.sessions.bound(before, identity(1, 5));
  const old = before.sessions.get(1) as RemoteSession;
  const again = lab.join('a');
  assert.notEqual(lab.sessions.bound(again, identity(1, 5)), null);
  assert.equal(lab.directory.get(JID), again.sessions.get(1));
  assert.equal(lab.known.remote(old.origin.session), undefined, 'the old one is forgotten');
  assert.deepEqual(lab.ended, ['a/1']);
});

test('the address of a session of a lost member is free for a session of another member with an older claim', () => {
  const lab = new Lab();
  lab.sessions.bound(lab.join('b'), identity(1, 9));
  lab.known.members.delete('b');
  lab.sessions.bound(lab.join('a'), identity(2, 3));
  assert.equal(lab.holder, 'a/2');
});

test('a claim that no cluster reaches does not use up the numbers of all members', () => {
  const lab = new Lab();
  lab.sessions.bound(lab.join('a'), identity(1, 2 ** 52));
  assert.equal(lab.holder, 'a/1');
  assert.equal(lab.known.claims.next(), 1);
  lab.known.claims.seen(1_000);
  assert.equal(lab.known.claims.next(), 1_001);
});
