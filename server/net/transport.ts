import type { Duplex } from 'node:stream';
import type { Pace } from '../../shared/reader/pace.ts';
import type { ReaderLimits, StreamReceiver } from '../../shared/reader/stream-receiver.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { Framing } from './framing.ts';
import type { ChannelBindings } from './tls/channel-bindings.ts';
import type { TlsIdentity } from './tls/identity.ts';
import type { PeerCertificate, PeerTls } from './tls/peer-tls.ts';

/** How a peer reaches the server, for logs and observers. `web`: a browser behind a gateway of this process. */
export type TransportKind = 'memory' | 'tcp' | 'tls' | 'unix' | 'websocket' | 'web';

/** The most bytes of one write: stanzas after it can still go to another listener if the peer ends. */
export const WRITE_LENGTH = 256 * 1024;

/** The approximate memory of TLS for one connection. */
export const TLS_BYTES = 49_152;

/** The writing half of a {@link Transport}. */
export interface Sink {
  /** Whether writing is no longer possible. */
  readonly destroyed: boolean;
  /** Written bytes that the kernel has not taken. */
  readonly waitingBytes: number;
  /** Written characters, which are bytes if all text is ASCII. */
  written: number;
  /** The write that the kernel has not taken whole; null: none, or unknown. */
  inFlight: Buffer | null;
  /**
   * Writes the first entries, up to {@link WRITE_LENGTH}.
   * @param taken Called when the kernel has taken a write that had to wait.
   * @returns the number of written entries; 0: the first one is too long and must be split.
   */
  write(entries: readonly (string | Stanza)[], taken: () => void): number;
  /** Writes the last texts and closes our side. @param reason For a transport whose protocol has a code for it. */
  end(texts: readonly string[], reason: CloseReason): void;
}

/** Receives the events of a {@link Transport}. */
export interface TransportReceiver {
  /** A chunk of bytes, or a frame or a part of a long one; valid only during the call, unless {@link Transport.keepsChunks}. */
  dataRead(chunk: Buffer): void;
  /** {@link Transport.keptBytes} has changed, although nothing was read. */
  keptChanged(): void;
  /** The peer has closed its side. */
  ended(): void;
  /** @param error A `StreamError` is the peer's fault, and is sent to it. */
  failed(error: Error): void;
  /** Both sides are closed. The last event, called once. */
  closed(): void;
}

/** Begun input, with which another process goes on at the next byte. */
export interface SavedInput {
  /** The start tag of the stream. */
  readonly startTag: string;
  /** The text after the last stanza. */
  readonly text: string;
  /** The bytes of an incomplete character, in base64. */
  readonly bytes: string;
}

/** Turns input from a peer into stanzas. */
export interface Input {
  /** Reads a chunk as far as the pace allows; the input may be {@link suspended} afterwards. @throws StreamError */
  read(chunk: Buffer): void;
  /** The approximate memory of kept input, in bytes. */
  readonly keptBytes: number;
  /** Whether {@link goOn} must continue before the next {@link read}. */
  readonly suspended: boolean;
  /** @throws StreamError */
  goOn(): void;
  /** Hands later input to another receiver, with other limits. */
  handOver(receiver: StreamReceiver, limits: ReaderLimits): void;
  /** Called by a receiver: a new stream follows the current stanza (RFC 6120 §6.4.6). */
  restart(): void;
  /** Stops reading. */
  stop(): void;
  /** The unread input after the current stanza, once a receiver has called {@link stop}. */
  readonly unread: string;
}

/**
 * Exchanges bytes or frames with a peer, without knowing their meaning.
 */
export interface Transport extends Sink {
  readonly kind: TransportKind;
  /** The peer's address for logs, `address:port` if it has one. */
  readonly peer: string;
  /** Whether the peer is on another host. */
  readonly remote: boolean;
  /** Whether it is encrypted or local to the machine's kernel. */
  readonly confidential: boolean;
  /** Empty without TLS. */
  readonly channelBindings: ChannelBindings;
  /** Whether {@link startTls} may be called. */
  readonly canStartTls: boolean;
  /** Whether chunks stay valid after they were read. */
  readonly keepsChunks: boolean;
  /** The approximate memory of the transport, in bytes, without its {@link Input} and its output. */
  readonly keptBytes: number;
  /** The socket of the output. */
  readonly socket: Duplex;
  readonly framing: Framing;
  /** Begins to read. */
  open(receiver: TransportReceiver): void;
  createInput(receiver: StreamReceiver, limits: ReaderLimits, pace: Pace): Input;
  /** Pauses reading. Chunks in transit may still arrive. */
  pause(): void;
  resume(): void;
  /** Switches to TLS, from the next byte on in both directions. @param peer Another server; null: a client. */
  startTls(identity: TlsIdentity | null, peer: PeerTls | null): void;
  /** The certificate of another server; null: none. */
  readonly peerCertificate: PeerCertificate | null;
  /** Closes both sides at once. */
  destroy(): void;
  /** Null if only this process can go on with it: TLS, a WebSocket, a stream of this process. */
  readonly movable: MovableTransport | null;
}

/** A transport with which another process can go on at the next byte. */
export interface MovableTransport {
  readonly descriptor: number;
  /** The bytes of the last write that the kernel has not taken. */
  readonly untaken: Buffer;
  /** @returns null while the text of a begun stanza is not kept. */
  saveInput(): SavedInput | null;
  /** Called on a new transport after {@link Transport.createInput}: goes on with the input of another process. */
  restoreInput(saved: SavedInput, receiver: StreamReceiver, limits: ReaderLimits): void;
  /** Writes bytes that another process has begun to write. */
  writeRest(bytes: Buffer, taken: () => void): void;
  /** Closes the descriptor, which another process has too: the peer notices nothing. There are no more events. */
  release(): void;
}
