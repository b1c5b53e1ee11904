import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryHub } from '../../server/cluster/engines/memory-hub.ts';
import { differenceOf, readBeat, writeBeat } from '../../server/cluster/link/beat.ts';
import { DIGESTS, startLab, WatchedMember } from '../support/cluster-link.ts';
import { FakeClock } from '../support/fakes.ts';

const BEAT = { name: 'a', incarnation: 'a1', ageMs: 1_234.5, digests: DIGESTS, hears: ['b1', 'c1'] };

test('a beat is read as it was written', () => {
  assert.deepEqual(readBeat(writeBeat(BEAT)), { ...BEAT, ageMs: 1_234, protocol: 1, leastProtocol: 1 });
  assert.deepEqual(readBeat(writeBeat({ ...BEAT, hears: [], digests: new Map() }))?.hears, []);
});

test('a beat with wrong, too long or too many parts is none', () => {
  const wrong = ['beat', 'beat 1 1 a a1 0 ', 'tick 1 1 a a1 0  ', 'beat x 1 a a1 0  ', 'beat 1 1 a.b a1 0  ', 'beat 1 1 a a_1 0  ', 'beat 1 1 a a1 -1  '];
  const lists = [`beat 1 1 a a1 0 DOMAINS=aa `, `beat 1 1 a a1 0 domains=a=a `, `beat 1 1 a a1 0  ${'b1,'.repeat(64)}b1`, `beat 1 1 a a1 0  b1,`];
  for (const text of [...wrong, ...lists]) assert.equal(readBeat(text), null, text);
});

test('a beat of a later version may have more fields', () => {
  assert.equal(readBeat(`${writeBeat(BEAT).replace('beat 1', 'beat 2')} more of them`)?.protocol, 2);
});

test('versions that have a protocol in common understand each other', () => {
  const beat = { ...BEAT, protocol: 1, leastProtocol: 1 };
  assert.equal(differenceOf(beat, DIGESTS), '');
  assert.equal(differenceOf({ ...beat, protocol: 3 }, DIGESTS), '');
  assert.equal(differenceOf({ ...beat, protocol: 3, leastProtocol: 2 }, DIGESTS), 'protocol 3 is not ours, 1');
  assert.equal(differenceOf({ ...beat, protocol: 0, leastProtocol: 0 }, DIGESTS), 'protocol 0 is not ours, 1');
});

test('a member of a version without a common protocol is not admitted, and the log says why, once', async () => {
  const { clock, hub, a } = await startLab();
  const later = hub.engine('later');
  await later.open({ connected() {}, disconnected() {}, failed() {} });
  for (let beats = 0; beats < 20; beats++) {
    later.publish('cc.test.hb', Buffer.from('beat 3 2 d d1 1000 domains=aa,accounts=bb  something new'));
    later.publish('cc.test.m.a.a1', Buffer.from('2 d1 in another form'));
    clock.advance(250);
  }
  assert.equal(a.live, 'b c');
  assert.deepEqual(
    a.log.messages.filter((message) => message.includes('protocol')),
    ['member refused: its protocol 3 is not ours, 1'],
  );
});

test('members whose clocks differ by years join, and stay together', async () => {
  const clock = new FakeClock();
  const hub = new MemoryHub(clock);
  const [a, b] = [new WatchedMember(hub, 'a', { aheadMs: 1e11 }), new WatchedMember(hub, 'b', { aheadMs: -1e11 })];
  for (const { membership } of [a, b]) await membership.open();
  clock.advance(60_000);
  a.link('b').send(1, 'hello');
  clock.advance(1_000);
  assert.deepEqual([a.events, b.events, b.frames], [['joined b'], ['joined a'], ['a: hello']]);
  assert.deepEqual([a.link('b').suspected, b.link('a').suspected], [0, 0]);
});
