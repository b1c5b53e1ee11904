import type { MemoryAccount } from '../../shared/memory-account.ts';
import type { ServerClock } from './clock.ts';

/** The order in which debtors are closed when memory runs out: unauthenticated connections first, listeners and router accounts last. */
export type Rank = 'pending' | 'client' | 'listener';

/** A peer for which the server keeps memory. */
export interface Debtor {
  /** Its JID, or its address before login. */
  readonly peer: string;
  readonly rank: Rank;
  /** Closes it to free its memory. */
  giveUp(): void;
}

/** Called for each debtor that is about to be closed. @param bytes Its debt. */
export type OnGivenUp = (debtor: Debtor, bytes: number) => void;

/** The part of the limit below which an authenticated debtor is not closed. */
const LEAST_PART = 1 / 100;
/** The part of the limit for all unauthenticated connections together. */
const PENDING_PART = 1 / 16;
/** The part of the limit below which the server accepts new charges again. */
const ROOM_PART = 0.95;
/** The most debtors closed in one turn, because choosing one looks at all. */
const GIVEN_UP_PER_TURN = 16;

/** The account of one peer: of its connection before login, then of its session. */
export class PeerAccount implements MemoryAccount {
  bytes = 0;
  /** Before login; after it; or being closed, which frees its memory. */
  state: 'pending' | 'active' | 'leaving';
  /** Groups the accounts of one address before login. */
  readonly group: string;
  debtor: Debtor;
  private readonly budget: MemoryBudget;

  constructor(debtor: Debtor, group: string, budget: MemoryBudget) {
    this.state = debtor.rank === 'pending' ? 'pending' : 'active';
    this.debtor = debtor;
    this.group = group;
    this.budget = budget;
  }

  // Called several times for each stanza.
  charge(bytes: number): void {
    this.bytes += bytes;
    this.budget.charge(bytes, this.state);
  }

  /** Transfers the debt to the session after a login. */
  loggedIn(session: Debtor): void {
    if (this.state === 'pending') this.budget.activate(this);
    this.debtor = session;
  }

  /** Called when the debtor is gone. Its remaining memory is freed later. */
  close(): void {
    this.budget.close(this);
  }
}

/**
 * The memory kept for all peers. Beyond the limit the server closes the largest debtors: unauthenticated connections first, then clients, then listeners and
 * router accounts. If none owes enough, it refuses new charges until there is room again.
 */
export class MemoryBudget {
  /** The limit in bytes. */
  readonly limit: number;
  bytes = 0;
  /** The debt of unauthenticated connections. */
  pendingBytes = 0;
  /** The number of closed debtors. */
  givenUp = 0;
  private readonly pendingLimit: number;
  private readonly accounts = new Set<PeerAccount>();
  private readonly clock: Pick<ServerClock, 'soon'>;
  private readonly onGivenUp: OnGivenUp;
  /** The debt of debtors that are being closed. */
  private leavingBytes = 0;
  private scheduled = false;
  private state: 'open' | 'full' = 'open';

  constructor(limit: number, clock: Pick<ServerClock, 'soon'>, onGivenUp: OnGivenUp) {
    this.limit = limit;
    this.pendingLimit = limit * PENDING_PART;
    this.clock = clock;
    this.onGivenUp = onGivenUp;
  }

  /** Whether new charges are refused. */
  get full(): boolean {
    if (this.state === 'full' && this.bytes <= this.limit * ROOM_PART) this.state = 'open';
    return this.state === 'full';
  }

  open(debtor: Debtor, group: string): PeerAccount {
    const account = new PeerAccount(debtor, group, this);
    this.accounts.add(account);
    return account;
  }

  /** The largest accounts, largest first. */
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

  /** Called by an account. */
  charge(bytes: number, state: PeerAccount['state']): void {
    this.bytes += bytes;
    if (state === 'leaving') this.leavingBytes += bytes;
    else if (state === 'pending') this.pendingBytes += bytes;
    if (bytes > 0 && (this.overdrawn || this.pendingOverdrawn)) this.relieveLater();
  }

  /** Called by an account that has logged in. */
  activate(account: PeerAccount): void {
    this.pendingBytes -= account.bytes;
    account.state = 'active';
  }

  /** Called by an account. */
  close(account: PeerAccount): void {
    this.leave(account);
    this.accounts.delete(account);
  }

  private get overdrawn(): boolean {
    return this.bytes - this.leavingBytes > this.limit;
  }

  private get pendingOverdrawn(): boolean {
    return this.pendingBytes > this.pendingLimit;
  }

  // Deferred: a debtor may be on the stack.
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
    if (account.state === 'leaving') return;
    if (account.state === 'pending') this.pendingBytes -= account.bytes;
    account.state = 'leaving';
    this.leavingBytes += account.bytes;
  }

  /** @returns the account to close next; null if none owes enough. */
  private next(): PeerAccount | null {
    return this.nextPending() ?? (this.overdrawn ? (this.largestOf('client') ?? this.largestOf('listener')) : null);
  }

  /** The oldest of the group with the largest debt: an honest client logs in within milliseconds. */
  private nextPending(): PeerAccount | null {
    const groups = new Map<string, { bytes: number; readonly oldest: PeerAccount }>();
    for (const account of this.accounts) {
      if (account.state !== 'pending') continue;
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
      if (account.state === 'leaving' || account.bytes < this.limit * LEAST_PART || account.bytes <= (largest?.bytes ?? 0)) continue;
      if (account.debtor.rank === rank) largest = account;
    }
    return largest;
  }
}
