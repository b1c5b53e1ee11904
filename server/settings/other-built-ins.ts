interface OtherBuiltIn {
  readonly listener: string;
  readonly digest: string;
}

/** The built-in services of the other members of a cluster, by member. */
export class OtherBuiltIns {
  private readonly members = new Map<string, OtherBuiltIn>();

  /** Notes the listener of a member, and the digest of its file. */
  set(member: string, listener: string, digest: string): void {
    this.members.set(member, { listener, digest });
  }

  delete(member: string): void {
    this.members.delete(member);
  }

  /** Whether an address is that of a built-in listener. */
  has(jid: string): boolean {
    for (const { listener } of this.members.values()) if (listener === jid) return true;
    return false;
  }

  /** The member with the lowest name, if that is another one and its file differs; `''` otherwise. Clients must not get answers from files that differ. */
  rival(member: string, digest: string): string {
    const [lowest = member] = [member, ...this.members.keys()].sort();
    const other = this.members.get(lowest);
    return other === undefined || other.digest === digest ? '' : lowest;
  }
}
