import type { Clock, Timer } from '../../shared/clock.ts';
import type { Stanza } from '../../shared/stanza.ts';

/** Asks are about at most this many addresses at a time; stanzas to further ones count as undeliverable. */
const MOST_ASKS = 1_000;
/** At most this many stanzas wait for an answer. */
const MOST_STANZAS = 10_000;

/** What asks need. */
export interface AskEnvironment {
  readonly clock: Clock;
  /** The longest that an answer may take, in milliseconds. */
  readonly askMs: number;
  /** Sends the question to all members. @returns their names. */
  ask(jid: string): readonly string[];
  /** Delivers a stanza to a session that may be known by now. @returns false if it is not. */
  deliver(jid: string, stanza: Stanza): boolean;
}

/** A stanza that waits, and what to do if no member has its recipient. */
interface Waiting {
  readonly stanza: Stanza;
  readonly absent: (stanza: Stanza) => void;
}

/** One address that no session here has. */
interface Ask {
  /** The members without an answer. */
  readonly members: Set<string>;
  readonly waiting: Waiting[];
  readonly timer: Timer;
}

/**
 * Asks the other members before a stanza bounces. An address can be known to its sender before it is known here: its session has logged in at
 * another member, and a third one has told the sender.
 */
export class Asks {
  /** The number of questions so far. */
  asked = 0;
  private readonly asks = new Map<string, Ask>();
  private stanzas = 0;
  private readonly environment: AskEnvironment;

  constructor(environment: AskEnvironment) {
    this.environment = environment;
  }

  /** Keeps a stanza until the answers have come. @returns false if nothing can be asked. */
  find(jid: string, stanza: Stanza, absent: (stanza: Stanza) => void): boolean {
    const known = this.asks.get(jid);
    if (this.stanzas >= MOST_STANZAS || (known === undefined && this.asks.size >= MOST_ASKS)) return false;
    const ask = known ?? this.open(jid);
    if (ask === null) return false;
    stanza.detach();
    stanza.origin.account.charge(stanza.cost);
    this.stanzas++;
    ask.waiting.push({ stanza, absent });
    return true;
  }

  /** A member has answered. Its announcement of the session came before. */
  answered(member: string, jid: string, found: boolean): void {
    const ask = this.asks.get(jid);
    if (ask === undefined || !ask.members.delete(member)) return;
    if (found || ask.members.size === 0) this.close(jid, ask);
  }

  /** A session with this address is known here: delivers what waits for it, before later stanzas pass. */
  bound(jid: string): void {
    const ask = this.asks.get(jid);
    if (ask !== undefined) this.close(jid, ask);
  }

  /** A member will not answer any more. */
  memberLeft(member: string): void {
    for (const jid of [...this.asks.keys()]) this.answered(member, jid, false);
  }

  /** Ends all asks, because this process hands over: what is not found by now is absent. */
  settle(): void {
    for (const [jid, ask] of [...this.asks]) this.close(jid, ask);
  }

  private open(jid: string): Ask | null {
    const members = this.environment.ask(jid);
    if (members.length === 0) return null;
    this.asked++;
    const ask: Ask = { members: new Set(members), waiting: [], timer: this.environment.clock.after(this.environment.askMs, () => this.close(jid, ask)) };
    this.asks.set(jid, ask);
    return ask;
  }

  private close(jid: string, ask: Ask): void {
    ask.timer.cancel();
    this.asks.delete(jid);
    for (const { stanza, absent } of ask.waiting) {
      this.stanzas--;
      stanza.origin.account.charge(-stanza.cost);
      if (!this.environment.deliver(jid, stanza)) absent(stanza);
    }
  }
}
