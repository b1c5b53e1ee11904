/** A claim of an address: the cluster's common count (Lamport's clock) when the address was bound, and the claimant. No machine's clock matters. */
export interface Claim {
  readonly count: number;
  /** The name of the member. */
  readonly member: string;
}

/** A thousand logins a second take 9,000 years. */
const MOST_COUNT = 2 ** 48;

/** Orders the claims of all members. */
export class Claims {
  private last = 0;

  /** The count for a claim made now: larger than all that are known here. */
  next(): number {
    return ++this.last;
  }

  /** The largest count that is known here. */
  get largest(): number {
    return this.last;
  }

  /** A claim of another member has come. One that no cluster reaches would use up the numbers of all members. */
  seen(count: number): void {
    if (count > this.last && count < MOST_COUNT) this.last = count;
  }
}

/** Whether a claim is later than another one. */
export function isLater(one: Claim, other: Claim): boolean {
  return one.count > other.count || (one.count === other.count && one.member > other.member);
}
