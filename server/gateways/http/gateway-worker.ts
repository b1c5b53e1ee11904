import type { Stanza } from '../../../shared/stanza.ts';
import { unescapeXml } from '../../../shared/xml.ts';
import type { CloseReason } from '../../kernel/close-reason.ts';
import type { LocalLink, Program, ProgramPlace } from '../../sessions/local-link.ts';
import type { Entrance } from '../entrance.ts';

/** What a worker does for one request of a browser's. */
export interface WorkerCall {
  readonly thread: string;
  /** Takes a message of its thread. */
  received(stanza: Stanza): void;
  /** Ends it if its time is over. @param now Monotonic milliseconds. */
  look(now: number): void;
  /** The worker's session is over. */
  lost(reason: CloseReason): void;
}

/** Its browser changes with each request. */
interface WorkerPlace extends ProgramPlace {
  peer: string;
}

/** A session for requests over HTTP, one at a time, as each child of Apache has one with OpenSRF's gateways. So no request can get the answer to another. */
export class GatewayWorker implements Program {
  link: LocalLink | null = null;
  private readonly place: WorkerPlace = { kind: 'web', peer: '' };
  private readonly onEnded: (worker: GatewayWorker) => void;
  private call: WorkerCall | null = null;

  constructor(onEnded: (worker: GatewayWorker) => void) {
    this.onEnded = onEnded;
  }

  /** Gets its session. @returns false where the server takes no more. */
  enter(entrance: Entrance, address: string): boolean {
    this.place.peer = address;
    this.link = entrance.enter(this, this.place);
    return this.link !== null;
  }

  begin(call: WorkerCall, address: string): void {
    this.call = call;
    this.place.peer = address;
  }

  end(): void {
    this.call = null;
  }

  look(now: number): void {
    this.call?.look(now);
  }

  received(stanza: Stanza): void {
    const { call } = this;
    // An answer that came too late is for no one.
    if (call === null || stanza.name !== 'message' || unescapeXml(stanza.thread) !== call.thread) return;
    call.received(stanza);
  }

  ended(reason: CloseReason): void {
    this.link = null;
    this.onEnded(this);
    this.call?.lost(reason);
  }
}
