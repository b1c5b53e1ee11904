import type { ChopChop } from '../compose/chopchop.ts';

/** A limit and the highest value so far. */
export interface LimitReport {
  /** The name in the configuration, which contains the unit. */
  readonly limit: string;
  readonly value: number;
  /** The current value; null if it is not tracked. {@link peak} likewise. */
  readonly now: number | null;
  readonly peak: number | null;
  /** The peer with the highest value, or `''`. */
  readonly who: string;
  /** The number of times the limit was exceeded. */
  readonly met: number;
}

/** The highest value, and its peer. */
interface Peak {
  value: number;
  who: string;
}

/** Watches the limits that a healthy site may reach. */
export class NearLimits {
  private readonly server: ChopChop;
  private readonly outbox: Peak = { value: 0, who: '' };
  private readonly memory: Peak = { value: 0, who: '' };
  private readonly stanza: Peak = { value: 0, who: '' };
  private readonly unanswered: Peak = { value: 0, who: '' };
  private readonly held: Peak = { value: 0, who: '' };

  constructor(server: ChopChop) {
    this.server = server;
  }

  /** Updates the peaks; called once per second. */
  look(): void {
    raise(this.outbox, ...this.fullestOutbox());
    raise(this.memory, this.server.memory.bytes, this.server.memory.largest(1)[0]?.debtor.peer ?? '');
    raise(this.unanswered, this.server.unanswered.size, '');
    for (const router of this.server.routers.values()) raise(this.held, router.heldRequests, router.jid);
  }

  /** Notes the length of an observed stanza. */
  stanzaSeen(length: number, from: string): void {
    raise(this.stanza, length, from);
  }

  reports(): LimitReport[] {
    this.look();
    const { config, unanswered, counts, routers, memory } = this.server;
    const { limits } = config;
    const mostHeld = Math.max(...Array.from(routers.values(), (router) => router.heldRequests));
    const unfollowed = { now: null, peak: null, who: '' };
    return [
      { limit: 'outboxBytes', value: limits.outboxBytes, now: this.fullestOutbox()[0], ...peakOf(this.outbox), met: counts.closes.get('slow-reader') ?? 0 },
      { limit: 'memoryBytes', value: memory.limit, now: memory.bytes, ...peakOf(this.memory), met: memory.givenUp },
      { limit: 'stanzaBytes', value: limits.stanzaBytes, now: null, ...peakOf(this.stanza), met: counts.bounces.get('policy-violation') ?? 0 },
      { limit: 'unansweredRequests', value: limits.unansweredRequests, now: unanswered.size, ...peakOf(this.unanswered), met: unanswered.forgotten },
      { limit: 'heldRequests', value: limits.heldRequests, now: mostHeld, ...peakOf(this.held), met: 0 },
      { limit: 'loginTimeoutMs', value: limits.loginTimeoutMs, ...unfollowed, met: counts.closes.get('login-timeout') ?? 0 },
    ];
  }

  private fullestOutbox(): [bytes: number, jid: string] {
    let bytes = 0;
    let who = '';
    for (const { jid, link } of this.server.sessions) {
      if (link.outboxBytes <= bytes) continue;
      bytes = link.outboxBytes;
      who = jid;
    }
    return [bytes, who];
  }
}

function raise(peak: Peak, value: number, who: string): void {
  if (value <= peak.value) return;
  peak.value = value;
  peak.who = who;
}

function peakOf({ value, who }: Peak): Pick<LimitReport, 'peak' | 'who'> {
  return { peak: value, who };
}
