import type { Stanza } from '../../../shared/stanza.ts';
import { SYSTEM_TIME } from '../../kernel/clock.ts';
import type { Session } from '../../sessions/session.ts';
import type { Tap } from '../../sessions/taps.ts';
import type { Allowance } from './allowance.ts';

/** Reads the queued stanzas. Times are monotonic milliseconds. */
export interface PassingReader {
  read(session: Session, stanza: Stanza, at: number): void;
  delivered(session: Session, stanza: Stanza, at: number): void;
  bound(session: Session): void;
  ended(session: Session, at: number): void;
}

/** Called on the hot path: it must only note the call. */
export interface PassingQueueOwner {
  /** The queue is no longer empty. */
  begun(): void;
  /** The queue is large: empty it after this turn. */
  filled(): void;
  /** A stanza was not queued, because the allowance is spent. */
  overflowed(): void;
}

type Kind = 'read' | 'delivered' | 'bound' | 'ended';

/** The bytes and stanzas beyond which the queue is emptied early, because it keeps their memory, and the input that they came in. */
const MANY_BYTES = 512 * 1024;
const MANY_STANZAS = 256;

/**
 * The stanzas of all sessions, in order, until the trace reads them. On the hot path it stores four values for each stanza with a thread.
 */
export class PassingQueue implements Tap {
  /** Requests from a router to listeners. */
  handed = 0;
  private readonly allowance: Allowance;
  private readonly owner: PassingQueueOwner;
  private kinds: Kind[] = [];
  private sessions: Session[] = [];
  private stanzas: (Stanza | null)[] = [];
  private times: number[] = [];
  private bytes = 0;
  private state: 'filling' | 'full' = 'filling';

  constructor(allowance: Allowance, owner: PassingQueueOwner) {
    this.allowance = allowance;
    this.owner = owner;
  }

  bound(session: Session): void {
    this.add('bound', session, null, 0);
  }

  read(session: Session, stanza: Stanza): void {
    // A stanza with router_from is the copy of a request read before.
    if (stanza.thread === '' || stanza.name !== 'message' || stanza.routerFrom !== '' || stanza.type === 'error') return;
    this.addStanza('read', session, stanza);
  }

  delivered(session: Session, stanza: Stanza): void {
    if (stanza.routerFrom !== '') this.handed++;
    if (stanza.thread === '' || stanza.name !== 'message') return;
    this.addStanza('delivered', session, stanza);
  }

  ended(session: Session): void {
    this.add('ended', session, null, 0);
  }

  /** Hands everything to a reader, and empties the queue. */
  drain(reader: PassingReader): void {
    const { kinds, sessions, stanzas, times } = this;
    this.kinds = [];
    this.sessions = [];
    this.stanzas = [];
    this.times = [];
    this.bytes = 0;
    this.state = 'filling';
    for (let index = 0; index < kinds.length; index++) {
      pass(reader, kinds[index] as Kind, sessions[index] as Session, stanzas[index] as Stanza, times[index] as number);
    }
  }

  private addStanza(kind: Kind, session: Session, stanza: Stanza): void {
    if (this.allowance.take(stanza.length)) this.add(kind, session, stanza, stanza.cost);
    else this.owner.overflowed();
  }

  private add(kind: Kind, session: Session, stanza: Stanza | null, bytes: number): void {
    const count = this.kinds.push(kind);
    this.sessions.push(session);
    this.stanzas.push(stanza);
    this.times.push(SYSTEM_TIME.now());
    this.bytes += bytes;
    if (count === 1) this.owner.begun();
    if (this.state === 'full' || (this.bytes < MANY_BYTES && count < MANY_STANZAS)) return;
    this.state = 'full';
    this.owner.filled();
  }
}

function pass(reader: PassingReader, kind: Kind, session: Session, stanza: Stanza, at: number): void {
  switch (kind) {
    case 'read':
      reader.read(session, stanza, at);
      return;
    case 'delivered':
      reader.delivered(session, stanza, at);
      return;
    case 'bound':
      reader.bound(session);
      return;
    case 'ended':
      reader.ended(session, at);
  }
}
