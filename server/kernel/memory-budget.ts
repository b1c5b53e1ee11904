import type { MemoryAccount } from '../../shared/memory-account.ts';
import type { ServerClock } from './clock.ts';

/** How soon a debtor is closed when memory runs out: a connection that has not logged in first, a listener or router account last. */
export type Rank = 'pending' | 'client' | 'listener';

/** A peer that memory is kept for. */
export interface Debtor {
  /** Its JID, or its address before it has one. */
  readonly peer: string;
  readonly rank: Rank;
  /** Closes it to get its memory back. */
  giveUp(): void;
}

/** Called for each debtor that is about to be closed. @param bytes What it owes. */
export type OnGivenUp = (debtor: Debtor, bytes: number) => void;

/** A debtor that owes less than this part of the limit is not closed for it, unless it has not logged in. */
const LEAST_PART = 1 / 100;
/** Connections that have not logged in may owe this part of the limit together. */
const PENDING_PART = 1 / 16;
/** What would be kept is refused until only this part of the limit is owed. */
const ROOM_PART = 0.95;
/** To choose a debtor takes a look at all of them. */
const GIVEN_UP_PER_TURN = 16;

/** What is kept for one peer: a connection that has not logged in, then its session. */
export class PeerAccount implements MemoryAccount {
  bytes = 0;
  /** Whether the debtor is being closed, so that its memory comes back. */
  leaving = false;
  /** Accounts of one group stand together: those of one address before login. */
  readonly group: string;
  debtor: Debtor;
  private readonly budget: MemoryBudget;

  constructor(debtor: Debtor, group: string, budget: MemoryBudget) {
    this.debtor = debtor;
    this.group = group;
    this.budget = budget;
  }

  get pending(): boolean {
    return this.debtor.rank === 'pending';
  }

  charge(bytes: number): void {
    this.bytes += bytes;
    this.budget.charge(bytes, this);
  }

  /** The debtor has logged in: its session owes what it owed. */
  loggedIn(session: Debtor): void {
    this.budget.noLongerPending(this);
    this.debtor = session;
  }

  /** The debtor is gone. What is still kept for it comes back in time. */
  close(): void {
    this.budget.close(this);
  }
}

/**
 * The sum of what is kept for all peers. Beyond the limit the largest debtors are closed: connections that have not logged in first, then clients, then listeners and
 * router accounts. Where none of them owes enough, what would be kept is refused until there is room again.
 */
export class MemoryBudget {
  /** In bytes. */
  readonly limit: number;
  bytes = 0;
  /** Owed by connections that have not logged in. */
  pendingBytes = 0;
  /** How many debtors were closed. */
  givenUp = 0;
  private readonly accounts = new Set<PeerAccount>();
  private readonly clock: Pick<ServerClock, 'soon'>;
  private readonly onGivenUp: OnGivenUp;
  /** Owed by debtors that are being closed. */
  private leavingBytes = 0;
  private scheduled = false;
  private state: 'open' | 'full' = 'open';

  constructor(limit: number, clock: Pick<ServerClock, 'soon'>, onGivenUp: OnGivenUp) {
    this.limit = limit;
    this.clock = clock;
    this.onGivenUp = onGivenUp;
  }

  /** Whether nothing more may be kept. */
  get full(): boolean {
    if (this.state === 'full' && this.bytes <= this.limit * ROOM_PART) this.state = 'open';
    return this.state === 'full';
  }

  open(debtor: Debtor, group: string): PeerAccount {
    const account = new PeerAccount(debtor, group, this);
    this.accounts.add(account);
    return account;
  }

  /** The accounts that owe most, the largest first. */
  largest(count: number): PeerAccount[] {
    const largest: PeerAccount[] = [];
    for (const account of this.accounts) {
      if (largest.length === count && account.bytes <= (largest.at(-1)?.bytes ?? 0)) continue;
      const place = largest.findIndex(({ bytes }) => bytes < account.bytes);
      largest.splice(place === -1 ? largest.length : place, 0, account);
      if (largest.length > count) largest.pop();
    }
    return largest;
  }

  /** From an account. */
  charge(bytes: number, account: PeerAccount): void {
    this.bytes += bytes;
    if (account.leaving) this.leavingBytes += bytes;
    else if (account.pending) this.pendingBytes += bytes;
    if (bytes > 0 && (this.overdrawn || this.pendingOverdrawn)) this.relieveLater();
  }

  /** From an account. */
  noLongerPending(account: PeerAccount): void {
    if (account.pending && !account.leaving) this.pendingBytes -= account.bytes;
  }

  /** From an account. */
  close(account: PeerAccount): void {
    this.leave(account);
    this.accounts.delete(account);
  }

  private get overdrawn(): boolean {
    return this.bytes - this.leavingBytes > this.limit;
  }

  private get pendingOverdrawn(): boolean {
    return this.pendingBytes > this.limit * PENDING_PART;
  }

  // Later: a debtor may be at work at this moment.
  private relieveLater(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.clock.soon(() => {
      this.scheduled = false;
      this.relieve();
    });
  }

  private relieve(): void {
    for (let count = 0; count < GIVEN_UP_PER_TURN; count++) {
      if (!this.overdrawn && !this.pendingOverdrawn) return;
      const account = this.next();
      if (account === null) {
        this.state = 'full';
        return;
      }
      this.giveUp(account);
    }
    this.relieveLater();
  }

  private giveUp(account: PeerAccount): void {
    const { debtor, bytes } = account;
    this.givenUp++;
    this.leave(account);
    this.onGivenUp(debtor, bytes);
    debtor.giveUp();
  }

  private leave(account: PeerAccount): void {
    if (account.leaving) return;
    this.noLongerPending(account);
    account.leaving = true;
    this.leavingBytes += account.bytes;
  }

  /** @returns the account that is to be closed next; null if none owes enough. */
  private next(): PeerAccount | null {
    return this.nextPending() ?? (this.overdrawn ? (this.largestOf('client') ?? this.largestOf('listener')) : null);
  }

  /** The oldest of the group that owes most: an honest client logs in within milliseconds. */
  private nextPending(): PeerAccount | null {
    const groups = new Map<string, { bytes: number; readonly oldest: PeerAccount }>();
    for (const account of this.accounts) {
      if (account.leaving || !account.pending) continue;
      const group = groups.get(account.group);
      if (group === undefined) groups.set(account.group, { bytes: account.bytes, oldest: account });
      else group.bytes += account.bytes;
    }
    let largest: { readonly bytes: number; readonly oldest: PeerAccount } | null = null;
    for (const group of groups.values()) if (largest === null || group.bytes > largest.bytes) largest = group;
    return largest?.oldest ?? null;
  }

  private largestOf(rank: Rank): PeerAccount | null {
    let largest: PeerAccount | null = null;
    for (const account of this.accounts) {
      if (account.leaving || account.bytes < this.limit * LEAST_PART || account.bytes <= (largest?.bytes ?? 0)) continue;
      if (account.debtor.rank === rank) largest = account;
    }
    return largest;
  }
}
