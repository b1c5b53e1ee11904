import { Fifo } from './fifo.ts';
import { LongFrame } from './long-frame.ts';
import type { UnsentFrame } from './members.ts';
import { chunkStart, FRAME_HEADER_BYTES, frameStart } from './packet.ts';
import type { SavedQueue } from './saved-link.ts';

/** Long frames that are sent by turns; further ones wait. A receiver bounds its memory by it. */
export const LONG_FRAMES_AT_ONCE = 8;

/** Frames in no batch yet. Long ones take turns with each other and with the others; those of one stream stay in order. */
export class FrameQueue {
  /** UTF-16 units of the frames. */
  units = 0;
  private readonly batchUnits: number;
  private readonly queue = new Fifo<string | LongFrame>();
  /** Long frames that are not taken completely, by stream. */
  private readonly longs = new Map<number, LongFrame>();
  /** Those whose turn has come, in order. */
  private readonly started: LongFrame[] = [];
  private nextLong = 0;
  private lastWas: 'frames' | 'chunk' = 'chunk';

  constructor(batchUnits: number) {
    this.batchUnits = batchUnits;
  }

  get empty(): boolean {
    return this.queue.length + this.started.length === 0;
  }

  add(stream: number, frame: string): void {
    this.units += frame.length;
    if (this.longs.size > 0) {
      const long = this.longs.get(stream);
      if (long !== undefined) {
        long.behind.push(frame);
        return;
      }
    }
    this.enqueue(stream, frame);
  }

  /** @returns the long frame whose chunk is next, or null: other frames are. */
  nextLongFrame(): LongFrame | null {
    for (let next = this.queue.at(0); next instanceof LongFrame; next = this.queue.at(0)) {
      this.started.push(next);
      this.queue.shift();
    }
    if (this.started.length === 0 || (this.queue.length > 0 && this.lastWas === 'chunk')) return null;
    this.nextLong %= Math.min(this.started.length, LONG_FRAMES_AT_ONCE);
    return this.started[this.nextLong] as LongFrame;
  }

  /** Takes the frames of one batch. */
  takeFrames(): string {
    const { queue, batchUnits } = this;
    this.lastWas = 'frames';
    let frames = '';
    let units = 0;
    for (let next = queue.at(0); typeof next === 'string'; next = queue.at(0)) {
      units += next.length;
      if (units > batchUnits && frames !== '') break;
      units += FRAME_HEADER_BYTES;
      this.units -= next.length;
      frames += frameStart(next.length) + next;
      queue.shift();
    }
    return frames;
  }

  /** Takes the next chunk of {@link nextLongFrame}. */
  takeChunk(long: LongFrame): string {
    this.lastWas = 'chunk';
    const text = long.take(this.batchUnits);
    this.units -= text.length;
    if (long.complete) this.release(long);
    else this.nextLong++;
    return chunkStart(long.stream, text.length, long.complete) + text;
  }

  /** All frames, in the order of their streams. */
  *unsent(): Iterable<UnsentFrame> {
    for (const next of [...this.started, ...this.queue]) {
      if (typeof next === 'string') yield { frame: next, published: false };
      else yield* unsentOf(next);
    }
  }

  /** @param longs Gets the long frames, to which the result refers by index. */
  save(longs: LongFrame[]): SavedQueue {
    const indexOf = (long: LongFrame): number => {
      if (!longs.includes(long)) longs.push(long);
      return longs.indexOf(long);
    };
    return { started: this.started.map(indexOf), queue: Array.from(this.queue, (next) => (typeof next === 'string' ? next : indexOf(next))) };
  }

  restore({ started, queue }: SavedQueue, longs: readonly LongFrame[]): void {
    for (const index of started) this.started.push(longs[index] as LongFrame);
    for (const next of queue) this.queue.push(typeof next === 'string' ? next : (longs[next] as LongFrame));
    for (const next of [...this.started, ...this.queue]) if (next instanceof LongFrame) this.longs.set(next.stream, next);
    for (const next of [...this.started, ...this.queue]) this.units += typeof next === 'string' ? next.length : next.units;
  }

  private enqueue(stream: number, frame: string): LongFrame | null {
    if (frame.length <= this.batchUnits) {
      this.queue.push(frame);
      return null;
    }
    const long = new LongFrame(stream, frame);
    this.longs.set(stream, long);
    this.queue.push(long);
    return long;
  }

  /** A long frame is taken: queues those behind it, up to the next long one. */
  private release(long: LongFrame): void {
    this.started.splice(this.nextLong, 1);
    this.longs.delete(long.stream);
    for (let index = 0; index < long.behind.length; index++) {
      const next = this.enqueue(long.stream, long.behind[index] as string);
      if (next === null) continue;
      for (const later of long.behind.slice(index + 1)) next.behind.push(later);
      return;
    }
  }
}

function* unsentOf({ text, sent, behind }: LongFrame): Iterable<UnsentFrame> {
  yield { frame: text, published: sent > 0 };
  for (const frame of behind) yield { frame, published: false };
}
