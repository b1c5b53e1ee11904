import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { RawData, WebSocket } from 'ws';
import { StreamError } from '../../../shared/errors.ts';
import type { Pace } from '../../../shared/reader/pace.ts';
import type { ReaderLimits, StreamReceiver } from '../../../shared/reader/stream-receiver.ts';
import type { Stanza } from '../../../shared/stanza.ts';
import type { CloseReason } from '../../kernel/close-reason.ts';
import type { Framing } from '../framing.ts';
import { type ChannelBindings, channelBindingsOf, NO_CHANNEL } from '../tls/channel-bindings.ts';
import type { TlsIdentity } from '../tls/identity.ts';
import { type Input, TLS_BYTES, type Transport, type TransportReceiver, WRITE_LENGTH } from '../transport.ts';
import { FrameInput } from './frame-input.ts';
import { bytesOf, partsOf, readLongFramesInParts } from './long-frames.ts';
import { fragmentsOf, WEBSOCKET_FRAMING } from './websocket-framing.ts';

/** The approximate memory of a connection, and of each buffer of the library. */
const WEBSOCKET_BYTES = 16_384;
const BUFFER_BYTES = 200;

/** The peer of a WebSocket: the socket's, or the one that a trusted proxy names. */
export interface WebSocketClient {
  readonly peer: string;
  readonly remote: boolean;
  readonly secure: boolean;
}

/** A WebSocket (RFC 7395), whose frames contain one element each. */
export class WebSocketTransport implements Transport {
  readonly kind = 'websocket';
  readonly peer: string;
  readonly remote: boolean;
  readonly confidential: boolean;
  readonly canStartTls = false;
  readonly keepsChunks = true;
  readonly framing: Framing = WEBSOCKET_FRAMING;
  readonly socket: Socket;
  written = 0;
  inFlight = null;
  readonly movable = null;
  private readonly webSocket: WebSocket;
  private readonly identity: TlsIdentity | null;
  private input: FrameInput | null = null;
  /** Whether the peer has sent anything since the last {@link ping}. */
  private alive = true;
  /** The received bytes of incomplete frames. */
  private begunBytes = 0;
  private frameEnded = false;

  /** @param socket The socket below the WebSocket. @param identity The TLS identity, or null without TLS. @param client The peer's address, and whether it uses TLS. */
  constructor(webSocket: WebSocket, socket: Socket, identity: TlsIdentity | null, client: WebSocketClient) {
    this.webSocket = webSocket;
    this.socket = socket;
    this.identity = identity;
    this.peer = client.peer;
    this.remote = client.remote;
    this.confidential = client.secure;
  }

  get channelBindings(): ChannelBindings {
    return this.socket instanceof TLSSocket && this.identity !== null ? channelBindingsOf(this.socket, this.identity) : NO_CHANNEL;
  }

  get keptBytes(): number {
    return webSocketBytes(this.webSocket, this.socket, this.begunBytes);
  }

  get destroyed(): boolean {
    return this.webSocket.readyState !== this.webSocket.OPEN;
  }

  get waitingBytes(): number {
    return this.webSocket.bufferedAmount;
  }

  open(receiver: TransportReceiver): void {
    const { webSocket, socket } = this;
    readLongFramesInParts(webSocket);
    webSocket.on('message', (frame, isBinary) => this.frameRead(frame, isBinary, receiver));
    webSocket.on('pong', () => {
      this.alive = true;
    });
    webSocket.on('error', (error) => receiver.failed(error));
    webSocket.on('close', () => receiver.closed());
    socket.on('data', (chunk: Buffer) => this.bytesRead(chunk.length, receiver));
  }

  createInput(receiver: StreamReceiver, limits: ReaderLimits, pace: Pace): Input {
    this.input = new FrameInput(receiver, limits, pace);
    return this.input;
  }

  write(entries: readonly (string | Stanza)[], taken: () => void): number {
    let length = 0;
    let count = 0;
    // One write sends all frames of one turn.
    this.socket.cork();
    while (count < entries.length && length < WRITE_LENGTH) {
      const entry = entries[count++] as string | Stanza;
      if (typeof entry !== 'string' && entry.long) length += this.sendFragments(entry, taken);
      else length += this.sendFrame(typeof entry === 'string' ? entry : this.framing.stanza(entry), taken);
    }
    this.socket.uncork();
    this.written += length;
    return count;
  }

  end(texts: readonly string[], reason: CloseReason): void {
    if (!this.destroyed) for (const text of texts) this.webSocket.send(text);
    this.webSocket.close(closeCode(reason));
  }

  destroy(): void {
    this.webSocket.terminate();
  }

  pause(): void {
    this.webSocket.pause();
  }

  resume(): void {
    this.webSocket.resume();
  }

  readonly peerCertificate = null;

  startTls(): void {
    throw new Error('a WebSocket cannot switch to TLS');
  }

  /** Pings the peer (RFC 6455 §5.5.2); closes the connection if the peer has been silent since the last ping. */
  ping(): void {
    if (!this.alive) {
      this.webSocket.terminate();
      return;
    }
    this.alive = false;
    if (!this.destroyed) this.webSocket.ping();
  }

  /** @returns its length. */
  private sendFrame(frame: string, taken: () => void): number {
    this.webSocket.send(frame, taken);
    return frame.length;
  }

  /** Sends a long stanza. @returns its length. */
  private sendFragments(stanza: Stanza, taken: () => void): number {
    const fragments = fragmentsOf(stanza);
    const last = fragments.length - 1;
    let length = 0;
    for (const [index, fragment] of fragments.entries()) {
      length += fragment.length;
      this.webSocket.send(fragment, { fin: index === last }, taken);
    }
    return length;
  }

  private frameRead(frame: RawData, isBinary: boolean, receiver: TransportReceiver): void {
    this.frameEnded = true;
    if (isBinary) {
      receiver.failed(new StreamError('bad-format', 'a binary frame'));
      return;
    }
    const parts = partsOf(frame);
    this.input?.frameCame(bytesOf(parts));
    for (const part of parts) receiver.dataRead(part);
  }

  /** Counts received bytes, because the library buffers an incomplete frame, which must not bypass the limit before login. */
  private bytesRead(bytes: number, receiver: TransportReceiver): void {
    this.alive = true;
    this.begunBytes = this.frameEnded ? 0 : this.begunBytes + bytes;
    this.frameEnded = false;
    receiver.keptChanged();
    if (this.input?.overrun(bytes) === true) receiver.failed(new StreamError('policy-violation', 'too many bytes before login'));
  }
}

/** About the memory of a WebSocket. @param begunBytes Of frames that are not whole. */
export function webSocketBytes(webSocket: WebSocket, socket: Socket, begunBytes: number): number {
  const tls = socket instanceof TLSSocket ? TLS_BYTES : 0;
  return WEBSOCKET_BYTES + tls + begunBytes + BUFFER_BYTES * buffersOf(webSocket);
}

/** The buffers of an incomplete frame in the library, which has no public property for them. */
function buffersOf(webSocket: WebSocket): number {
  const { _receiver: receiver } = webSocket as unknown as {
    readonly _receiver?: { readonly _buffers: readonly Buffer[]; readonly _fragments: readonly Buffer[] };
  };
  return receiver === undefined ? 0 : receiver._buffers.length + receiver._fragments.length;
}

/** RFC 6455 §7.4.1: normal closure, going away; registered with IANA: service restart. */
function closeCode(reason: CloseReason): number {
  if (reason === 'server-restarted') return 1012;
  return reason === 'server-stopped' ? 1001 : 1000;
}
