import { Fifo } from './fifo.ts';
import { FrameQueue } from './frame-queue.ts';
import type { LinkLimits } from './link-limits.ts';
import { LongFrame } from './long-frame.ts';
import type { UnsentFrame } from './members.ts';
import { readFrames } from './packet.ts';
import type { SavedOutgoing } from './saved-link.ts';

/** Chunks of long frames in one turn, so that other frames need not wait for all of them. */
const CHUNKS_PER_TURN = 8;

/** Publishes batches. */
export interface Carrier {
  /** Adds the header. @returns the published packet. */
  publishBatch(number: number, frames: string): Uint8Array;
  publishAgain(packet: Uint8Array): void;
}

/** A published batch without acknowledgement. */
interface Batch {
  readonly packet: Uint8Array;
  /** The long frame whose chunk it is, or null. */
  readonly long: LongFrame | null;
  readonly last: boolean;
}

/** Frames on their way to another member, in one epoch: numbers their batches, keeps them until they are acknowledged, and publishes them again. */
export class Outgoing {
  readonly queue: FrameQueue;
  /** Bytes of batches without acknowledgement. */
  unackedBytes = 0;
  /** Batches that were published once more. */
  resent = 0;
  private readonly windowBytes: number;
  private readonly carrier: Carrier;
  private readonly unacked = new Fifo<Batch>();
  /** The number of the last batch. */
  private number = 0;
  /** While it publishes batches again: the last of them; else 0. */
  private resendEnd = 0;
  private resendNumber = 0;
  private resendCount = 0;

  constructor({ linkBatchBytes, linkWindowBytes }: LinkLimits, carrier: Carrier) {
    this.queue = new FrameQueue(linkBatchBytes);
    this.windowBytes = linkWindowBytes;
    this.carrier = carrier;
  }

  /** Publishes queued frames as far as the window allows. @returns whether more could be published in the next turn. */
  publish(): boolean {
    let chunks = 0;
    while (this.resendEnd === 0 && this.unackedBytes < this.windowBytes && !this.queue.empty) {
      const long = this.queue.nextLongFrame();
      if (long === null) this.publishBatch(this.queue.takeFrames(), null);
      else if (++chunks > CHUNKS_PER_TURN) return true;
      else this.publishBatch(this.queue.takeChunk(long), long);
    }
    return false;
  }

  /** Handles an acknowledgement of all batches up to a number. @returns whether it is news. */
  acknowledge(number: number): boolean {
    if (number <= this.acknowledged || number > this.number) return false;
    while (this.acknowledged < number) this.unackedBytes -= (this.unacked.shift() as Batch).packet.length;
    if (this.resendEnd > 0) this.resendMore();
    return true;
  }

  /** Publishes the oldest batch again. The others follow once it is acknowledged, so that a slow receiver does not get everything twice. */
  resend(): void {
    if (this.unacked.length === 0) return;
    this.resendEnd = this.number;
    this.resendNumber = this.acknowledged;
    this.resendCount = 1;
    this.resendSome();
  }

  /** Frames that have no acknowledgement, in the order of their streams. */
  unsent(): UnsentFrame[] {
    const frames: UnsentFrame[] = [];
    for (const batch of this.unacked) addPublished(batch, frames);
    for (const frame of this.queue.unsent()) frames.push(frame);
    return frames;
  }

  /** Everything, for the next process. */
  save(): SavedOutgoing {
    const longs = [...new Set(Array.from(this.unacked, ({ long }) => long))].filter((long) => long !== null);
    const batches = Array.from(this.unacked, ({ packet, long, last }) => ({ packet: textOf(packet), long: longs.indexOf(long as LongFrame), last }));
    const queue = this.queue.save(longs);
    return { number: this.number, batches, queue, longs: longs.map(({ stream, text, sent, behind }) => ({ stream, text, sent, behind })) };
  }

  /** Takes over what another process has saved. */
  restore({ number, longs: saved, batches, queue }: SavedOutgoing): void {
    const longs = saved.map(LongFrame.restored);
    this.number = number;
    for (const { packet: text, long, last } of batches) {
      const packet = Buffer.from(text);
      this.unackedBytes += packet.length;
      this.unacked.push({ packet, long: longs[long] ?? null, last });
    }
    this.queue.restore(queue, longs);
  }

  private get acknowledged(): number {
    return this.number - this.unacked.length;
  }

  private publishBatch(frames: string, long: LongFrame | null): void {
    const packet = this.carrier.publishBatch(++this.number, frames);
    this.unackedBytes += packet.length;
    this.unacked.push({ packet, long, last: long?.complete === true });
  }

  private resendMore(): void {
    if (this.acknowledged >= this.resendEnd) {
      this.resendEnd = 0;
      return;
    }
    this.resendNumber = Math.max(this.resendNumber, this.acknowledged);
    this.resendCount *= 2;
    this.resendSome();
  }

  private resendSome(): void {
    const end = Math.min(this.resendNumber + this.resendCount, this.resendEnd);
    while (this.resendNumber < end) {
      const batch = this.unacked.at(this.resendNumber++ - this.acknowledged) as Batch;
      this.resent++;
      this.carrier.publishAgain(batch.packet);
    }
  }
}

function addPublished({ packet, long, last }: Batch, frames: UnsentFrame[]): void {
  if (last) frames.push({ frame: (long as LongFrame).text, published: true });
  if (long !== null) return;
  readFrames(textOf(packet), {
    closed: false,
    frame: (frame) => frames.push({ frame, published: true }),
    chunk() {},
  });
}

function textOf(packet: Uint8Array): string {
  return Buffer.from(packet.buffer, packet.byteOffset, packet.length).toString();
}
