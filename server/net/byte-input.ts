import type { Pace } from '../../shared/reader/pace.ts';
import { StreamReader } from '../../shared/reader/stream-reader.ts';
import type { ReaderLimits, StreamReceiver } from '../../shared/reader/stream-receiver.ts';
import { widthOf } from '../../shared/reader/width.ts';
import { Utf8Decoder } from '../../shared/utf8.ts';
import type { Input, SavedInput } from './transport.ts';

/** An RFC 6120 stream: bytes in arbitrary pieces. */
export class ByteInput implements Input {
  private readonly decoder = new Utf8Decoder();
  private readonly reader: StreamReader;

  constructor(receiver: StreamReceiver, limits: ReaderLimits, pace: Pace) {
    this.reader = new StreamReader(receiver, limits, pace);
  }

  get unread(): string {
    return this.reader.unread;
  }

  get keptBytes(): number {
    return this.reader.keptBytes;
  }

  get suspended(): boolean {
    return this.reader.suspended;
  }

  save(): SavedInput | null {
    const { begunText, startTag } = this.reader;
    return begunText === null ? null : { startTag, text: begunText, bytes: this.decoder.incomplete.toString('base64') };
  }

  restore({ startTag, text, bytes }: SavedInput, receiver: StreamReceiver, limits: ReaderLimits): void {
    this.reader.passHeader(startTag);
    this.reader.handOver(receiver, limits);
    this.reader.write(text);
    while (this.reader.suspended) this.reader.goOn();
    if (bytes !== '') this.decoder.incomplete = Buffer.from(bytes, 'base64');
  }

  goOn(): void {
    this.reader.goOn();
  }

  read(chunk: Buffer): void {
    const text = this.decoder.decode(chunk);
    this.reader.write(text, this.decoder.isAscii ? 0 : widthOf(text));
  }

  handOver(receiver: StreamReceiver, limits: ReaderLimits): void {
    this.reader.handOver(receiver, limits);
  }

  restart(): void {
    this.reader.restart();
  }

  stop(): void {
    this.reader.stop();
  }
}
