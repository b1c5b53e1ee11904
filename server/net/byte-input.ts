import { StreamReader } from '../../shared/reader/stream-reader.ts';
import type { ReaderLimits, StreamReceiver } from '../../shared/reader/stream-receiver.ts';
import { Utf8Decoder } from '../../shared/utf8.ts';
import type { Input } from './transport.ts';

/** A stream as RFC 6120 has it: bytes that come in any pieces. */
export class ByteInput implements Input {
  private readonly decoder = new Utf8Decoder();
  private readonly reader: StreamReader;

  constructor(receiver: StreamReceiver, limits: ReaderLimits) {
    this.reader = new StreamReader(receiver, limits);
  }

  get unread(): string {
    return this.reader.unread;
  }

  read(chunk: Buffer): void {
    this.reader.write(this.decoder.decode(chunk), chunk.length);
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
