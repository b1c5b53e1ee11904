import type { ChopChop } from '../chopchop.ts';

/** The fullest outbox there was. */
export interface OutboxPeak {
  readonly bytes: number;
  /** Whose it was; `''` where none ever had anything in it. */
  readonly jid: string;
}

/** A limit, and how near somebody came to it. */
export interface LimitReport {
  /** As in the configuration; the unit is in the name. */
  readonly limit: string;
  readonly value: number;
  /** What there is now. */
  readonly now: number;
  /** The most there was since the control interface is up; null where that is not followed. */
  readonly peak: number | null;
  /** Who came so near, where one can be named. */
  readonly who: string;
  /** How often the limit was met. */
  readonly met: number;
}

/** The limits that a healthy site may meet. */
export function limitReports({ config, sessions, unanswered, counts }: ChopChop, outbox: OutboxPeak): LimitReport[] {
  const { limits } = config;
  const fullest = Math.max(0, ...Array.from(sessions, ({ connection }) => connection.outboxBytes));
  const met = (reason: Parameters<typeof counts.closes.get>[0]) => counts.closes.get(reason) ?? 0;
  return [
    { limit: 'outboxBytes', value: limits.outboxBytes, now: fullest, peak: Math.max(fullest, outbox.bytes), who: outbox.jid, met: met('slow-reader') },
    { limit: 'unansweredRequests', value: limits.unansweredRequests, now: unanswered.size, peak: null, who: '', met: unanswered.forgotten },
    { limit: 'stanzaBytes', value: limits.stanzaBytes, now: 0, peak: null, who: '', met: counts.bounces.get('policy-violation') ?? 0 },
    { limit: 'loginTimeoutMs', value: limits.loginTimeoutMs, now: 0, peak: null, who: '', met: met('login-timeout') },
  ];
}
