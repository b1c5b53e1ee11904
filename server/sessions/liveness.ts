import { xml } from '../../shared/element.ts';
import { StreamError } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import { Stanza } from '../../shared/stanza.ts';
import type { Session } from './session.ts';

/** The limits of silence, in milliseconds. */
export interface LivenessLimits {
  /** The silence before a ping; 0: never ping. */
  readonly pingAfterMs: number;
  /** The time for any input after a ping. */
  readonly pingTimeoutMs: number;
}

/** The parts of a session that liveness needs. */
export interface WatchedSession extends Pick<Session, 'jid' | 'origin' | 'answersPings' | 'deliver' | 'close'> {
  readonly link: Pick<Session['link'], 'bytesRead' | 'open'>;
}

interface Silence {
  readonly bytesRead: number;
  readonly since: number;
  /** The time of the ping; 0 without one. */
  askedAt: number;
}

/**
 * Pings silent sessions and ends those that do not answer (XEP-0199 §4.1). XMPP 1.0 only:
 * OpenSRF's programs are silent for days and answer no ping; TCP keep-alive probes them.
 */
export class Liveness {
  private readonly limits: LivenessLimits;
  private readonly silences = new WeakMap<WatchedSession, Silence>();

  constructor(limits: LivenessLimits) {
    this.limits = limits;
  }

  /** Called periodically. @param now Monotonic milliseconds. */
  check(sessions: Iterable<WatchedSession>, now: number): void {
    if (this.limits.pingAfterMs === 0) return;
    for (const session of sessions) if (session.answersPings && session.link.open) this.look(session, now);
  }

  private look(session: WatchedSession, now: number): void {
    const { pingAfterMs, pingTimeoutMs } = this.limits;
    const { bytesRead } = session.link;
    const silence = this.silences.get(session);
    if (silence === undefined || silence.bytesRead !== bytesRead) {
      this.silences.set(session, { bytesRead, since: now, askedAt: 0 });
    } else if (silence.askedAt === 0) {
      if (now - silence.since < pingAfterMs) return;
      silence.askedAt = now;
      session.deliver(pingTo(session));
    } else if (now - silence.askedAt >= pingTimeoutMs) {
      session.close('ping-timeout', new StreamError('connection-timeout', 'no answer to a ping'));
    }
  }
}

function pingTo({ jid, origin }: WatchedSession): Stanza {
  const ping = new Stanza('iq', jid, origin.domain, 'get', 'ping');
  ping.inner = `${xml('ping', { xmlns: NS.ping })}</iq>`;
  return ping;
}
