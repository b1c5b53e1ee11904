import type { Registry } from './pools/registry.ts';
import type { ServiceClass } from './pools/service-class.ts';
import { type Counts, NO_COUNTS, type ServiceNode, sum } from './pools/service-node.ts';
import type { Watch } from './suspicion/watch.ts';

/** The counts of a listener at another member of the cluster, since that member's start. */
export interface ListenerCounts extends Counts {
  readonly className: string;
  readonly jid: string;
}

interface Entry {
  readonly counts: Counts;
  readonly service: ServiceClass | undefined;
  /** Undefined: its registration has not come yet. */
  readonly node: ServiceNode | undefined;
}

/** By {@link keyOf}. */
type Report = Map<string, Entry>;

const NO_REPORT: Report = new Map();

/** The last counts that each other member of the cluster has reported, added to those of the listeners here. */
export class ReportedCounts {
  private readonly registry: Registry;
  private readonly watch: Watch;
  private readonly members = new Map<string, Report>();

  constructor(registry: Registry, watch: Watch) {
    this.registry = registry;
    this.watch = watch;
  }

  /** Replaces the report of a member; an empty one removes it. */
  replace(member: string, listeners: Iterable<ListenerCounts>): void {
    const before = this.members.get(member) ?? NO_REPORT;
    const now: Report = new Map();
    for (const { className, jid, count, answered, unanswered } of listeners) {
      const service = this.registry.classes.get(className);
      now.set(keyOf(className, jid), { counts: { count, answered, unanswered }, service, node: service?.nodes.get(jid) });
    }
    for (const [key, entry] of before) if (now.get(key)?.node !== entry.node) this.change(entry, entry.counts, NO_COUNTS);
    for (const [key, entry] of now) this.change(entry, countsOf(before.get(key), entry.node), entry.counts);
    if (now.size > 0) this.members.set(member, now);
    else this.members.delete(member);
  }

  /** Adds the counts that were reported before the listener's registration came. */
  joined(className: string, node: ServiceNode): void {
    const service = this.registry.classes.get(className);
    const key = keyOf(className, node.jid);
    for (const report of this.members.values()) {
      const early = report.get(key);
      if (early === undefined || early.node !== undefined) continue;
      const entry = { counts: early.counts, service, node };
      report.set(key, entry);
      this.change(entry, NO_COUNTS, entry.counts);
    }
  }

  private change({ service, node }: Entry, before: Counts, now: Counts): void {
    if (service === undefined || node === undefined) return;
    service.setElsewhere(node, sum(sum(node.elsewhere, before, -1), now, 1));
    this.watch.countedElsewhere(service, node);
  }
}

function keyOf(className: string, jid: string): string {
  return `${className}\n${jid}`;
}

/** The counts in an entry, if it is about that node. */
function countsOf(entry: Entry | undefined, node: ServiceNode | undefined): Counts {
  return entry === undefined || entry.node !== node ? NO_COUNTS : entry.counts;
}
