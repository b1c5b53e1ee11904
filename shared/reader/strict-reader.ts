import type { Pieces } from '../pieces.ts';
import type { StreamNamespaces } from './stream-header.ts';
import type { ReaderLimits, StreamReceiver } from './stream-receiver.ts';
import { StrictStream } from './strict-stream.ts';
import { type Width, widthOf } from './width.ts';

/**
 * Reads the text of a connection strictly: one stream, or several behind each other. Each stream is a {@link StrictStream}.
 */
export class StrictReader {
  /** To be exchanged between two children of the stream only, as are the limits. */
  receiver: StreamReceiver;
  limits: ReaderLimits;
  private stream: StrictStream;
  /** `restarting`, while a receiver that has asked for a new stream is still at work. */
  private state: 'reading' | 'restarting' | 'between streams' | 'stopped' = 'reading';

  constructor(receiver: StreamReceiver, limits: ReaderLimits) {
    this.receiver = receiver;
    this.limits = limits;
    this.stream = new StrictStream(this);
  }

  /**
   * Reads on. Everything complete in the text has been handed to the receiver on return.
   * @throws StreamError where the text is not what a stream may hold; the reader is of no use afterwards.
   */
  write(text: string, width: Width): void {
    if (this.state === 'reading') this.readOn(text, width);
    else if (this.state === 'between streams') this.begin(text);
  }

  /** Whether it is between two children of the stream, with nothing begun. */
  get idle(): boolean {
    return this.stream.idle;
  }

  /** About the memory that it keeps of what has begun, in bytes. */
  get keptBytes(): number {
    return this.stream.keptBytes;
  }

  /** Where in the stream the child that is being read began, or the gap. */
  get childStart(): number {
    return this.stream.childStart;
  }

  get stopped(): boolean {
    return this.state === 'stopped';
  }

  /** What the stream's header declares. */
  get namespaces(): StreamNamespaces {
    return this.stream.namespaces;
  }

  /** See {@link StrictStream.takeOver}. */
  takeOver(head: string, proven: Pieces, length: number, width: Width): void {
    this.stream.takeOver(head, proven, length, width);
  }

  /** From a receiver: behind this child begins a new stream with a header of its own (RFC 6120 §6.4.6). */
  restart(): void {
    if (this.state === 'stopped') return;
    this.state = 'restarting';
    this.stream.leave();
  }

  /** Takes no more; what is left of the current text is not read. */
  stop(): void {
    this.state = 'stopped';
    this.stream.leave();
  }

  /** After a receiver has called {@link stop}: what had come behind the child it was given, and was not read. */
  get unread(): string {
    return this.stream.unread;
  }

  private readOn(text: string, width: Width): void {
    if (this.stream.read(text, width)) return;
    if (this.state === 'restarting') this.startOver();
    else this.state = 'stopped';
  }

  private startOver(): void {
    const { unread } = this;
    this.stream = new StrictStream(this);
    this.state = 'between streams';
    this.begin(unread);
  }

  /** Between two streams white space is nothing: clients end what they send with a line feed (go-xmpp). At the very first it is bad XML. */
  private begin(text: string): void {
    const stream = text.replace(/^[ \t\r\n]+/, '');
    if (stream === '') return;
    this.state = 'reading';
    this.readOn(stream, widthOf(stream));
  }
}
