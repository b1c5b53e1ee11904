import type { OsrfMessage } from '../../shared/osrf/message.ts';
import type { Reply } from '../../shared/osrf/reply.ts';

/** A session as its worker sees it: what a client says on one thread from CONNECT to DISCONNECT, or in one stanza without. */
export class ServiceSession {
  /** OpenSRF's session id, references resolved. */
  readonly thread: string;
  /** The client's JID. */
  readonly client: string;
  /** `osrf_xid` of the last message that came. */
  transactionId: string;
  /** Whether the worker keeps to it until it ends. */
  connected = false;
  /** What methods want to remember from one request of a connected session to the next. */
  // biome-ignore lint/suspicious/noExplicitAny: the service's own
  readonly state: Map<string, any> = new Map();

  constructor(thread: string, client: string, transactionId: string) {
    this.thread = thread;
    this.client = client;
    this.transactionId = transactionId;
  }
}

/** A REQUEST as a method sees it. */
export class ServiceRequest {
  /** The service that was asked. */
  readonly service: string;
  /** What is to be done. */
  readonly method: string;
  /** With what. */
  readonly params: readonly unknown[];
  /** The session it is part of. */
  readonly session: ServiceSession;
  /** The number of the request in its session. */
  readonly threadTrace: string;
  /** The language the client wants texts in. */
  readonly locale: string;
  /** By which door the request came into the system; `''` where it does not say. */
  readonly ingress: string;
  /** 0 where the client says none. */
  readonly apiLevel: number;
  private readonly reply: Reply;

  constructor(service: string, message: OsrfMessage, session: ServiceSession, reply: Reply) {
    const { method, params } = message.payload;
    this.service = service;
    this.method = typeof method === 'string' ? method : '';
    this.params = Array.isArray(params) ? params : [];
    this.session = session;
    this.threadTrace = message.threadTrace;
    this.locale = message.locale;
    this.ingress = message.ingress;
    this.apiLevel = message.apiLevel;
    this.reply = reply;
  }

  /** Gives one result; it leaves with those behind it, or in pieces, as OpenSRF's libraries do it. */
  respond(content: unknown): void {
    this.reply.result(content);
  }

  /** Sends what waits to leave with later results. */
  flush(): void {
    this.reply.flush();
  }

  /** Tells the client that the work goes on: its time-out begins anew (status 100). */
  continue(): void {
    this.reply.status(100, 'Continue', 'osrfContinueStatus');
  }
}
