import type { Ledger } from '../../router/ledger/ledger.ts';
import type { RoutedSession } from '../../router/ports/environment.ts';
import type { Router } from '../../router/router.ts';
import type { SavedLedger, SavedRouter } from '../../router/saved-router.ts';
import type { Origin } from '../../shared/origin.ts';
import type { SavedCounts, ServerCounts } from '../kernel/counts.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { ByteTransport } from '../net/byte-transport.ts';
import type { Connection } from '../net/connection.ts';
import { COMPONENT_FRAMING, STREAM_FRAMING } from '../net/framing.ts';
import type { InheritedSocket } from '../net/read-directly.ts';
import type { Session } from '../sessions/session.ts';
import type { Connections } from '../streams/connections.ts';
import { RestoredSession, type SavedSession, type SessionsEnvironment, savedSession } from './saved-session.ts';

/** The parts of a server that have a state. */
export interface StatefulParts extends SessionsEnvironment {
  readonly sessions: ReadonlySet<Session>;
  readonly routers: { readonly byDomain: ReadonlyMap<string, Router>; readonly ledger: Ledger };
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
  | { readonly cluster: NonNullable<unknown> }
  | { readonly router: SavedRouter };

const PARTS: ReadonlySet<string> = new Set(['beginning', 'session', 'cluster', 'router']);

/** Takes the place of another process in its cluster. @param saved Its state. @returns the sessions of other members, by their number here. @throws Error */
export type TakePlace = (saved: unknown) => (session: number) => (RoutedSession & { readonly origin: Origin }) | null;

/** Writes the state of a frozen server, a line of JSON for each part. @param indexOf The index of a connection that the other process has too. @param cluster The state of its cluster; null: none. */
export function* stateLines(
  { sessions, routers, presence, counts }: StatefulParts,
  indexOf: (connection: Connection) => number | undefined,
  cluster: object | null,
): Iterable<string> {
  const { ledger, byDomain } = routers;
  const suspended = [...byDomain.values()].filter((router) => router.suspended).map(({ domain }) => domain);
  yield lineOf({ beginning: { suspended, ledger: { numbering: ledger.numbering, forgotten: ledger.forgotten }, counts: counts.save() } });
  for (const session of sessions) {
    const saved = savedSession(session, presence, indexOf);
    if (saved !== null) yield lineOf({ session: saved });
  }
  if (cluster !== null) yield lineOf({ cluster });
  for (const router of byDomain.values()) yield lineOf({ router: router.save() });
}

function lineOf(line: Line): string {
  return JSON.stringify(line);
}

/** Fills a new server with the state of another process. It reads and writes in later turns only. @param sockets Those of all connections. @throws Error */
export function restoreState(lines: readonly string[], parts: StatefulParts, sockets: readonly InheritedSocket[], takePlace: TakePlace): void {
  const { byDomain } = parts.routers;
  const restored = new Map<number, RestoredSession>();
  const left = new Set(sockets);
  const all = lines.map(readLine);
  const [first] = all;
  if (first === undefined || !('beginning' in first)) throw new Error('the state has no beginning');
  begin(first.beginning, parts);
  for (const session of all.flatMap((line) => ('session' in line ? [line.session] : []))) {
    const inherited = sockets[session.index];
    if (inherited !== undefined) left.delete(inherited);
    const link = inherited === undefined ? null : connectionOn(inherited, session, parts.connections);
    restored.set(session.life.number, new RestoredSession(session, parts, link));
  }
  const elsewhere = all.map((line) => ('cluster' in line ? takePlace(line.cluster) : null)).find((found) => found !== null) ?? (() => null);
  const originOf = (number: number) => restored.get(number)?.session.origin ?? elsewhere(number)?.origin ?? null;
  for (const session of restored.values()) session.withStanzas(originOf);
  const sessions = { originOf, session: (number: number) => (restored.get(number)?.session as (Session & RoutedSession) | undefined) ?? elsewhere(number) };
  for (const router of all.flatMap((line) => ('router' in line ? [line.router] : []))) byDomain.get(router.domain)?.restore(router, sessions);
  // Their sessions have ended meanwhile.
  for (const { socket } of left) socket.destroy();
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

function connectionOn(inherited: InheritedSocket, { place, identity }: SavedSession, connections: Connections): Connection {
  const framing = identity.username === '' ? COMPONENT_FRAMING : STREAM_FRAMING;
  return connections.goOnWith(ByteTransport.on(inherited, { kind: place.kind === 'unix' ? 'unix' : 'tcp', peer: place.peer, remote: place.remote }, framing));
}
