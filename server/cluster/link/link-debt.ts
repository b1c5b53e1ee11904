import type { Debtor, MemoryBudget, PeerAccount } from '../../kernel/memory-budget.ts';

/** A UTF-16 unit of a frame that waits takes up to two bytes. */
const BYTES_PER_UNIT = 2;

/** The memory that is kept for a member that has joined, as a debt to the server's budget. It is one of the last to be closed: its sessions are many peers. */
export class LinkDebt implements Debtor {
  readonly peer: string;
  readonly rank = 'listener';
  readonly giveUp: () => void;
  private readonly memory: Pick<MemoryBudget, 'open'>;
  private account: PeerAccount | null = null;
  private charged = 0;

  /** @param giveUp Gives the member up, because memory runs out and it owes most. */
  constructor(member: string, memory: Pick<MemoryBudget, 'open'>, giveUp: () => void) {
    this.peer = `member ${member}`;
    this.memory = memory;
    this.giveUp = giveUp;
  }

  /** The member has joined. */
  open(): void {
    this.account = this.memory.open(this, this.peer);
  }

  /** The member has left: nothing is kept for it. */
  close(): void {
    this.keep(0, 0);
    this.account?.close();
    this.account = null;
  }

  /** @param bytes Of batches without acknowledgement. @param units Of frames, and parts of frames, that wait. */
  keep(bytes: number, units: number): void {
    const kept = bytes + BYTES_PER_UNIT * units;
    if (kept === this.charged || this.account === null) return;
    this.account.charge(kept - this.charged);
    this.charged = kept;
  }
}
