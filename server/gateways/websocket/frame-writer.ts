import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { ServerClock } from '../../kernel/clock.ts';
import { WRITE_LENGTH } from '../../net/transport.ts';
import type { LocalLink } from '../../sessions/local-link.ts';

const LAST = { fin: true };
const NOT_LAST = { fin: false };

/** Writes frames to a browser: one write per turn, and no more than the browser reads. The rest waits in its link, which counts it and closes slow readers. */
export class FrameWriter {
  private readonly webSocket: WebSocket;
  private readonly socket: Socket;
  private readonly clock: Pick<ServerClock, 'next'>;
  /** Releases the messages that the link holds back; null while the browser reads. */
  private release: (() => void) | null = null;
  private corked = false;

  constructor(webSocket: WebSocket, socket: Socket, clock: Pick<ServerClock, 'next'>) {
    this.webSocket = webSocket;
    this.socket = socket;
    this.clock = clock;
  }

  /** Whether the browser has unread frames. */
  get blocked(): boolean {
    return this.release !== null;
  }

  /** Sends a frame or a fragment of one. @param fin Whether it is the last. @param link Holds back further answers while the browser does not read; null: no session. */
  send(frame: string, fin: boolean, link: LocalLink | null): void {
    const { webSocket } = this;
    if (webSocket.readyState !== webSocket.OPEN) return;
    this.cork();
    webSocket.send(frame, fin ? LAST : NOT_LAST, this.taken);
    if (this.release === null && webSocket.bufferedAmount > WRITE_LENGTH) this.release = link?.hold() ?? null;
  }

  private cork(): void {
    if (this.corked) return;
    this.corked = true;
    this.socket.cork();
    this.clock.next(this.uncork);
  }

  private readonly uncork = (): void => {
    this.corked = false;
    this.socket.uncork();
  };

  /** The kernel has accepted a frame. */
  private readonly taken = (): void => {
    if (this.release === null || this.webSocket.bufferedAmount > WRITE_LENGTH / 2) return;
    const { release } = this;
    this.release = null;
    release();
  };
}
