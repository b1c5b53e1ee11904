import { NO_ACCOUNT } from '../shared/memory-account.ts';
import { type OriginOf, restoredStanza, type SavedStanza, savedStanza } from '../shared/saved-stanza.ts';
import type { Ledger, SavedRequest } from './ledger/ledger.ts';
import type { LostRequests } from './ledger/lost-requests.ts';
import type { Numbering } from './ledger/numbered-requests.ts';
import type { RoutedRequest } from './ledger/routed-request.ts';
import type { Registry } from './pools/registry.ts';
import type { ServiceClass } from './pools/service-class.ts';
import { ServiceNode } from './pools/service-node.ts';
import type { RoutedSession } from './ports/environment.ts';
import type { Requests } from './requests.ts';
import type { Watch } from './suspicion/watch.ts';

/** A listener as it goes to another process. */
type SavedNode = Pick<ServiceNode, 'session' | 'jid' | 'form' | 'since' | 'count' | 'answered' | 'draining' | 'suspicion' | 'answeredAt'>;

interface SavedClass {
  readonly name: string;
  readonly since: number;
  readonly count: number;
  /** In order of registration: numbers of nodes. */
  readonly nodes: readonly number[];
  /** See {@link ServiceClass.rotation}. */
  readonly rotation: readonly number[];
  readonly usualMs: number;
}

/** A router as it goes to another process. */
export interface SavedRouter {
  readonly domain: string;
  readonly suspended: boolean;
  readonly routedBefore: number;
  readonly refusals: readonly (readonly [status: number, count: number])[];
  readonly nodes: readonly SavedNode[];
  readonly classes: readonly SavedClass[];
  readonly requests: readonly (Omit<SavedRequest, 'original'> & { readonly original: SavedStanza; readonly service: string; readonly node: number })[];
  /** What remains of the grace periods of lost listeners, in milliseconds by number of session. */
  readonly graces: readonly (readonly [session: number, ms: number])[];
  readonly held: readonly { readonly className: string; readonly request: SavedStanza; readonly ms: number }[];
  readonly expected: readonly string[];
  readonly expectedMs: number;
}

/** The numbers of the ledger, which all routers share. */
export interface SavedLedger {
  readonly numbering: Numbering;
  readonly forgotten: number;
}

/** The parts of a router that have a state. */
export interface RouterState {
  readonly domain: string;
  readonly suspended: boolean;
  readonly registry: Registry;
  readonly requests: Requests;
  readonly ledger: Ledger;
  readonly lost: LostRequests;
  readonly watch: Watch;
  readonly refusals: { readonly counts: Map<number, number> };
  createClass(name: string, since: number): ServiceClass;
}

/** Turns a router into JSON for another process. */
export function saveRouter({ domain, suspended, registry, requests, ledger, lost, watch, refusals }: RouterState): SavedRouter {
  const numbers = new Map<ServiceNode, number>();
  const numberOf = (node: ServiceNode): number => {
    const number = numbers.get(node) ?? numbers.size;
    numbers.set(node, number);
    return number;
  };
  const classes = Array.from(registry.classes.values(), (service) => ({
    name: service.name,
    since: service.since,
    count: service.count,
    nodes: Array.from(service.nodes.values(), numberOf),
    rotation: service.rotation.map(numberOf),
    usualMs: watch.usualMs(service),
  }));
  const own = [...ledger.open()].filter(({ handler }) => handler === requests).map((request) => savedRequest(request, numberOf(request.node)));
  const { held, expected, expectedMs } = requests.waiting.save();
  return {
    domain,
    suspended,
    routedBefore: registry.routedBefore,
    refusals: [...refusals.counts],
    nodes: Array.from(numbers.keys(), savedNode),
    classes,
    requests: own,
    graces: lost.save(),
    held: held.map(({ className, request, ms }) => ({ className, request: savedStanza(request), ms })),
    expected,
    expectedMs,
  };
}

function savedRequest(request: RoutedRequest, node: number): SavedRouter['requests'][number] {
  const { number, service, original, losses, worker, failed, numbers } = request;
  return { number, service: service.name, node, original: savedStanza(original), losses, worker, failed, numbers: numbers === null ? null : [...numbers] };
}

function savedNode({ session, jid, form, since, count, answered, draining, suspicion, answeredAt }: ServiceNode): SavedNode {
  return { session, jid, form, since, count, answered, draining, suspicion, answeredAt };
}

/** The live sessions after a hand-over, by number. */
export interface RestoredSessions {
  readonly originOf: OriginOf;
  session(number: number): RoutedSession | null;
}

/** Fills a new router with the state of one in another process. Its sessions have been restored. */
export function restoreRouter(router: RouterState, saved: SavedRouter, sessions: RestoredSessions): void {
  const { registry, requests, ledger, lost, watch, refusals } = router;
  const nodes = saved.nodes.map((node) => restoredNode(node, sessions));
  const byName = new Map(saved.classes.map((one) => [one.name, registry.classes.get(one.name) ?? router.createClass(one.name, one.since)]));
  registry.routedBefore = saved.routedBefore;
  for (const [status, count] of saved.refusals) refusals.counts.set(status, count);
  const left = new Map<ServiceNode, ServiceClass>();
  for (const request of saved.requests) {
    const service = byName.get(request.service) ?? router.createClass(request.service, 0);
    byName.set(service.name, service);
    const node = nodes[request.node] as ServiceNode;
    ledger.restore({ ...request, original: restoredStanza(request.original, sessions.originOf) }, service, node, requests);
    left.set(node, service);
  }
  for (const { name, count, nodes: inOrder, rotation, usualMs } of saved.classes) {
    const service = byName.get(name) as ServiceClass;
    const all = inOrder.map((number) => nodes[number] as ServiceNode);
    service.count += count;
    registry.restore(
      service,
      all,
      rotation.map((number) => nodes[number] as ServiceNode),
    );
    watch.restore(service, usualMs);
    for (const node of all) left.delete(node);
  }
  for (const [node, service] of left) if (sessions.session(node.session) !== null) registry.restoreLeft(service, node);
  restoreLost(
    lost,
    saved,
    [...left.keys()].filter(({ session }) => sessions.session(session) === null),
  );
  for (const held of saved.held) requests.waiting.restore({ ...held, request: restoredStanza(held.request, sessions.originOf) });
  if (saved.expectedMs > 0) requests.expect(saved.expected, saved.expectedMs);
}

/** The workers of lost listeners have the rest of their grace periods. */
function restoreLost(lost: LostRequests, { graces }: SavedRouter, nodes: readonly ServiceNode[]): void {
  const left = new Map(graces);
  const bySession = new Map(nodes.map(({ session }) => [session, [] as ServiceNode[]]));
  for (const node of nodes) bySession.get(node.session)?.push(node);
  for (const [session, ofSession] of bySession) lost.settleLater(ofSession, left.get(session));
}

function restoredNode({ session, jid, form, since, ...state }: SavedNode, sessions: RestoredSessions): ServiceNode {
  const account = sessions.originOf(session)?.account ?? NO_ACCOUNT;
  return Object.assign(new ServiceNode({ session, jid, form, since, account }, sessions.session(session) ?? endedSession(jid)), state);
}

/** The session of a listener that has ended, while its workers may still answer. */
function endedSession(jid: string): RoutedSession {
  return { jid, stalled: true, backlogged: false, host: '', local: true, deliver: () => {}, observe: () => {}, end: () => {} };
}
