import { firstNumber } from '../../router/ledger/message-text.ts';
import type { FailureObserver } from '../../router/ports/environment.ts';
import type { StanzaError } from '../../shared/errors.ts';
import { parseJid } from '../../shared/jid.ts';
import { type OsrfMessage, statusCodeOf } from '../../shared/osrf/message.ts';
import { teamMember } from '../../shared/osrf/program-names.ts';
import { peekOsrfMessages } from '../../shared/osrf/read.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { FloodGuard } from './flood-guard.ts';
import { type LogProtect, REDACTED } from './log-protect.ts';
import type { RecentMessages } from './recent-messages.ts';

const MESSAGE = 'request failed';

/** Do not parse longer stanzas: that costs far more than sending them. */
const MOST_READ = 65_536;

/** The most requests of a session among which that of an answer is searched. */
const MOST_OPEN = 16;

/** A worker that ends a session: the client sends the request again, to the router. */
const SENT_AGAIN = new Set([307, 408]);

/** Logs each failed request: one line without parameters, and a limited number of lines per window of time. */
export class FailedRequests implements FailureObserver {
  private readonly log: FloodGuard;
  private readonly protect: () => LogProtect;
  private readonly recent: RecentMessages;

  constructor(log: FloodGuard, protect: () => LogProtect, recent: RecentMessages) {
    this.log = log;
    this.protect = protect;
    this.recent = recent;
  }

  refused(request: Stanza, statusCode: number, text: string): void {
    if (this.passesOver()) return;
    const messages = messagesOf(request);
    const asked = messages.find(isAsking);
    // No client waits for an answer to a DISCONNECT.
    if (asked === undefined && messages.length > 0) return;
    this.write(request, asked, serviceAt(request.to), `${statusCode} ${text}`);
  }

  failed(request: Stanza, answer: Stanza): void {
    if (this.passesOver()) return;
    const status = messagesOf(answer).find(isFailure);
    const asked = messagesOf(request).filter(isAsking);
    const failed = asked.find(({ threadTrace }) => threadTrace === status?.threadTrace) ?? asked[0];
    this.write(request, failed, serviceAt(request.to), this.reasonOf(status, failed), answer.from);
  }

  failedInSession(answer: Stanza): void {
    if (this.passesOver()) return;
    const status = messagesOf(answer).find(isFailure);
    if (status === undefined || SENT_AGAIN.has(statusCodeOf(status))) return;
    const { to: client, from: worker, transactionId } = answer;
    const asked = this.askedBefore(answer, status.threadTrace);
    this.write({ from: client, to: worker, transactionId }, asked, teamMember(worker)?.service ?? '', this.reasonOf(status, asked), worker);
  }

  /** A stanza bounced: its address has no recipient. */
  undelivered(stanza: Stanza, { condition, text }: StanzaError): void {
    if (stanza.name !== 'message' || stanza.type === 'error' || stanza.thread === '' || this.passesOver()) return;
    const asked = messagesOf(stanza).find(isAsking);
    if (asked !== undefined) this.write(stanza, asked, '', text === '' ? condition : `${condition}: ${text}`);
  }

  /** Counts a suppressed line before anything is parsed for it. */
  private passesOver(): boolean {
    if (!this.log.isFull('warn', MESSAGE)) return false;
    this.log.warn({}, MESSAGE);
    return true;
  }

  /** The request that an answer of a worker names, if it was one of the latest messages. */
  private askedBefore(answer: Stanza, threadTrace: string): OsrfMessage | undefined {
    let left = MOST_OPEN;
    for (const request of this.recent.before(answer)) {
      if (firstNumber(request) === threadTrace) return messagesOf(request).find(isAsking);
      if (--left === 0) break;
    }
    return undefined;
  }

  private reasonOf(status: OsrfMessage | undefined, asked: OsrfMessage | undefined): string {
    const text = String(status?.payload['status'] ?? '');
    // A service may repeat the parameters in its error text. A method of unknown name may be protected.
    const shown = asked === undefined || this.protect().protects(methodOf(asked)) ? REDACTED : text;
    return `${status === undefined ? '' : statusCodeOf(status)} ${shown}`.trim();
  }

  private write(
    { from: client, to, transactionId: xid }: Pick<Stanza, 'from' | 'to' | 'transactionId'>,
    asked: OsrfMessage | undefined,
    service: string,
    reason: string,
    by = '',
  ): void {
    this.log.warn({ service, method: methodOf(asked), client, to, ...(by === '' ? {} : { by }), reason, xid }, MESSAGE);
  }
}

function messagesOf(stanza: Stanza): OsrfMessage[] {
  return stanza.length > MOST_READ ? [] : peekOsrfMessages(stanza);
}

function isAsking({ type }: OsrfMessage): boolean {
  return type === 'REQUEST' || type === 'CONNECT';
}

function isFailure(message: OsrfMessage): boolean {
  return message.type === 'STATUS' && statusCodeOf(message) >= 300;
}

/** `''` if the request was not parsed. */
function methodOf(asked: OsrfMessage | undefined): string {
  if (asked === undefined) return '';
  return asked.type === 'CONNECT' ? 'CONNECT' : String(asked.payload['method'] ?? '');
}

/** The service at an address of a router. */
function serviceAt(address: string): string {
  return parseJid(address)?.resource ?? '';
}
