import type { Duplex } from 'node:stream';
import type { Pace } from '../../shared/reader/pace.ts';
import type { ReaderLimits, StreamReceiver } from '../../shared/reader/stream-receiver.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { Framing } from './framing.ts';
import type { ChannelBindings } from './tls/channel-bindings.ts';
import type { TlsIdentity } from './tls/identity.ts';

/** How a peer reaches the server, for logs and observers. `web`: a browser behind a gateway of this process. */
export type TransportKind = 'memory' | 'tcp' | 'tls' | 'unix' | 'websocket' | 'web';

/** The most that is handed to the kernel at once: what is behind it can still go elsewhere if the peer ends. */
export const WRITE_LENGTH = 256 * 1024;

/** About what TLS takes of memory for one connection. */
export const TLS_BYTES = 49_152;

/** The writing half of a {@link Transport}. */
export interface Sink {
  /** Whether nothing can be written any more. */
  readonly destroyed: boolean;
  /** Bytes that were written and that the kernel has not taken. */
  readonly waitingBytes: number;
  /** Characters that were written: bytes, where all of it was ASCII. */
  readonly written: number;
  /**
   * Writes the first of some entries, as many as may be handed to the kernel at once.
   * @param taken is called when the kernel has taken something that it had to be waited for with.
   * @returns how many; 0: the first is long, and is to be handed over in pieces.
   */
  write(entries: readonly (string | Stanza)[], taken: () => void): number;
  /** Writes the last texts and closes our side. */
  end(texts: readonly string[]): void;
}

/** Is told by a {@link Transport} what comes from the peer. */
export interface TransportReceiver {
  /** Bytes as they came, or one whole frame. They are there only until it returns. */
  dataRead(chunk: Buffer): void;
  /** {@link Transport.keptBytes} has changed though nothing whole was read. */
  keptChanged(): void;
  /** The peer has closed its side. */
  ended(): void;
  /** @param error A `StreamError` is the peer's fault, and it can be told. */
  failed(error: Error): void;
  /** Both sides are closed. Told once, at last. */
  closed(): void;
}

/** Turns what comes from a peer into stanzas. */
export interface Input {
  /** Reads on, as far as the pace allows: the input may be {@link suspended} then. @throws StreamError */
  read(chunk: Buffer): void;
  /** About the memory that it keeps of what has come, in bytes. */
  readonly keptBytes: number;
  /** Whether something waits to be read by {@link goOn}. Nothing else is to be read before that. */
  readonly suspended: boolean;
  /** @throws StreamError */
  goOn(): void;
  /** What comes from now on is for somebody else, within other limits. */
  handOver(receiver: StreamReceiver, limits: ReaderLimits): void;
  /** From a receiver: behind this stanza the peer begins a new stream (RFC 6120 §6.4.6). */
  restart(): void;
  /** Takes no more. */
  stop(): void;
  /** After a receiver has called {@link stop}: what had come behind the stanza it was given, and was not read. */
  readonly unread: string;
}

/**
 * A way to obtain text from a peer and to give it some. It knows bytes and frames, and nothing of what they mean.
 */
export interface Transport extends Sink {
  readonly kind: TransportKind;
  /** Where the peer is, for logs; `address:port` where it has one. */
  readonly peer: string;
  /** Whether the peer is on another host. */
  readonly remote: boolean;
  /** Whether nobody can listen in: it is encrypted, or does not leave the machine's kernel. */
  readonly confidential: boolean;
  /** Empty where there is no TLS. */
  readonly channelBindings: ChannelBindings;
  /** Whether {@link startTls} may be called. */
  readonly canStartTls: boolean;
  /** About the memory that it keeps besides its {@link Input} and what it has written, in bytes. */
  readonly keptBytes: number;
  /** What the bytes leave by. */
  readonly socket: Duplex;
  readonly framing: Framing;
  /** Begins to read. */
  open(receiver: TransportReceiver): void;
  createInput(receiver: StreamReceiver, limits: ReaderLimits, pace: Pace): Input;
  /** Reads no more for now. What is on its way already may still be handed over. */
  pause(): void;
  resume(): void;
  /** Goes on over TLS, from the next byte on in both directions. */
  startTls(identity: TlsIdentity): void;
  /** Closes both sides at once. */
  destroy(): void;
}
