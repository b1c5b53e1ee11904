import type { Pieces } from '../pieces.ts';
import type { StreamNamespaces } from './stream-header.ts';
import type { ReaderLimits, StreamReceiver } from './stream-receiver.ts';
import { StrictStream } from './strict-stream.ts';
import { type Width, widthOf } from './width.ts';

/**
 * Reads the text of a connection strictly: one stream, or several in sequence. Each stream is a {@link StrictStream}.
 */
export class StrictReader {
  /** Like the limits, exchange it only between two children of the stream. */
  receiver: StreamReceiver;
  limits: ReaderLimits;
  private stream: StrictStream;
  /** `restarting`: the receiver has asked for a new stream and not yet returned. */
  private state: 'reading' | 'restarting' | 'between streams' | 'stopped' = 'reading';

  constructor(receiver: StreamReceiver, limits: ReaderLimits) {
    this.receiver = receiver;
    this.limits = limits;
    this.stream = new StrictStream(this);
  }

  /**
   * Reads more text. On return, every complete child has been handed to the receiver.
   * @throws StreamError if the text is invalid in a stream; the reader is unusable afterwards.
   */
  write(text: string, width: Width): void {
    if (this.state === 'reading') this.readOn(text, width);
    else if (this.state === 'between streams') this.begin(text);
  }

  /** Whether it is between two children of the stream, with nothing begun. */
  get idle(): boolean {
    return this.stream.idle;
  }

  /** The approximate memory of the begun child, in bytes. */
  get keptBytes(): number {
    return this.stream.keptBytes;
  }

  /** The start of the child being read, or of the gap. */
  get childStart(): number {
    return this.stream.childStart;
  }

  /** See {@link StrictStream.begunText}. */
  get begunText(): string | null {
    return this.stream.begunText;
  }

  get stopped(): boolean {
    return this.state === 'stopped';
  }

  /** The header's declarations. */
  get namespaces(): StreamNamespaces {
    return this.stream.namespaces;
  }

  /** See {@link StrictStream.takeOver}. */
  takeOver(head: string, proven: Pieces, length: number, width: Width): void {
    this.stream.takeOver(head, proven, length, width);
  }

  /** See {@link StrictStream.passUsualHeader}. */
  passUsualHeader(): void {
    this.stream.passUsualHeader();
  }

  /** Called by a receiver: after this child a new stream begins, with its own header (RFC 6120 §6.4.6). */
  restart(): void {
    if (this.state === 'stopped') return;
    this.state = 'restarting';
    this.stream.leave();
  }

  /** Stops; the rest of the current text stays unread. */
  stop(): void {
    this.state = 'stopped';
    this.stream.leave();
  }

  /** The unread text after a receiver's {@link stop}. */
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

  /** Skip white space between two streams: some clients end their elements with a line feed (go-xmpp). At the very start it is malformed XML. */
  private begin(text: string): void {
    const stream = text.replace(/^[ \t\r\n]+/, '');
    if (stream === '') return;
    this.state = 'reading';
    this.readOn(stream, widthOf(stream));
  }
}
