import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configDigests } from '../../server/cluster/digests.ts';
import { type ConfigInput, createConfig } from '../../server/config/config.ts';

const CLUSTER = { name: 'dev', member: 'a', nats: ['nats://localhost'] };
const USER = { username: 'opensrf', domain: 'localhost', password: 'one' };
const ROUTER = { username: 'router', domain: 'localhost', password: 'two' };
const BASE: ConfigInput = { domains: ['localhost', 'a.localhost'], accounts: [USER, ROUTER], cluster: CLUSTER };

const digestsWith = (input: ConfigInput) => configDigests(createConfig({ ...BASE, ...input }));
/** The parts whose digests differ from those of the base. */
function differing(input: ConfigInput): string {
  const digests = digestsWith(input);
  return Object.entries(digestsWith({}))
    .flatMap(([part, digest]) => (digests[part] === digest ? [] : [part]))
    .join();
}

test('order, addresses, limits and defaults make no difference between two members', () => {
  const trust = new Map([
    ['a.localhost', ['localhost', 'a.localhost']],
    ['localhost', ['a.localhost', 'localhost', 'localhost']],
  ]);
  for (const input of [
    { domains: ['a.localhost', 'localhost'] },
    { accounts: [ROUTER, USER] },
    { port: 1, limits: { depth: 9 }, logProtect: ['x'], cluster: { ...CLUSTER, member: 'b', balance: 'local' } },
    { router: { trustedServers: trust, names: new Map([['localhost', 'router']]) } },
  ] satisfies ConfigInput[]) {
    assert.equal(differing(input), '');
  }
});

test('the digest of each part that differs is another one', () => {
  const trust = new Map([['localhost', ['localhost']]]);
  for (const [input, parts] of [
    [{ accounts: [USER, { ...ROUTER, password: 'three' }] }, 'accounts'],
    [{ accounts: [USER] }, 'accounts'],
    [{ router: { trustedServers: trust } }, 'trust'],
    [{ router: { trustedClients: trust } }, 'trust'],
    [{ router: { names: new Map([['localhost', 'r']]), trustedClients: trust } }, 'routers,trust'],
    [{ domains: ['localhost'] }, 'domains,routers,trust'],
  ] satisfies [ConfigInput, string][]) {
    assert.equal(differing(input), parts);
  }
});

test('a digest has 32 bits, and that of the same passwords differs between clusters', () => {
  for (const digest of Object.values(digestsWith({}))) assert.match(digest, /^[\da-f]{8}$/);
  assert.equal(differing({ cluster: { ...CLUSTER, name: 'prod' } }), 'accounts');
});

test('members share their peer servers and the secret of dialback; the addresses of the peers may differ', () => {
  const peersOf = (peer: string, secret: string) => digestsWith({ s2s: { port: 0, peers: [peer], secret } })['peers'];
  const base = peersOf('b.example=127.0.0.1,auth=dialback', 'one');
  assert.match(base ?? '', /^[\da-f]{8}$/);
  assert.equal(peersOf('b.example=10.0.0.1:5270,auth=dialback', 'one'), base);
  for (const [peer, secret] of [
    ['b.example=127.0.0.1,auth=dialback', 'two'],
    ['b.example=127.0.0.1,auth=dialback,router=yes', 'one'],
    ['b.example=127.0.0.1,auth=dialback,tls=off', 'one'],
    ['c.example=127.0.0.1,auth=dialback', 'one'],
  ] as const) {
    assert.notEqual(peersOf(peer, secret), base, `${peer} ${secret}`);
  }
  assert.equal('peers' in digestsWith({}), false);
});
