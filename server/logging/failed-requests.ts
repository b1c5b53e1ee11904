import type { FailureObserver } from '../../router/ports/environment.ts';
import type { StanzaError } from '../../shared/errors.ts';
import { parseJid } from '../../shared/jid.ts';
import { type OsrfMessage, statusCodeOf } from '../../shared/osrf/message.ts';
import { peekOsrfMessages } from '../../shared/osrf/read.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { FloodGuard } from './flood-guard.ts';
import { type LogProtect, REDACTED } from './log-protect.ts';

const MESSAGE = 'request failed';

/** Do not parse longer stanzas: that costs far more than sending them. */
const MOST_READ = 65_536;

/** Logs each failed request: one line without parameters, and a limited number of lines per window of time. */
export class FailedRequests implements FailureObserver {
  private readonly log: FloodGuard;
  private readonly protect: () => LogProtect;

  constructor(log: FloodGuard, protect: () => LogProtect) {
    this.log = log;
    this.protect = protect;
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
    const status = messagesOf(answer).find((message) => message.type === 'STATUS' && statusCodeOf(message) >= 300);
    const asked = messagesOf(request).filter(isAsking);
    const failed = asked.find(({ threadTrace }) => threadTrace === status?.threadTrace) ?? asked[0];
    const method = methodOf(failed);
    const text = String(status?.payload['status'] ?? '');
    // A service may repeat the parameters in its error text. A method of unknown name may be protected.
    const shown = failed === undefined || this.protect().protects(method) ? REDACTED : text;
    this.write(request, failed, serviceAt(request.to), `${status === undefined ? '' : statusCodeOf(status)} ${shown}`.trim(), answer.from);
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

  private write({ from: client, to, transactionId: xid }: Stanza, asked: OsrfMessage | undefined, service: string, reason: string, by = ''): void {
    this.log.warn({ service, method: methodOf(asked), client, to, ...(by === '' ? {} : { by }), reason, xid }, MESSAGE);
  }
}

function messagesOf(stanza: Stanza): OsrfMessage[] {
  return stanza.length > MOST_READ ? [] : peekOsrfMessages(stanza);
}

function isAsking({ type }: OsrfMessage): boolean {
  return type === 'REQUEST' || type === 'CONNECT';
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
