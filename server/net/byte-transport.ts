import type { Duplex } from 'node:stream';
import type { Stanza } from '../../shared/stanza.ts';
import type { ReaderLimits, StreamReceiver } from '../../shared/stream-reader.ts';
import type { Framing } from '../streams/framing.ts';
import { ByteInput } from './byte-input.ts';
import type { Input, Transport, TransportKind, TransportReceiver } from './transport.ts';

/** The most that is handed to the kernel at once: what is behind it can still go elsewhere if the peer ends. */
export const WRITE_LENGTH = 256 * 1024;

/** Where the other end of a byte stream is. */
export interface PeerPlace {
  readonly kind: TransportKind;
  readonly peer: string;
  readonly remote: boolean;
}

/** A stream of bytes: TCP, or a pair of streams in this process. */
export class ByteTransport implements Transport {
  readonly kind: TransportKind;
  readonly peer: string;
  readonly remote: boolean;
  readonly socket: Duplex;
  readonly framing: Framing;
  written = 0;

  constructor(socket: Duplex, { kind, peer, remote }: PeerPlace, framing: Framing) {
    this.socket = socket;
    this.framing = framing;
    this.kind = kind;
    this.peer = peer;
    this.remote = remote;
  }

  get destroyed(): boolean {
    return this.socket.destroyed;
  }

  get waitingBytes(): number {
    return this.socket.writableLength;
  }

  open(receiver: TransportReceiver): void {
    const { socket } = this;
    socket.on('data', (chunk: Buffer) => receiver.dataRead(chunk));
    socket.on('end', () => receiver.ended());
    socket.on('error', (error) => receiver.failed(error));
    socket.on('close', () => receiver.closed());
  }

  createInput(receiver: StreamReceiver, limits: ReaderLimits): Input {
    return new ByteInput(receiver, limits);
  }

  write(entries: readonly (string | Stanza)[], taken: () => void): number {
    let text = '';
    let count = 0;
    while (count < entries.length && text.length < WRITE_LENGTH) {
      const entry = entries[count++] as string | Stanza;
      text += typeof entry === 'string' ? entry : entry.toXml();
    }
    this.written += text.length;
    this.socket.write(text, 'utf8', taken);
    return count;
  }

  end(texts: readonly string[]): void {
    const text = texts.join('');
    this.written += text.length;
    this.socket.end(text);
  }

  destroy(): void {
    this.socket.destroy();
  }
}
