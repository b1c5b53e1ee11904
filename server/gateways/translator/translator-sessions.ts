import type { GatewayWorker } from '../http/gateway-worker.ts';

/** A session with a worker of a service, begun by the answer to a CONNECT. */
export interface TranslatorSession {
  /** The JID of the service's worker. */
  readonly remote: string;
  readonly service: string;
  /** The gateway's session that sent the CONNECT. */
  readonly worker: GatewayWorker;
  /** Monotonic milliseconds. */
  readonly until: number;
}

/** The connected sessions of the HTTP translator, each bound to one client's address. Use does not renew them, as in OpenSRF's memcached. */
export class TranslatorSessions {
  private readonly most: number;
  private readonly lifeMs: number;
  private readonly now: () => number;
  /** In order of creation, thus of expiry. */
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

  /** The session of a thread if it belongs to this client; else null. */
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
