import type { GatewayWorker } from '../http/gateway-worker.ts';

/** A session with a worker of a service, as the answer to a CONNECT began it. */
export interface TranslatorSession {
  /** The JID of the service's worker. */
  readonly remote: string;
  readonly service: string;
  /** The gateway's session that the CONNECT came from. */
  readonly worker: GatewayWorker;
  /** Monotonic milliseconds. */
  readonly until: number;
}

/** The connected sessions of the HTTP translator, each of one client's address. They are not renewed by use, as OpenSRF's in memcached are not. */
export class TranslatorSessions {
  private readonly most: number;
  private readonly lifeMs: number;
  private readonly now: () => number;
  /** In order of their beginning, which is that of their end. */
  private readonly sessions = new Map<string, TranslatorSession>();

  constructor(most: number, lifeMs: number, now: () => number) {
    this.most = most;
    this.lifeMs = lifeMs;
    this.now = now;
  }

  add(address: string, thread: string, session: Omit<TranslatorSession, 'until'>): void {
    const key = keyOf(address, thread);
    this.sessions.delete(key);
    this.sessions.set(key, { ...session, until: this.now() + this.lifeMs });
    this.forgetOld();
  }

  /** The session of a thread, if it is this client's; null otherwise. */
  get(address: string, thread: string): TranslatorSession | null {
    this.forgetOld();
    return this.sessions.get(keyOf(address, thread)) ?? null;
  }

  remove(address: string, thread: string): void {
    this.sessions.delete(keyOf(address, thread));
  }

  private forgetOld(): void {
    const now = this.now();
    for (const [key, { until }] of this.sessions) {
      if (until > now && this.sessions.size <= this.most) return;
      this.sessions.delete(key);
    }
  }
}

function keyOf(address: string, thread: string): string {
  return `${address} ${thread}`;
}
