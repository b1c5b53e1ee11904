import { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** A WebSocket as a stream: each write and each read is a frame. */
export class WebSocketStream extends Duplex {
  private readonly webSocket: WebSocket;

  constructor(webSocket: WebSocket) {
    super({ allowHalfOpen: true, decodeStrings: false });
    this.webSocket = webSocket;
    webSocket.on('message', (frame: Buffer) => this.push(frame));
    webSocket.on('error', () => {});
    webSocket.on('close', () => this.push(null));
  }

  override _read(): void {}

  override _write(chunk: Buffer | string, _encoding: BufferEncoding, done: () => void): void {
    // Its own bytes, UTF-8 or not.
    this.webSocket.send(chunk, { binary: false }, () => done());
  }

  override _final(done: () => void): void {
    this.webSocket.close();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.webSocket.terminate();
    done(error);
  }
}
