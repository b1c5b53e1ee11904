import { xml } from '../../shared/element.ts';
import { StreamError } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import { Stanza } from '../../shared/stanza.ts';
import type { Session } from './session.ts';

/** How long a session may be silent, in milliseconds. */
export interface LivenessLimits {
  /** After so long a silence it is asked whether it is there; 0: never. */
  readonly pingAfterMs: number;
  /** It may take so long to say anything then. */
  readonly pingTimeoutMs: number;
}

/** A session, as far as it is looked at. */
export interface WatchedSession extends Pick<Session, 'jid' | 'origin' | 'answersPings' | 'deliver' | 'close'> {
  readonly link: Pick<Session['link'], 'bytesRead' | 'open'>;
}

interface Silence {
  readonly bytesRead: number;
  readonly since: number;
  /** 0 while it has not been asked. */
  askedAt: number;
}

/**
 * Asks sessions that have been silent whether they are there, and ends those that do not say a word (XEP-0199 §4.1). Only those of XMPP 1.0:
 * OpenSRF's programs are silent for days and answer no ping; TCP's own keep-alive looks after them.
 */
export class Liveness {
  private readonly limits: LivenessLimits;
  private readonly silences = new WeakMap<WatchedSession, Silence>();

  constructor(limits: LivenessLimits) {
    this.limits = limits;
  }

  /** To be called now and then. @param now Monotonic milliseconds. */
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
      session.close('ping-timeout', new StreamError('connection-timeout', 'a ping was not answered'));
    }
  }
}

function pingTo({ jid, origin }: WatchedSession): Stanza {
  const ping = new Stanza('iq', jid, origin.domain, 'get', 'ping');
  ping.inner = `${xml('ping', { xmlns: NS.ping })}</iq>`;
  return ping;
}
