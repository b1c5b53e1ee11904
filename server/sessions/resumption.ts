import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '../../shared/clock.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { Log } from '../kernel/log.ts';
import type { Connection } from '../net/connection.ts';
import { attributesOf, countIn, failedXml, type ManagementFailure, managementElement } from './management-elements.ts';
import { type Session, unsupportedStanza } from './session.ts';
import { type ResumptionKeeper, StreamManagement, type UnacknowledgedLimits } from './stream-management.ts';

/** Bounds of what is kept for clients that may come back. */
export interface ResumptionLimits extends UnacknowledgedLimits {
  /** For how long a session waits; 0: not at all. */
  readonly resumptionMs: number;
  /** How many may wait at once. */
  readonly waitingSessions: number;
}

/** The sessions that clients may resume after they have lost their connection (XEP-0198 §5). */
export class Resumption implements ResumptionKeeper {
  private readonly limits: ResumptionLimits;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly resumable = new Map<string, StreamManagement>();
  private readonly waiting = new Set<StreamManagement>();

  constructor(limits: ResumptionLimits, clock: Clock, log: Log) {
    this.limits = limits;
    this.clock = clock;
    this.log = log;
  }

  /** A session without stream management has sent an element of it. */
  elementRead(session: Session, element: Stanza, namespace: string): void {
    if (element.name === 'enable') this.enable(session, attributesOf(element));
    else if (element.name === 'resume') session.connection.send(failedXml('unexpected-request'));
    else throw unsupportedStanza(element, namespace);
  }

  /**
   * A client has logged in as the account and wants to go on with a session of it.
   * @returns why not; null if it does. It may bind a resource then: a stream error would only make it try the same again.
   */
  resume(connection: Connection, bareJid: string, element: Stanza): ManagementFailure | null {
    const attributes = attributesOf(element);
    const handled = countIn(attributes.get('h'));
    const id = attributes.get('previd');
    if (handled === null || id === undefined) return 'bad-request';
    const management = this.resumable.get(id);
    if (management === undefined || management.session.bareJid !== bareJid) return 'item-not-found';
    if (!management.resume(connection, handled)) return 'bad-request';
    this.log.info({ jid: management.session.jid, peer: connection.peer }, 'session resumed');
    return null;
  }

  wait(management: StreamManagement, reason: CloseReason): Timer | null {
    const { jid } = management.session;
    if (this.waiting.size >= this.limits.waitingSessions) {
      this.log.warn({ jid, waiting: this.waiting.size }, 'too many sessions wait to be resumed; this one ends');
      return null;
    }
    this.waiting.add(management);
    this.log.info({ jid, reason, ms: management.resumptionMs }, 'session waits to be resumed');
    return this.clock.after(management.resumptionMs, () => management.end('resumption-timeout', null));
  }

  resumed(management: StreamManagement): void {
    this.waiting.delete(management);
  }

  ended(management: StreamManagement): void {
    this.waiting.delete(management);
    this.resumable.delete(management.id);
  }

  private enable(session: Session, attributes: ReadonlyMap<string, string>): void {
    const resume = attributes.get('resume');
    const resumptionMs = resume === 'true' || resume === '1' ? this.resumptionTime(attributes.get('max')) : 0;
    const id = resumptionMs === 0 ? '' : randomBytes(16).toString('hex');
    const management = new StreamManagement(session, id, resumptionMs, this.limits, this);
    const granted = id === '' ? {} : { id, resume: 'true', max: String(Math.ceil(resumptionMs / 1000)) };
    if (id !== '') this.resumable.set(id, management);
    session.management = management;
    session.connection.send(managementElement('enabled', granted));
    session.connection.handOver(management);
  }

  /** XEP-0198 §5: the client may want less than the server allows. @param wanted Seconds. */
  private resumptionTime(wanted: string | undefined): number {
    const seconds = countIn(wanted);
    return seconds === null ? this.limits.resumptionMs : Math.min(this.limits.resumptionMs, seconds * 1000);
  }
}
