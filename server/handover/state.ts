import type { Ledger } from '../../router/ledger/ledger.ts';
import type { RoutedSession } from '../../router/ports/environment.ts';
import type { Router } from '../../router/router.ts';
import type { SavedLedger, SavedRouter } from '../../router/saved-router.ts';
import { StanzaError } from '../../shared/errors.ts';
import type { Origin } from '../../shared/origin.ts';
import { BOUNCES, type Stanza } from '../../shared/stanza.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Federation } from '../federation/federation.ts';
import type { SavedFederation } from '../federation/saved-federation.ts';
import type { ServerClock } from '../kernel/clock.ts';
import type { SavedCounts, ServerCounts } from '../kernel/counts.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { ByteTransport } from '../net/byte-transport.ts';
import type { Connection } from '../net/connection.ts';
import { COMPONENT_FRAMING, STREAM_FRAMING } from '../net/framing.ts';
import type { InheritedSocket } from '../net/read-directly.ts';
import type { Session } from '../sessions/session.ts';
import type { Connections } from '../streams/connections.ts';
import { restoredPeers, type SavedPeers, savedPeers, stanzasWithoutPeer, type TakeConnection } from './saved-peers.ts';
import { RestoredSession, type SavedSession, type SessionsEnvironment, savedSession } from './saved-session.ts';

/** The parts of a server that have a state. */
export interface StatefulParts extends SessionsEnvironment {
  readonly sessions: ReadonlySet<Session>;
  readonly routers: { readonly byDomain: ReadonlyMap<string, Router>; readonly ledger: Ledger; returned(stanza: Stanza): void };
  readonly delivery: Delivery;
  readonly clock: Pick<ServerClock, 'soon'>;
  readonly connections: Connections;
  readonly counts: ServerCounts;
}

/** The first line. */
interface Beginning {
  readonly suspended: readonly string[];
  readonly ledger: SavedLedger;
  readonly counts: SavedCounts;
}

/** One line of the state. */
type Line =
  | { readonly beginning: Beginning }
  | { readonly session: SavedSession }
  | { readonly federation: SavedPeers }
  | { readonly cluster: NonNullable<unknown> }
  | { readonly router: SavedRouter };

const PARTS: ReadonlySet<string> = new Set(['beginning', 'session', 'federation', 'cluster', 'router']);

/** A session, here or at another member, that a router knows. */
type KnownSession = RoutedSession & { readonly origin: Origin };

/** The states of the parts that few servers have; null: this one has none. */
export interface OptionalState {
  readonly cluster: object | null;
  readonly federation: SavedFederation<Stanza, Connection> | null;
}

/** Those parts of a new server. */
export interface OptionalParts {
  /** Null: it has no peers. */
  readonly federation: Pick<Federation, 'peer' | 'restoreSessions' | 'restore'> | null;
  /** Takes the place of another process in its cluster. @param saved Its state. @returns the sessions of other members, by their number here. @throws Error */
  takePlace(saved: unknown): (session: number) => KnownSession | null;
}

/** Writes the state of a frozen server, a line of JSON for each part. @param indexOf The index of a connection that the other process has too. */
export function* stateLines(
  { sessions, routers, presence, counts }: StatefulParts,
  indexOf: (connection: Connection) => number | undefined,
  { cluster, federation }: OptionalState,
): Iterable<string> {
  const { ledger, byDomain } = routers;
  const suspended = [...byDomain.values()].filter((router) => router.suspended).map(({ domain }) => domain);
  yield lineOf({ beginning: { suspended, ledger: { numbering: ledger.numbering, forgotten: ledger.forgotten }, counts: counts.save() } });
  for (const session of sessions) {
    const saved = savedSession(session, presence, indexOf);
    if (saved !== null) yield lineOf({ session: saved });
  }
  if (federation !== null) yield lineOf({ federation: savedPeers(federation, indexOf) });
  if (cluster !== null) yield lineOf({ cluster });
  for (const router of byDomain.values()) yield lineOf({ router: router.save() });
}

function lineOf(line: Line): string {
  return JSON.stringify(line);
}

/** Fills a new server with the state of another process. It reads and writes in later turns only. @param sockets Those of all connections. @throws Error */
export function restoreState(lines: readonly string[], parts: StatefulParts, sockets: readonly InheritedSocket[], optional: OptionalParts): void {
  const { byDomain } = parts.routers;
  const left = new Set(sockets);
  const all = lines.map(readLine);
  const [first] = all;
  if (first === undefined || !('beginning' in first)) throw new Error('the state has no beginning');
  begin(first.beginning, parts);
  const taking: TakeConnection = (index, { kind, peer, remote }) => {
    const inherited = sockets[index];
    if (inherited === undefined) return null;
    return (framing) => {
      left.delete(inherited);
      return parts.connections.goOnWith(ByteTransport.on(inherited, { kind: kind === 'unix' ? 'unix' : 'tcp', peer, remote }, framing));
    };
  };
  const restored = all.flatMap((line) => ('session' in line ? [restoredSession(line.session, parts, taking)] : []));
  const here = new Map<number, KnownSession>(restored.map(({ session }) => [session.origin.session, session as Session & RoutedSession]));
  const [peers] = all.flatMap((line) => ('federation' in line ? [line.federation] : []));
  for (const session of optional.federation?.restoreSessions(peers?.domains ?? []) ?? []) here.set(session.origin.session, session);
  const [elsewhere = () => null] = all.flatMap((line) => ('cluster' in line ? [optional.takePlace(line.cluster)] : []));
  const known = (number: number) => here.get(number) ?? elsewhere(number);
  const originOf = (number: number) => known(number)?.origin ?? null;
  for (const session of restored) session.withStanzas(originOf);
  if (peers !== undefined) goOnWithPeers(restoredPeers(peers, originOf, taking), optional.federation, parts);
  const sessions = { originOf, session: known };
  for (const router of all.flatMap((line) => ('router' in line ? [line.router] : []))) byDomain.get(router.domain)?.restore(router, sessions);
  // Their sessions have ended meanwhile.
  for (const { socket } of left) socket.destroy();
}

function restoredSession(saved: SavedSession, parts: StatefulParts, taking: TakeConnection): RestoredSession {
  const take = taking(saved.index, saved.place);
  return new RestoredSession(saved, parts, take?.(saved.identity.username === '' ? COMPONENT_FRAMING : STREAM_FRAMING) ?? null);
}

/** Refuses a part that this release does not know: it would be lost. */
function readLine(text: string): Line {
  const line = JSON.parse(text) as Line;
  for (const part of Object.keys(line))
    if (!PARTS.has(part)) throw new CommandError(EXIT.failed, `the state has a part that this version does not know: ${part}`);
  return line;
}

function begin({ suspended, ledger, counts }: Beginning, { routers, counts: own }: StatefulParts): void {
  for (const domain of suspended) routers.byDomain.get(domain)?.suspend();
  routers.ledger.restoreNumbering(ledger.numbering, ledger.forgotten);
  own.restore(counts);
}

/** The stanzas for domains that the configuration no longer has as peers bounce. */
function goOnWithPeers(
  saved: ReturnType<typeof restoredPeers>,
  federation: OptionalParts['federation'],
  { delivery, routers, clock }: Pick<StatefulParts, 'delivery' | 'routers' | 'clock'>,
): void {
  federation?.restore(saved);
  const lost = stanzasWithoutPeer(saved, (domain) => (federation?.peer(domain) ?? null) !== null);
  if (lost.length === 0) return;
  clock.soon(() => {
    for (const stanza of lost) {
      if (stanza.returnPath !== BOUNCES) routers.returned(stanza);
      else delivery.bounce(stanza, new StanzaError('remote-server-not-found', 'the other server is no longer a peer of this one'));
    }
  });
}
