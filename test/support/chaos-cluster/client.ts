import { JabberClient } from '../../../server/osrf/jabber-client.ts';
import { messagesIn } from '../../../shared/osrf/read.ts';
import { osrfStanza } from '../../../shared/osrf/stanzas.ts';
import { bodyOf, DEFAULT_ENVELOPE, requestMessage } from '../../../shared/osrf/write.ts';
import type { Stanza } from '../../../shared/stanza.ts';
import { CHAOS_METHODS } from '../chaos-client.ts';
import { DOMAIN } from './lab.ts';
import type { Ledger } from './ledger.ts';

const BETWEEN_LOGINS_MS = 200;

/** The bodies of requests. */
export interface Bodies {
  readonly window: number;
  /** The body of every hundredth request. */
  readonly largeBytes: number;
}

/** A client at one member, which logs in again whenever its connection ends. */
export class LedgerClient {
  private readonly place: { host: string; port: number };
  private readonly host: number;
  private readonly name: string;
  private readonly service: string;
  private readonly ledger: Ledger;
  private readonly random: () => number;
  private readonly bodies: Bodies;
  private readonly large: string;
  private jabber: JabberClient | null = null;
  private readonly open = new Set<string>();
  private count = 0;
  private state: 'running' | 'stopped' = 'running';

  constructor(place: { host: string; port: number }, host: number, name: string, service: string, ledger: Ledger, random: () => number, bodies: Bodies) {
    this.place = place;
    this.host = host;
    this.name = name;
    this.service = service;
    this.ledger = ledger;
    this.random = random;
    this.bodies = bodies;
    this.large = 'x'.repeat(bodies.largeBytes);
    void this.login();
  }

  /** False if it is not connected, or has its most open requests. */
  send(): boolean {
    const { jabber } = this;
    if (jabber === null || this.open.size >= this.bodies.window) return false;
    const id = `${this.name}.${this.count++}`;
    const method = CHAOS_METHODS[Math.max(0, Math.floor(this.random() * 20) - 17)] as string;
    const parts = method === 'stream' ? 2 + Math.floor(this.random() * 4) : 1;
    this.open.add(id);
    this.ledger.sent(id, this.host, parts);
    const params = [id, parts, this.random() < 0.01 ? this.large : 'small'];
    const addressing = { to: `router@${DOMAIN}/${this.service}`, from: jabber.jid, thread: id, transactionId: '', form: 'child' } as const;
    jabber.send(osrfStanza(addressing, bodyOf([requestMessage('1', method, params)], DEFAULT_ENVELOPE)));
    return true;
  }

  /** Forgets requests that count as silent. */
  forget(ids: readonly string[]): void {
    for (const id of ids) this.open.delete(id);
  }

  stop(): void {
    this.state = 'stopped';
    void this.jabber?.close();
  }

  private async login(): Promise<void> {
    const account = { domain: DOMAIN, username: 'opensrf', password: 'password', resource: this.name, timeoutMs: 5_000 };
    while (this.state === 'running') {
      try {
        const jabber = await JabberClient.login({ ...this.place, ...account });
        jabber.onMessage = (stanza) => this.received(stanza);
        jabber.onClose = () => this.lost();
        this.jabber = jabber;
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOGINS_MS));
      }
    }
  }

  private lost(): void {
    this.jabber = null;
    this.ledger.abandon(this.open);
    this.open.clear();
    if (this.state === 'running') void this.login();
  }

  private received(stanza: Stanza): void {
    for (const message of messagesIn(stanza) ?? []) {
      if (this.ledger.received(stanza.thread, message, stanza.type === 'error')) this.open.delete(stanza.thread);
    }
  }
}
