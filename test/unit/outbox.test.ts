import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SYSTEM_TIME } from '../../server/kernel/clock.ts';
import { Turn } from '../../server/kernel/turn.ts';
import { ByteTransport } from '../../server/net/byte-transport.ts';
import { type Flushable, Flusher } from '../../server/net/flusher.ts';
import { STREAM_FRAMING } from '../../server/net/framing.ts';
import { Outbox } from '../../server/net/outbox.ts';
import { NO_ACCOUNT } from '../../shared/memory-account.ts';
import { Stanza } from '../../shared/stanza.ts';
import { BlockingDuplex } from '../support/blocking-duplex.ts';
import { someGuard } from '../support/guards.ts';

/** The end of this turn of the event loop, with everything in it that was put off. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

/** A stanza written as its id, repeated this many times. */
class Letters extends Stanza {
  constructor(id: string, length: number) {
    super('message', '', '', '', id);
    this.inner = id.repeat(length);
  }

  override startTag(): string {
    return '';
  }
}

/** The memory that a stanza takes besides its content. */
const TAG = new Letters('a', 1).cost - 1;

function transportOf(socket: BlockingDuplex): ByteTransport {
  return new ByteTransport(socket, { kind: 'memory', peer: 'test', remote: false }, STREAM_FRAMING);
}

function newFlusher(): Flusher {
  return new Flusher(new Turn(SYSTEM_TIME), SYSTEM_TIME, someGuard());
}

function setUp() {
  const socket = new BlockingDuplex();
  const outbox = new Outbox(transportOf(socket), newFlusher(), SYSTEM_TIME, NO_ACCOUNT);
  const append = (id: string, length = 1): Stanza => {
    const stanza = new Letters(id, length);
    outbox.append(stanza);
    return stanza;
  };
  return { socket, outbox, append };
}

const ids = (stanzas: readonly Stanza[]): string => stanzas.map(({ id }) => id).join('');

test('stanzas appended in one turn leave in one write at its end, in order', async () => {
  const { socket, outbox, append } = setUp();
  append('a');
  outbox.append('-');
  append('b');
  assert.deepEqual([socket.writes, outbox.length], [[], 3 + 2 * TAG]);
  await turn();
  append('c');
  await turn();
  assert.deepEqual([socket.writes, outbox.length], [['a-b', 'c'], 0]);
});

test('a flush in between writes at once, and the end of the turn nothing again', async () => {
  const { socket, outbox, append } = setUp();
  append('a');
  outbox.flush();
  assert.deepEqual(socket.writes, ['a']);
  append('b');
  await turn();
  assert.deepEqual(socket.writes, ['a', 'b']);
});

test('an outbox is queued once for the end of the turn, and not while its peer reads nothing', async () => {
  let added = 0;
  class CountingFlusher extends Flusher {
    override add(flushable: Flushable): void {
      added++;
      super.add(flushable);
    }
  }
  const socket = new BlockingDuplex();
  const outbox = new Outbox(transportOf(socket), new CountingFlusher(new Turn(SYSTEM_TIME), SYSTEM_TIME, someGuard()), SYSTEM_TIME, NO_ACCOUNT);
  for (const text of 'abc') outbox.append(text);
  assert.equal(added, 1);
  socket.blocked = true;
  await turn();
  for (const text of 'def') outbox.append(text);
  assert.equal(added, 1);
  socket.unblock();
  await turn();
  assert.deepEqual([added, socket.writes], [2, ['abc', 'def']]);
});

test('the time without reading comes from the given clock, not from wall time', async () => {
  const socket = new BlockingDuplex();
  const outbox = new Outbox(transportOf(socket), newFlusher(), { now: () => 42 }, NO_ACCOUNT);
  socket.blocked = true;
  outbox.append('a');
  await turn();
  assert.equal(outbox.blockedSince, 42);
});

test('everything waits while the peer reads nothing, and is written in order when it reads', async () => {
  const { socket, outbox, append } = setUp();
  socket.blocked = true;
  append('a');
  await turn();
  assert.notEqual(outbox.blockedSince, 0);
  for (const id of 'bcd') {
    append(id);
    await turn();
  }
  outbox.flush();
  assert.deepEqual([socket.writes, outbox.length], [['a'], 3 + 3 * TAG]);
  socket.unblock();
  await turn();
  assert.deepEqual([socket.writes, outbox.length, outbox.blockedSince], [['a', 'bcd'], 0, 0]);
});

test('drain returns exactly the unwritten stanzas, in order; text of the stream itself is written at its end', async () => {
  const { socket, outbox, append } = setUp();
  append('a');
  await turn();
  socket.blocked = true;
  append('b');
  await turn();
  const waiting = [append('c'), append('d')];
  outbox.append('-');
  waiting.push(append('e'));
  assert.deepEqual(outbox.drain(), waiting);
  assert.deepEqual([outbox.drain(), outbox.length], [[], 1]);
  outbox.end(['</stream:stream>'], 'client-closed');
  socket.unblock();
  await turn();
  assert.equal(socket.text, 'ab-</stream:stream>');
});

test('the kernel gets a part of a long queue, so that the rest can still go elsewhere', async () => {
  const { socket, outbox, append } = setUp();
  socket.blocked = true;
  for (const id of 'abcdef') append(id, 60_000);
  await turn();
  assert.deepEqual([socket.text.length, outbox.length], [300_000, 60_000 + TAG]);
  socket.takeOne();
  await turn();
  assert.equal(ids(outbox.drain()), '');
  assert.equal(socket.text, [...'abcdef'].map((id) => id.repeat(60_000)).join(''));
});

test('a long stanza is written in portions; once begun it is neither returned nor interrupted', async () => {
  const { socket, outbox, append } = setUp();
  socket.blocked = true;
  append('a', 1_000_000);
  append('b');
  await turn();
  const written = socket.text.length;
  assert.ok(written > 0 && written < 1_000_000, `${written} of it`);
  assert.equal(outbox.length, 1_000_000 - written + 1 + TAG);
  assert.equal(ids(outbox.drain()), 'b');
  outbox.end(['</stream:stream>'], 'client-closed');
  socket.unblock();
  await turn();
  assert.equal(socket.text, `${'a'.repeat(1_000_000)}</stream:stream>`);
});

test('while a long stanza leaves, others get theirs', async () => {
  const flusher = newFlusher();
  const [largeSocket, smallSocket] = [new BlockingDuplex(), new BlockingDuplex()];
  const [large, small] = [
    new Outbox(transportOf(largeSocket), flusher, SYSTEM_TIME, NO_ACCOUNT),
    new Outbox(transportOf(smallSocket), flusher, SYSTEM_TIME, NO_ACCOUNT),
  ];
  large.append(new Letters('a', 3_000_000));
  for (let index = 1; index <= 5; index++) {
    small.append('b');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([smallSocket.writes.length, largeSocket.writes.length], [index, index]);
  }
  assert.ok(largeSocket.text.length < 3_000_000);
});

test('a flush of all leaves nothing for the next turn', () => {
  const { socket, outbox, append } = setUp();
  append('a', 3_000_000);
  append('b');
  outbox.flushAll();
  assert.deepEqual([socket.text.length, outbox.length], [3_000_001, 0]);
});

test('written and drained together are always all that was appended, wherever the peer stops', async () => {
  for (let stop = 0; stop <= 12; stop++) {
    const { socket, outbox, append } = setUp();
    let appended = '';
    for (let index = 0; index < 12; index++) {
      const id = String.fromCharCode(97 + index);
      appended += id;
      append(id, 50_000);
      if (index === stop) socket.blocked = true;
      if (index % 3 === 0) await turn();
      if (index === stop + 4) socket.takeOne();
    }
    await turn();
    const written = [...socket.text.replaceAll(/(.)\1*/g, '$1')].join('');
    assert.equal(written + ids(outbox.drain()), appended, `stopped at ${stop}`);
  }
});

test('the last text follows the written output, and closes our side once', async () => {
  const { socket, outbox, append } = setUp();
  append('a');
  outbox.flush();
  outbox.end(['</stream:stream>'], 'client-closed');
  outbox.end(['again'], 'client-closed');
  await turn();
  assert.equal(socket.text, 'a</stream:stream>');
  assert.ok(socket.writableEnded);
});

test('each connection is flushed once at the end of a turn, and output caused by a flush at the end of the next', async () => {
  const flusher = newFlusher();
  const flushed: string[] = [];
  const flushable = (name: string, then?: () => void): Flushable => ({
    flush: () => {
      flushed.push(name);
      then?.();
    },
  });
  flusher.add(flushable('a', () => flusher.add(flushable('c'))));
  flusher.add(flushable('b'));
  assert.deepEqual(flushed, []);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(flushed, ['a', 'b']);
  await turn();
  assert.deepEqual(flushed, ['a', 'b', 'c']);
});
