import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { MemoryAccount } from '../../../shared/memory-account.ts';
import { webSocketBytes } from '../../net/websocket/websocket-transport.ts';

/** Charges the memory of a WebSocket and of its incomplete frame. */
export class SocketMemory {
  private readonly webSocket: WebSocket;
  private readonly socket: Socket;
  private readonly account: MemoryAccount;
  private begunBytes = 0;
  private frameEnded = false;
  private charged = 0;

  constructor(webSocket: WebSocket, socket: Socket, account: MemoryAccount) {
    this.webSocket = webSocket;
    this.socket = socket;
    this.account = account;
    this.measure();
  }

  measure(): void {
    this.charge(webSocketBytes(this.webSocket, this.socket, this.begunBytes));
  }

  /** The library has read bytes; it keeps those of an incomplete frame. */
  bytesCame(bytes: number): void {
    this.begunBytes = this.frameEnded ? 0 : this.begunBytes + bytes;
    this.frameEnded = false;
    this.measure();
  }

  /** A frame is complete. */
  frameCame(): void {
    this.frameEnded = true;
  }

  /** The WebSocket has closed. */
  forget(): void {
    this.charge(0);
  }

  private charge(bytes: number): void {
    this.account.charge(bytes - this.charged);
    this.charged = bytes;
  }
}
