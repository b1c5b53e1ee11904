import { JabberClient } from '../../server/osrf/jabber-client.ts';
import type { OsrfMessage } from '../../shared/osrf/message.ts';
import { statusCodeOf } from '../../shared/osrf/message.ts';
import { messagesIn } from '../../shared/osrf/read.ts';
import { osrfStanza } from '../../shared/osrf/stanzas.ts';
import { bodyOf, DEFAULT_ENVELOPE, requestMessage } from '../../shared/osrf/write.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { ChaosOptions } from './chaos.ts';

/** How a listener of the chaos test answers: at once; after a pause, so that a kill finds requests executed and unanswered; or in parts. */
export const CHAOS_METHODS = ['echo', 'slow', 'stream'] as const;

/** An open request. */
interface Asked {
  /** The expected number of results. */
  readonly parts: number;
  /** The number of results received. */
  results: number;
}

/** A request's unique name, `CLIENT.NUMBER`: its first parameter. */
export function chaosId(request: Stanza): string {
  const [id] = (messagesIn(request)?.[0]?.payload['params'] ?? []) as string[];
  return id ?? '';
}

/** A client that keeps several requests open, some on one thread, and counts the answers. */
export class ChaosClient {
  sent = 0;
  answered = 0;
  refused = 0;
  refusedMidway = 0;
  answeredTwice = 0;
  torn = 0;
  private readonly jabber: JabberClient;
  private readonly to: string;
  private readonly name: string;
  private readonly options: ChaosOptions;
  private readonly large: string;
  private readonly random: () => number;
  /** By thread and number. */
  private readonly open = new Map<string, Asked>();
  private threads = 0;
  /** The number of the last request on the newest thread, and of the last one planned there. */
  private number = 0;
  private lastNumber = 0;

  private constructor(jabber: JabberClient, to: string, name: string, options: ChaosOptions, random: () => number) {
    this.jabber = jabber;
    this.to = to;
    this.name = name;
    this.options = options;
    this.large = 'x'.repeat(options.largeBytes);
    this.random = random;
    jabber.onMessage = (message) => this.received(message);
  }

  static async start(
    place: { host: string; port: number; domain: string },
    service: string,
    index: number,
    options: ChaosOptions,
    random: () => number,
  ): Promise<ChaosClient> {
    const name = `client${index}`;
    const jabber = await JabberClient.login({ ...place, username: 'opensrf', password: 'password', resource: name });
    return new ChaosClient(jabber, `router@${place.domain}/${service}`, name, options, random);
  }

  get waiting(): number {
    return this.open.size;
  }

  /** False at the limit of open requests. */
  send(): boolean {
    if (this.open.size >= this.options.window) return false;
    if (this.number === this.lastNumber) this.beginThread();
    const thread = `${this.name}-${this.threads}`;
    const threadTrace = String(++this.number);
    const method = CHAOS_METHODS[Math.max(0, Math.floor(this.random() * 10) - 7)] as string;
    const parts = method === 'stream' ? 2 + Math.floor(this.random() * 4) : 1;
    this.open.set(`${thread} ${threadTrace}`, { parts, results: 0 });
    const params = [`${this.name}.${this.sent++}`, parts, this.random() < 0.1 ? this.large : 'small'];
    const addressing = { to: this.to, from: this.jabber.jid, thread, transactionId: '', form: 'child' } as const;
    this.jabber.send(osrfStanza(addressing, bodyOf([requestMessage(threadTrace, method, params)], DEFAULT_ENVELOPE)));
    return true;
  }

  private beginThread(): void {
    this.threads++;
    this.number = 0;
    this.lastNumber = 1 + Math.floor(this.random() * this.options.perThread);
  }

  private received(stanza: Stanza): void {
    for (const message of messagesIn(stanza) ?? []) this.take(stanza, message);
  }

  private take({ thread, type }: Stanza, message: OsrfMessage): void {
    const key = `${thread} ${message.threadTrace}`;
    const asked = this.open.get(key);
    if (asked === undefined) this.answeredTwice++;
    else if (type !== 'error' && message.type === 'RESULT') asked.results++;
    else if (type !== 'error' && statusCodeOf(message) === 205) this.complete(key, asked);
    else this.refuse(key, asked);
  }

  private complete(key: string, { parts, results }: Asked): void {
    this.open.delete(key);
    this.answered++;
    if (results !== parts) this.torn++;
  }

  private refuse(key: string, { results }: Asked): void {
    this.open.delete(key);
    this.refused++;
    if (results > 0) this.refusedMidway++;
  }
}
