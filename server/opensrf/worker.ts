import type { Timer } from '../../router/environment.ts';
import { bodyText, type OsrfMessage, parseOsrfMessages, toJson } from '../../shared/osrf-message.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { unescapeXml } from '../../shared/xml.ts';
import type { JabberClient } from './jabber-client.ts';
import { messageXml, type OutgoingMessage, statusMessage } from './message.ts';
import { Reply } from './reply.ts';
import type { ServiceDescription } from './service-description.ts';

/** The client a worker is bound to, from its CONNECT on. */
interface BoundSession {
  /** XML text, as {@link Stanza.thread} has it. */
  readonly thread: string;
  readonly client: string;
  readonly transactionId: string;
}

/** One drone: takes a request from its listener, or keeps a session with one client until that disconnects or falls silent. */
export class Worker {
  readonly jabber: JabberClient;
  /** Called when it can take the next request. */
  onFree: () => void = () => {};
  private readonly service: ServiceDescription;
  private busy = 0;
  private session: BoundSession | null = null;
  private silence: Timer | null = null;

  constructor(jabber: JabberClient, service: ServiceDescription) {
    this.jabber = jabber;
    this.service = service;
    jabber.onMessage = (message) => {
      if (message.type !== 'error') this.take(message, message.from);
    };
  }

  get free(): boolean {
    return this.busy === 0 && this.session === null;
  }

  /** Works on a stanza for a client. */
  take(stanza: Stanza, client: string): void {
    const messages = parseOsrfMessages(bodyText(stanza)) ?? [];
    this.busy++;
    this.silence?.cancel();
    void this.workOn(stanza, client, messages).finally(() => {
      this.busy--;
      if (this.busy > 0) return;
      this.awaitNext();
      if (this.free) this.onFree();
    });
  }

  private async workOn(stanza: Stanza, client: string, messages: readonly OsrfMessage[]): Promise<void> {
    for (const message of messages) {
      this.service.onEvent?.({ kind: 'worker-received', worker: this.jabber.jid, from: client, type: message.type });
      await this.answer(message, stanza, client);
    }
  }

  private async answer(message: OsrfMessage, { thread, transactionId }: Stanza, client: string): Promise<void> {
    const session = { thread, client, transactionId };
    switch (message.type) {
      case 'CONNECT':
        this.session = session;
        this.send(session, [statusMessage(message.threadTrace, 'osrfConnectStatus', 'Connection Successful', 200)]);
        return;
      case 'DISCONNECT':
        if (this.session?.thread === thread) this.session = null;
        return;
      case 'REQUEST':
        await this.call(message, session);
        return;
      default:
        return;
    }
  }

  private async call(message: OsrfMessage, session: BoundSession): Promise<void> {
    const { methods, implementation } = this.service;
    const { method: name, params } = message.payload;
    const reply = new Reply(message.threadTrace, (messages) => this.send(session, messages));
    const method = typeof name === 'string' && Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (method === undefined) {
      const asked = typeof name === 'string' ? name : toJson(name ?? null);
      reply.fail(404, `Method [${asked}] not found${implementation === undefined ? '' : ` for ${implementation}`}`);
      return;
    }
    try {
      await giveResults(reply, await method(...((Array.isArray(params) ? params : []) as never[])));
      reply.complete();
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const where = `session [${unescapeXml(session.thread)}], thread trace [${message.threadTrace}]`;
      reply.fail(500, ` *** Call to [${name}] failed for ${where}:\n${text}\n`);
    }
  }

  private awaitNext(): void {
    const { keepalive } = this.service;
    if (this.session === null || keepalive === undefined) return;
    this.silence = keepalive.clock.after(keepalive.ms, () => this.endSilentSession());
  }

  /** A client that has gone without a DISCONNECT would keep the worker for ever. */
  private endSilentSession(): void {
    if (this.session === null || this.busy > 0) return;
    this.send(this.session, [statusMessage('0', 'osrfConnectStatus', 'Disconnected on timeout', 408)]);
    this.session = null;
    this.onFree();
  }

  private send({ client, thread, transactionId }: BoundSession, messages: readonly OutgoingMessage[]): void {
    this.jabber.send(messageXml(client, this.jabber.jid, transactionId, unescapeXml(thread), messages));
  }
}

async function giveResults(reply: Reply, outcome: unknown): Promise<void> {
  if (!isGenerator(outcome)) {
    // OpenSRF's services send no result where there is none.
    if (outcome !== undefined && outcome !== null) reply.result(outcome);
    return;
  }
  for await (const content of outcome) reply.result(content);
}

function isGenerator(outcome: unknown): outcome is Iterable<unknown> | AsyncIterable<unknown> {
  return typeof outcome === 'object' && outcome !== null && 'next' in outcome && (Symbol.iterator in outcome || Symbol.asyncIterator in outcome);
}
