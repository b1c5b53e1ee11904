import { LONG_FRAMES_AT_ONCE } from './frame-queue.ts';
import type { LinkLimits } from './link-limits.ts';
import { FrameError } from './members.ts';
import { type FrameSink, readFrames } from './packet.ts';
import type { SavedIncoming } from './saved-link.ts';

/** Bytes that a frame adds to its stanza, at most. */
const FRAME_FIELDS_BYTES = 65_536;

/** A partly received frame. */
interface Part {
  readonly chunks: string[];
  length: number;
}

/** Batches from another member, in one epoch: takes each exactly once, in order, and joins the chunks of long frames. */
export class Incoming implements FrameSink {
  /** The number of the last batch that has arrived in order. */
  number = 0;
  closed = false;
  /** UTF-16 units of the frames that are received in part. */
  units = 0;
  private readonly mostBytes: number;
  private readonly receive: (frame: string) => void;
  /** Whether a batch has arrived out of order since the last one in order. */
  private gap = false;
  private readonly parts = new Map<number, Part>();

  constructor(limits: LinkLimits, receive: (frame: string) => void) {
    this.mostBytes = limits.hardStanzaBytes + FRAME_FIELDS_BYTES;
    this.receive = receive;
  }

  /**
   * Takes the batch if it is the next.
   * @returns whether the sender has to know soon: it sends batches again.
   * @throws FrameError if its frames break the format.
   */
  take(number: number, packet: string): boolean {
    const urgent = this.gap;
    this.gap = number !== this.number + 1;
    if (this.gap) return true;
    this.number = number;
    readFrames(packet, this);
    return urgent;
  }

  save(): SavedIncoming {
    return { number: this.number, parts: Array.from(this.parts, ([stream, { chunks }]) => [stream, chunks.join('')] as const) };
  }

  restore({ number, parts }: SavedIncoming): void {
    this.number = number;
    for (const [stream, text] of parts) {
      this.parts.set(stream, { chunks: [text], length: text.length });
      this.units += text.length;
    }
  }

  frame(text: string): void {
    this.receive(text);
  }

  chunk(stream: number, text: string, last: boolean): void {
    const part = this.partOf(stream);
    part.length += text.length;
    this.units += text.length;
    if (part.length > this.mostBytes) throw new FrameError(`a frame is longer than ${this.mostBytes}`);
    part.chunks.push(text);
    if (!last) return;
    this.parts.delete(stream);
    this.units -= part.length;
    this.receive(part.chunks.join(''));
  }

  private partOf(stream: number): Part {
    const known = this.parts.get(stream);
    if (known !== undefined) return known;
    if (this.parts.size >= LONG_FRAMES_AT_ONCE) throw new FrameError(`more than ${LONG_FRAMES_AT_ONCE} frames have begun`);
    const part: Part = { chunks: [], length: 0 };
    this.parts.set(stream, part);
    return part;
  }
}
