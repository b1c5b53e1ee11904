import { randomBytes } from 'node:crypto';
import type { Timer } from '../../shared/clock.ts';
import type { Element } from '../../shared/element.ts';
import type { ServerClock } from '../kernel/clock.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { Log } from '../kernel/log.ts';
import type { Connection } from '../net/connection.ts';
import { type ManagedConnection, ManagedLink, type ResumptionKeeper, type SavedManagement, type UnacknowledgedLimits } from './managed-link.ts';
import { countIn, failedXml, type ManagementFailure, managementElement } from './management-elements.ts';
import type { Session } from './session.ts';
import { unsupportedElement } from './unsupported.ts';

/** The limits of resumption. */
export interface ResumptionLimits extends UnacknowledgedLimits {
  /** The time that a session waits; 0: never. */
  readonly resumptionMs: number;
  /** The most waiting sessions. */
  readonly waitingSessions: number;
}

/** Stream management, and the sessions that clients may resume (XEP-0198 §5). */
export class Resumption implements ResumptionKeeper {
  readonly clock: ServerClock;
  private readonly limits: ResumptionLimits;
  private readonly log: Log;
  private readonly resumable = new Map<string, ManagedLink>();
  private readonly waiting = new Set<ManagedLink>();

  constructor(limits: ResumptionLimits, clock: ServerClock, log: Log) {
    this.limits = limits;
    this.clock = clock;
    this.log = log;
  }

  /** Processes an element of stream management from a session that has not enabled it. */
  elementRead(session: Session, connection: Connection, element: Element): void {
    if (element.name === 'enable') this.enable(session, connection, element.attributes);
    else if (element.name === 'resume') connection.write(failedXml('unexpected-request'));
    else throw unsupportedElement(element);
  }

  /**
   * Resumes a session of the account for a client that has logged in.
   * @returns the failure, or null. On failure the client may bind a resource; a stream error would only make it retry.
   */
  resume(connection: Connection, bareJid: string, element: Element): ManagementFailure | null {
    const { attributes } = element;
    const handled = countIn(attributes.get('h'));
    const id = attributes.get('previd');
    if (handled === null || id === undefined) return 'bad-request';
    const link = this.resumable.get(id);
    if (link === undefined || link.session.bareJid !== bareJid) return 'item-not-found';
    if (!link.resume(connection, handled)) return 'bad-request';
    this.log.info({ jid: link.session.jid, peer: connection.peer }, 'session resumed');
    return null;
  }

  wait(link: ManagedLink, reason: CloseReason): Timer | null {
    const { jid } = link.session;
    if (this.waiting.size >= this.limits.waitingSessions) {
      this.log.warn({ jid, waiting: this.waiting.size }, 'too many sessions wait for a resumption; this one ends');
      return null;
    }
    this.log.info({ jid, reason, ms: link.resumptionMs }, 'session waits for a resumption');
    return this.waitOn(link, link.resumptionMs);
  }

  waitOn(link: ManagedLink, ms: number): Timer {
    this.waiting.add(link);
    return this.clock.after(ms, () => link.close('resumption-timeout', null));
  }

  /** Goes on with the stream management of another process. @returns the link of the session. */
  restore(session: Session, connection: ManagedConnection, saved: SavedManagement): ManagedLink {
    const link = new ManagedLink(session, connection, saved.id, saved.resumptionMs, this.limits, this);
    link.restore(saved);
    if (saved.id !== '') this.resumable.set(saved.id, link);
    session.link = link;
    return link;
  }

  resumed(link: ManagedLink): void {
    this.waiting.delete(link);
  }

  ended(link: ManagedLink): void {
    this.waiting.delete(link);
    this.resumable.delete(link.id);
  }

  private enable(session: Session, connection: Connection, attributes: ReadonlyMap<string, string>): void {
    const resume = attributes.get('resume');
    const resumptionMs = resume === 'true' || resume === '1' ? this.resumptionTime(attributes.get('max')) : 0;
    const id = resumptionMs === 0 ? '' : randomBytes(16).toString('hex');
    const link = new ManagedLink(session, connection, id, resumptionMs, this.limits, this);
    const granted = id === '' ? {} : { id, resume: 'true', max: String(Math.ceil(resumptionMs / 1000)) };
    if (id !== '') this.resumable.set(id, link);
    session.link = link;
    connection.write(managementElement('enabled', granted));
    connection.handOver(link);
  }

  /** XEP-0198 §5: the client may request less than the server allows. @param wanted Seconds. */
  private resumptionTime(wanted: string | undefined): number {
    const seconds = countIn(wanted);
    return seconds === null ? this.limits.resumptionMs : Math.min(this.limits.resumptionMs, seconds * 1000);
  }
}
