import { BOUNCES, type Stanza } from '../../shared/stanza.ts';

/** A power of two. With the chunks of input that they were cut from, at most 8 MiB; usually 100 KiB. */
const KEPT = 128;
/** The largest kept message, in bytes. */
const MOST_BYTES = 4_096;

/** The latest messages between sessions: a connected session's requests pass the router by, so that its ledger does not know the method of one that fails. */
export class RecentMessages {
  private readonly messages: (Stanza | null)[] = new Array(KEPT).fill(null);
  private added = 0;

  /** Called for each delivered stanza whose cost is known. The ledger keeps those that the router forwards. */
  add(stanza: Stanza): void {
    if (stanza.returnPath !== BOUNCES || stanza.cost > MOST_BYTES) return;
    this.messages[this.added] = stanza;
    this.added = (this.added + 1) & (KEPT - 1);
  }

  /** The messages on the thread of an answer from its receiver to its sender, newest first. */
  *before({ to, from, thread }: Stanza): Iterable<Stanza> {
    for (let back = 1; back <= KEPT; back++) {
      const message = this.messages[(this.added - back) & (KEPT - 1)];
      if (message?.thread === thread && message.from === to && message.to === from) yield message;
    }
  }
}
