import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Pace } from '../../shared/reader/pace.ts';
import type { ReaderLimits, StreamReceiver } from '../../shared/reader/stream-receiver.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { ByteInput } from './byte-input.ts';
import type { Framing } from './framing.ts';
import { type InheritedSocket, readDirectly } from './read-directly.ts';
import { type ChannelBindings, channelBindingsOf, NO_CHANNEL } from './tls/channel-bindings.ts';
import { handshakeBytes } from './tls/handshake-bytes.ts';
import type { TlsIdentity } from './tls/identity.ts';
import { type PeerCertificate, type PeerTls, peerCertificateOf, peerTlsSocket } from './tls/peer-tls.ts';
import {
  type Input,
  type MovableTransport,
  type SavedInput,
  TLS_BYTES,
  type Transport,
  type TransportKind,
  type TransportReceiver,
  WRITE_LENGTH,
} from './transport.ts';
import { writeBuffer } from './write-buffer.ts';

/** The location of the peer of a byte stream. */
export interface PeerPlace {
  readonly kind: Exclude<TransportKind, 'tls' | 'websocket'>;
  readonly peer: string;
  readonly remote: boolean;
}

/** Node's handle of a kernel socket. Its properties are undocumented. */
interface SocketHandle {
  readonly fd: number;
  /** The bytes that the kernel has not taken. */
  readonly writeQueueSize: number;
}

function handleOf(socket: Duplex): SocketHandle | null {
  return (socket as { readonly _handle?: SocketHandle | null })._handle ?? null;
}

const NOTHING = Buffer.alloc(0);

/** The approximate memory of a connection. */
const SOCKET_BYTES = 8_192;

/** The ALPN protocol of direct TLS (XEP-0368 §4). */
const ALPN = ['xmpp-client'];

/** A stream of bytes: TCP, TLS on top of that, a Unix domain socket, or a pair of streams in this process. */
export class ByteTransport implements Transport, MovableTransport {
  readonly peer: string;
  readonly remote: boolean;
  socket: Duplex;
  readonly framing: Framing;
  readonly keepsChunks = false;
  written = 0;
  inFlight: Buffer | null = null;
  private readonly plainKind: PeerPlace['kind'];
  private tls: { readonly socket: TLSSocket; readonly raw: Duplex; readonly identity: TlsIdentity | null } | null = null;
  private certificate: PeerCertificate | null = null;
  private receiver: TransportReceiver | null = null;
  private input: ByteInput | null = null;
  /** Until {@link open}: the socket of another process. */
  private inherited: InheritedSocket | null = null;

  constructor(socket: Duplex, { kind, peer, remote }: PeerPlace, framing: Framing) {
    this.socket = socket;
    this.framing = framing;
    this.plainKind = kind;
    this.peer = peer;
    this.remote = remote;
  }

  /** A transport on a socket that another process has opened. */
  static on(inherited: InheritedSocket, place: PeerPlace, framing: Framing): ByteTransport {
    const transport = new ByteTransport(inherited.socket, place, framing);
    transport.inherited = inherited;
    return transport;
  }

  /** A transport with TLS from the first byte. */
  static overTls(socket: Duplex, place: PeerPlace, framing: Framing, identity: TlsIdentity): ByteTransport {
    const transport = new ByteTransport(socket, place, framing);
    transport.encrypt(identity, ALPN);
    return transport;
  }

  get kind(): TransportKind {
    return this.tls === null ? this.plainKind : 'tls';
  }

  get confidential(): boolean {
    return this.tls !== null || this.plainKind !== 'tcp';
  }

  get canStartTls(): boolean {
    return this.tls === null && this.plainKind === 'tcp';
  }

  get channelBindings(): ChannelBindings {
    return this.tls === null || this.tls.identity === null ? NO_CHANNEL : channelBindingsOf(this.tls.socket, this.tls.identity);
  }

  get peerCertificate(): PeerCertificate | null {
    // As a client Node hands the certificate out only once.
    if (this.tls !== null) this.certificate ??= peerCertificateOf(this.tls.socket);
    return this.certificate;
  }

  get destroyed(): boolean {
    return this.socket.destroyed;
  }

  get keptBytes(): number {
    if (this.tls === null) return SOCKET_BYTES;
    return SOCKET_BYTES + TLS_BYTES + handshakeBytes(this.tls.socket, this.tls.raw);
  }

  get waitingBytes(): number {
    return this.socket.writableLength;
  }

  open(receiver: TransportReceiver): void {
    const take = (chunk: Buffer): void => receiver.dataRead(chunk);
    this.receiver = receiver;
    if (this.inherited !== null) {
      this.inherited.take = take;
      this.inherited.socket.resume();
      this.inherited = null;
    } else if (this.tls === null && this.socket instanceof Socket) this.socket = readDirectly(this.socket, take);
    else this.socket.on('data', take);
    const { socket } = this;
    socket.on('end', () => receiver.ended());
    socket.on('error', (error) => receiver.failed(error));
    // A TLS socket without a tls.Server reports errors after its handshake by this event only.
    if (this.tls !== null) socket.on('_tlsError', (error) => receiver.failed(error));
    socket.on('close', () => receiver.closed());
  }

  createInput(receiver: StreamReceiver, limits: ReaderLimits, pace: Pace): Input {
    this.input = new ByteInput(receiver, limits, pace);
    return this.input;
  }

  write(entries: readonly (string | Stanza)[], taken: () => void): number {
    const { kind } = this;
    if (kind !== 'tcp' && kind !== 'unix') return this.writeText(entries, taken);
    const count = writeBuffer.fill(entries, WRITE_LENGTH);
    if (count > 0) this.written += writeBuffer.writeTo(this, taken);
    return count;
  }

  get movable(): MovableTransport | null {
    return this.tls === null && this.plainKind !== 'memory' ? this : null;
  }

  get descriptor(): number {
    return handleOf(this.socket)?.fd ?? -1;
  }

  get untaken(): Buffer {
    const { inFlight } = this;
    if (inFlight === null) return NOTHING;
    return inFlight.subarray(inFlight.length - (handleOf(this.socket)?.writeQueueSize ?? 0));
  }

  saveInput(): SavedInput | null {
    return this.input?.save() ?? null;
  }

  restoreInput(saved: SavedInput, receiver: StreamReceiver, limits: ReaderLimits): void {
    this.input?.restore(saved, receiver, limits);
  }

  writeRest(bytes: Buffer, taken: () => void): void {
    this.inFlight = bytes;
    this.socket.write(bytes, taken);
  }

  release(): void {
    this.socket.removeAllListeners();
    // Its pending write fails.
    this.socket.on('error', () => {});
    this.socket.destroy();
  }

  end(texts: readonly string[]): void {
    const text = texts.join('');
    this.written += text.length;
    this.socket.end(text);
  }

  destroy(): void {
    this.socket.destroy();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  startTls(identity: TlsIdentity | null, peer: PeerTls | null): void {
    // From now on the TLS socket around it reports its events.
    for (const event of ['data', 'end', 'close']) this.socket.removeAllListeners(event);
    if (peer !== null) this.useTls(peerTlsSocket(this.socket, peer), identity);
    else if (identity !== null) this.encrypt(identity, []);
    if (this.receiver !== null) this.open(this.receiver);
  }

  private encrypt(identity: TlsIdentity, ALPNProtocols: string[]): void {
    const socket = new TLSSocket(this.socket, { isServer: true, secureContext: identity.context, ...(ALPNProtocols.length > 0 && { ALPNProtocols }) });
    this.useTls(socket, identity);
  }

  private useTls(socket: TLSSocket, identity: TlsIdentity | null): void {
    this.tls = { socket, raw: this.socket, identity };
    this.socket = socket;
  }

  private writeText(entries: readonly (string | Stanza)[], taken: () => void): number {
    let text = '';
    let count = 0;
    while (count < entries.length && text.length < WRITE_LENGTH) {
      const entry = entries[count] as string | Stanza;
      if (typeof entry !== 'string' && entry.long) break;
      text += typeof entry === 'string' ? entry : entry.toXml();
      count++;
    }
    if (count === 0) return 0;
    this.written += text.length;
    this.socket.write(text, 'utf8', taken);
    return count;
  }
}
