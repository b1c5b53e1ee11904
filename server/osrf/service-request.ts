import type { OsrfMessage } from '../../shared/osrf/message.ts';
import type { Reply } from '../../shared/osrf/reply.ts';

/** A session on the worker's side: a client's messages on one thread from CONNECT to DISCONNECT, or a single stanza. */
export class ServiceSession {
  /** OpenSRF's session id, references resolved. */
  readonly thread: string;
  /** The client's JID. */
  readonly client: string;
  /** `osrf_xid` of the last message. */
  transactionId: string;
  /** Whether the worker is bound to it. */
  connected = false;
  /** Values that the methods keep between the requests of a connected session. */
  // biome-ignore lint/suspicious/noExplicitAny: the service's own
  readonly state: Map<string, any> = new Map();

  constructor(thread: string, client: string, transactionId: string) {
    this.thread = thread;
    this.client = client;
    this.transactionId = transactionId;
  }
}

/** A REQUEST, for a method. */
export class ServiceRequest {
  /** The name of the service. */
  readonly service: string;
  /** The name of the method. */
  readonly method: string;
  /** The parameters. */
  readonly params: readonly unknown[];
  /** Its session. */
  readonly session: ServiceSession;
  /** The number of the request in its session. */
  readonly threadTrace: string;
  /** The language that the client prefers. */
  readonly locale: string;
  /** The entry point of the request into the system, or `''`. */
  readonly ingress: string;
  /** OpenSRF's API level, or 0. */
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

  /** Adds a result, which is sent in a bundle or in chunks, as by OpenSRF's libraries. */
  respond(content: unknown): void {
    this.reply.result(content);
  }

  /** Sends the bundled results. */
  flush(): void {
    this.reply.flush();
  }

  /** Sends status 100, which restarts the client's time-out. */
  continue(): void {
    this.reply.status(100, 'Continue', 'osrfContinueStatus');
  }
}
