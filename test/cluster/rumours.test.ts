import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rumours } from '../../server/cluster/link/rumours.ts';
import { DIGESTS, startLab, WatchedMember } from '../support/cluster-link.ts';

const AFTER_MS = 2_000;
const BEAT_MS = 250;

/** Hears of a member at each beat. @returns the times at which the server is to be changed. */
function listen(rumours: Rumours, incarnation: string, from: number, to: number): number[] {
  const moves: number[] = [];
  for (let now = from; now < to; now += BEAT_MS) if (rumours.add(incarnation, now)) moves.push(now);
  return moves;
}

test('a rumour is believed once it is old enough, and then no sooner than 5 s later', () => {
  assert.deepEqual(listen(new Rumours(AFTER_MS, () => 0), 'b1', 0, 11_000), [2_000, 7_000]);
});

test('two members that do not hear each other do not move at the same time', () => {
  assert.deepEqual(listen(new Rumours(AFTER_MS, () => 1), 'b1', 0, 11_000), [2_000, 9_500]);
});

test('a rumour that no member repeats is over', () => {
  const rumours = new Rumours(AFTER_MS, () => 0);
  assert.deepEqual(listen(rumours, 'b1', 0, 1_900), []);
  assert.deepEqual(listen(rumours, 'b1', 3_100, 5_000), []);
});

test('a member that is heard again is no rumour', () => {
  const rumours = new Rumours(AFTER_MS, () => 0);
  listen(rumours, 'b1', 0, 1_900);
  rumours.delete('b1');
  assert.deepEqual(listen(rumours, 'b1', 2_000, 3_900), []);
});

test('no more than 64 rumours are remembered', () => {
  const rumours = new Rumours(AFTER_MS, () => 0);
  for (let now = 0; now < AFTER_MS; now += BEAT_MS) for (let index = 0; index < 65; index++) rumours.add(`m${index}`, now);
  assert.equal(rumours.add('m64', AFTER_MS), false);
  assert.equal(rumours.add('m63', AFTER_MS), true);
});

test('a member that is refused makes no one change the server, though a third one hears it', async () => {
  const { clock, hub, a, b } = await startLab();
  let moves = 0;
  hub.engineOf('a').onMoveOn = () => moves++;
  // b is reloaded first, and admits a new member, which a refuses.
  const reloaded = new Map([...DIGESTS, ['accounts', 'cc']]);
  b.membership.setDigests(reloaded);
  const d = new WatchedMember(hub, 'd', { digests: reloaded });
  await d.membership.open();
  clock.advance(20_000);
  assert.deepEqual([a.live, b.live, d.live], ['b c', 'a c d', 'b']);
  assert.equal(moves, 0);
});

test('a member that has said goodbye makes no one change the server, though another one missed that', async () => {
  const { clock, hub, a, b, c } = await startLab();
  let moves = 0;
  hub.engineOf('a').onMoveOn = () => moves++;
  const left = c.membership.leave();
  clock.advance(100);
  await left;
  clock.advance(1);
  assert.equal(a.live, 'b');
  // As if b still heard it.
  const [forger, incarnations] = [hub.engine('forger'), 'a1,c1'];
  await forger.open({ connected() {}, disconnected() {}, failed() {} });
  for (let beats = 0; beats < 40; beats++) {
    forger.publish('cc.test.hb', Buffer.from(`beat 1 1 b b1 1000 domains=aa,accounts=bb ${incarnations}`));
    clock.advance(BEAT_MS);
  }
  assert.equal(a.live, 'b');
  assert.equal(b.live, 'a');
  assert.equal(moves, 0);
});
