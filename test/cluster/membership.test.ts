import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryHub } from '../../server/cluster/engines/memory-hub.ts';
import { DIGESTS, startLab, WatchedMember } from '../support/cluster-link.ts';
import { FakeClock } from '../support/fakes.ts';

test('members that hear each other join', async () => {
  const { a, b, c } = await startLab();
  assert.deepEqual([a.live, b.live, c.live], ['b c', 'a c', 'a b']);
});

test('a member that says goodbye leaves at once, after everything that it has sent', async () => {
  const { clock, a, b } = await startLab();
  a.link('b').send(1, 'last words');
  const left = a.membership.leave();
  clock.advance(100);
  await left;
  clock.advance(1);
  assert.deepEqual(b.frames, ['a: last words']);
  assert.deepEqual(b.events.slice(2), ['left a goodbye']);
  assert.equal(b.log.messages.at(-1), 'member left');
  assert.ok(!a.log.messages.some((message) => /member (left|lost)/.test(message)), 'it leaves itself');
  assert.deepEqual(a.unsent, []);
  clock.advance(5_000);
  assert.equal(b.events.length, 3);
});

test('a member that has crashed is suspect after suspectMs, and given up after deadAfterMs', async () => {
  const { clock, hub, a, b } = await startLab();
  b.link('a').send(1, 'before');
  clock.advance(50);
  hub.crash('a');
  a.membership.stop();
  b.link('a').send(1, 'after');
  clock.advance(660);
  assert.equal(b.link('a').suspect, true);
  assert.equal(b.link('c').suspect, false);
  clock.advance(1_100);
  assert.equal(b.live, 'a c');
  clock.advance(300);
  assert.deepEqual(b.events.slice(2), ['left a silent']);
  assert.equal(b.log.messages.at(-1), 'member lost');
  assert.deepEqual(b.unsent, [{ frame: 'after', published: true }]);
  assert.equal(b.live, 'c');
});

test('a member that starts again takes the place of its dead process', async () => {
  const { clock, hub, a, b, c } = await startLab();
  hub.crash('a');
  a.membership.stop();
  const again = new WatchedMember(hub, 'a', { incarnation: 'a2' });
  await again.membership.open();
  clock.advance(1_000);
  assert.deepEqual(b.events.slice(2), ['left a restarted', 'joined a']);
  assert.equal(b.link('a').incarnation, 'a2');
  assert.deepEqual([again.live, c.live], ['b c', 'a b']);
});

test('of two processes with one name, the younger one gives up with an error', async () => {
  const { clock, hub, a, b } = await startLab();
  clock.advance(2_000);
  // The hub knows a member by the name of its engine.
  const namesake = new WatchedMember(hub, 'a2', { name: 'a', incarnation: 'A0' });
  await namesake.membership.open();
  clock.advance(1_000);
  assert.deepEqual(namesake.failures, ['cluster test has a member a already: give this one another name, or stop the other one']);
  assert.deepEqual(a.failures, []);
  assert.equal(namesake.live, '');
  assert.deepEqual(b.events.slice(2), []);
  assert.ok(a.log.messages.includes('another process has the name of this member'));
});

test('a process that takes the name of one that only stood still gives up, and the first one comes back', async () => {
  const { clock, hub, b } = await startLab();
  clock.advance(2_000);
  hub.freezeFor('a', 1_500);
  clock.advance(100);
  const namesake = new WatchedMember(hub, 'a2', { name: 'a', incarnation: 'A0' });
  await namesake.membership.open();
  clock.advance(1_000);
  assert.equal(b.link('a').incarnation, 'A0');
  clock.advance(2_000);
  assert.equal(namesake.failures.length, 1);
  assert.equal(b.link('a').incarnation, 'a1');
});

test('a member with other accounts is not admitted, and both logs name what differs', async () => {
  const { clock, hub, a } = await startLab();
  const other = new WatchedMember(hub, 'd', { digests: new Map([...DIGESTS, ['accounts', 'zz']]) });
  await other.membership.open();
  clock.advance(2_000);
  assert.equal(a.live, 'b c');
  assert.equal(other.live, '');
  assert.deepEqual(
    [a, other].map(({ log }) => log.messages.filter((message) => message.startsWith('member refused'))),
    [['member refused: its accounts differ from ours'], Array(3).fill('member refused: its accounts differ from ours')],
  );
});

test('a refused member is admitted once its configuration is the same', async () => {
  const { clock, hub, a } = await startLab();
  const other = new WatchedMember(hub, 'd', { digests: new Map([['domains', 'zz']]) });
  await other.membership.open();
  clock.advance(500);
  other.membership.setDigests(DIGESTS);
  clock.advance(500);
  assert.equal(a.live, 'b c d');
});

test('members may be reloaded within a minute', async () => {
  const { clock, a, b, c } = await startLab();
  const changed = new Map([['domains', 'new']]);
  a.membership.setDigests(changed);
  clock.advance(50_000);
  assert.equal(a.live, 'b c');
  b.membership.setDigests(changed);
  clock.advance(20_000);
  assert.deepEqual([a.live, b.live, c.live], ['b', 'a c', 'b']);
  assert.deepEqual(c.events.slice(2), ['left a other-configuration']);
  clock.advance(50_000);
  assert.deepEqual([a.live, b.live, c.live], ['b', 'a', '']);
});

test('a cluster takes no more members than its limit', async () => {
  const { clock, hub, a } = await startLab({ members: 3 });
  const fourth = new WatchedMember(hub, 'd', { limits: { members: 3 } });
  await fourth.membership.open();
  clock.advance(1_000);
  assert.equal(a.live, 'b c');
  assert.equal(fourth.live, '');
  assert.ok(a.log.messages.some((message) => message.includes('3 members')));
});

test('a cut makes both sides give up, and both come back by themselves', async () => {
  const { clock, hub, a, b, c } = await startLab();
  hub.cut('a', 'b');
  clock.advance(3_000);
  assert.deepEqual([a.live, b.live, c.live], ['c', 'c', 'a b']);
  hub.cut('a', 'b', false);
  clock.advance(600);
  assert.deepEqual([a.live, b.live], ['b c', 'a c']);
  a.link('b').send(1, 'hello again');
  clock.advance(50);
  assert.deepEqual(b.frames, ['a: hello again']);
});

test('the side that still hears the other one learns that it was given up', async () => {
  const { clock, hub, a, b } = await startLab();
  a.link('b').send(1, 'before');
  clock.advance(50);
  hub.way('b', 'a').cut = true;
  clock.advance(2_600);
  assert.deepEqual(a.events.slice(2), ['left b silent']);
  assert.deepEqual(b.events.slice(2), ['left a given-up-by-it']);
});

test('a member whose beats arrive, and which acknowledges nothing, is given up after deadAfterMs', async () => {
  const { clock, hub, a } = await startLab();
  const engine = hub.engineOf('b');
  const deliver = engine.deliver.bind(engine);
  engine.deliver = (subject, payload) => {
    if (subject.endsWith('.hb')) deliver(subject, payload);
  };
  a.link('b').send(1, 'lost');
  clock.advance(1_900);
  assert.equal(a.live, 'b c');
  clock.advance(200);
  assert.deepEqual(a.events.slice(2), ['left b silent']);
  assert.deepEqual(a.unsent, [{ frame: 'lost', published: true }]);
});

test('a member that others hear, and this one does not, makes it change the server, at most every 5 s', async () => {
  const { clock, hub, a } = await startLab();
  const times: number[] = [];
  const start = clock.now();
  hub.engineOf('a').onMoveOn = () => times.push(clock.now() - start);
  hub.cut('a', 'b');
  clock.advance(9_900);
  assert.equal(a.live, 'c');
  assert.equal(times.length, 2);
  assert.ok((times[1] as number) - (times[0] as number) >= 5_000);
  assert.ok((times[0] as number) < 4_000);
});

test('a crashed member makes no one change the server', async () => {
  const { clock, hub, a, c } = await startLab();
  let moves = 0;
  for (const name of ['a', 'b']) hub.engineOf(name).onMoveOn = () => moves++;
  hub.crash('c');
  c.membership.stop();
  clock.advance(20_000);
  assert.equal(a.live, 'b');
  assert.equal(moves, 0);
});

test('a member without NATS keeps the others until deadAfterMs after it is back', async () => {
  const { clock, hub, a, b } = await startLab();
  hub.connect('a', false);
  clock.advance(10_000);
  assert.equal(a.live, 'b c');
  assert.equal(a.link('b').suspect, true);
  assert.equal(b.live, 'c');
  hub.connect('a', true);
  clock.advance(1_000);
  assert.deepEqual([a.live, b.live], ['b c', 'a c']);
  assert.deepEqual(a.events.slice(2, 3), ['left b given-up-by-it']);
});

test('frames wait while NATS is gone, and arrive once it is back', async () => {
  const { clock, hub, a, b } = await startLab();
  hub.connect('a', false);
  a.link('b').send(1, 'waited');
  clock.advance(1_000);
  hub.connect('a', true);
  clock.advance(100);
  assert.deepEqual(b.frames, ['a: waited']);
});

test('members that stand still together stay together', async () => {
  const { clock, hub, a, b, c } = await startLab();
  for (const name of ['a', 'b', 'c']) hub.freezeFor(name, 30_000);
  clock.advance(31_000);
  assert.deepEqual([a.events.length, b.events.length, c.events.length], [2, 2, 2]);
});

test('garbage, and packets of unknown members, are ignored and logged once', async () => {
  const { clock, hub, a } = await startLab();
  const intruder = hub.engine('intruder');
  await intruder.open({ connected() {}, disconnected() {}, failed() {} });
  const texts = ['', 'x', 'beat', 'beat 1 1 a', `beat 1 1 x y 1  ${'a'.repeat(3_000)}!`, '1 nobody 1 1 1 1 0 0 0\n3:abc', '9'.repeat(1_000_000)];
  for (const text of texts) {
    for (const subject of ['cc.test.hb', 'cc.test.m.a.a1']) intruder.publish(subject, Buffer.from(text));
  }
  intruder.publish('cc.test.m.a.a1', Buffer.from([0xff, 0xfe, 0x00]));
  intruder.publish('cc.test.m.a.a1', Buffer.alloc(2_000_000));
  clock.advance(100);
  assert.equal(a.live, 'b c');
  assert.equal(a.log.messages.filter((message) => message === 'message ignored that no member has written').length, 1);
  assert.equal(a.membership.payloads.garbage, 15);
});

test('broken frames of a member give it up, and it may join again after a while', async () => {
  const { clock, hub, a, b } = await startLab();
  const forger = hub.engine('forger');
  await forger.open({ connected() {}, disconnected() {}, failed() {} });
  a.link('b').send(1, 'unsettled');
  clock.advance(1);
  forger.publish('cc.test.m.a.a1', Buffer.from(`1 b1 ${epochOf(b, 'a')} ${epochOf(a, 'b')} 1 0 0 0 0\n99:cut off`));
  clock.advance(1);
  assert.deepEqual(a.events.slice(2), ['left b broken-frames']);
  assert.ok(a.log.messages.includes('member sent broken frames'));
  clock.advance(1_000);
  assert.deepEqual(b.events.slice(2), ['left a given-up-by-it']);
  clock.advance(5_000);
  assert.deepEqual([a.live, b.live], ['b c', 'a c']);
});

test('a handler that fails gives the member up instead of losing its frames', async () => {
  const { clock, a, b } = await startLab();
  b.onFrame = (frame) => {
    if (frame === 'bad') throw new Error('no such thing');
  };
  for (const frame of ['good', 'bad', 'late']) a.link('b').send(1, frame);
  clock.advance(10);
  assert.deepEqual(b.frames, ['a: good', 'a: bad']);
  assert.deepEqual(b.events.slice(2), ['left a broken-frames']);
  assert.deepEqual(a.unsent.map(({ frame }) => frame).sort(), ['bad', 'good', 'late']);
});

test('a member leaves although another one no longer answers', async () => {
  const { clock, hub, a } = await startLab();
  hub.cut('a', 'b');
  a.link('b').send(1, 'never read');
  const left = a.membership.leave();
  clock.advance(1_200);
  await left;
  assert.deepEqual(a.unsent, [{ frame: 'never read', published: true }]);
});

/** The epoch of a link, which no one needs but a forger. */
function epochOf(member: WatchedMember, name: string): number {
  return (member.link(name) as unknown as { mine: number }).mine;
}

test('a restart that fails is resumed, and nothing is lost', async () => {
  const { clock, a, b } = await startLab();
  a.link('b').send(1, 'before');
  a.membership.save();
  b.link('a').send(1, 'meanwhile');
  clock.advance(1_000);
  a.membership.resume();
  a.link('b').send(1, 'after');
  clock.advance(500);
  assert.deepEqual(b.frames, ['a: before', 'a: after']);
  assert.deepEqual(a.frames, ['b: meanwhile']);
  assert.deepEqual([a.events.length, b.events.length], [2, 2]);
});

test('a hub carries nothing to a member that is not connected', () => {
  const hub = new MemoryHub(new FakeClock());
  const engine = hub.engine('a');
  assert.equal(engine.connected, false);
  engine.publish('x', Buffer.from('lost'));
});
