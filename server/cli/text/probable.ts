import type { TraceSummary } from '../../control/trace/trace-entry.ts';

/** The remembered requests that an address has sent or answered. */
export type RequestsOf = (jid: string) => Promise<readonly TraceSummary[]>;

/** More are not looked for. */
const MOST = 200;

/** Whether a worker was busy with the one when it sent the other. */
function waitsFor(parent: TraceSummary, { client, at }: TraceSummary): boolean {
  return parent.worker === client && parent.at < at && at <= parent.at + (parent.durationMs ?? Number.POSITIVE_INFINITY);
}

/** A request without a transaction id probably belongs to the only one that its client, a worker, was busy with. Perl scripts send no transaction ids. */
function parentOf(child: TraceSummary, ofClient: readonly TraceSummary[]): TraceSummary | undefined {
  const busy = child.xid === '' ? ofClient.filter((one) => waitsFor(one, child)) : [];
  return busy.length === 1 ? busy[0] : undefined;
}

/** The outermost request that this one was probably sent for; itself if it was sent for none. */
export async function probableRoot(request: TraceSummary, requestsOf: RequestsOf): Promise<TraceSummary> {
  const parent = request.xid === '' ? parentOf(request, await requestsOf(request.client)) : undefined;
  return parent === undefined ? request : probableRoot(parent, requestsOf);
}

/** The requests that were probably sent for these, at any depth. */
export async function probablyBelow(requests: readonly TraceSummary[], requestsOf: RequestsOf): Promise<TraceSummary[]> {
  const found: TraceSummary[] = [];
  const parents = [...requests];
  for (const { id, worker } of parents) {
    if (worker === '' || found.length >= MOST) continue;
    const ofWorker = await requestsOf(worker);
    const children = ofWorker.filter((one) => parentOf(one, ofWorker)?.id === id);
    found.push(...children);
    parents.push(...children);
  }
  return found;
}
