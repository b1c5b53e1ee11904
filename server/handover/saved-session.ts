import { type OriginOf, restoredStanza, type SavedStanza, savedStanza } from '../../shared/saved-stanza.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { MemoryBudget } from '../kernel/memory-budget.ts';
import { Connection, type SavedConnection, type SessionUser } from '../net/connection.ts';
import type { TransportKind } from '../net/transport.ts';
import type { Binding } from '../sessions/binding.ts';
import { LostConnection } from '../sessions/lost-connection.ts';
import { type ManagedConnection, ManagedLink, type SavedManagement } from '../sessions/managed-link.ts';
import type { Presence } from '../sessions/presence.ts';
import type { Resumption } from '../sessions/resumption.ts';
import type { Session, SessionIdentity, SessionLife } from '../sessions/session.ts';
import { ClientStream, ComponentStream } from '../streams/session-streams.ts';

/** The place of a session's peer. */
export interface SavedPlace {
  readonly kind: TransportKind;
  readonly peer: string;
  readonly remote: boolean;
}

/** A session as it goes to another process. */
export interface SavedSession {
  readonly identity: SessionIdentity;
  readonly life: SessionLife;
  readonly place: SavedPlace;
  /** The index of its connection; -1: it waits for a resumption. */
  readonly index: number;
  readonly connection: SavedOutput | null;
  readonly management: (Omit<SavedManagement, 'entries'> & { readonly entries: readonly { readonly stanza: SavedStanza; readonly written: boolean }[] }) | null;
  readonly presence: { readonly stanza: SavedStanza | null; readonly addresses: readonly string[] } | null;
}

/** A connection, with its rest in base64. A number is the index of an unacknowledged stanza, which is the same object. */
export interface SavedOutput extends Omit<SavedConnection, 'output' | 'rest'> {
  readonly rest: string;
  readonly blockedMs: number;
  readonly entries: readonly (string | number | SavedStanza)[];
}

const NOTHING = Buffer.alloc(0);

/** The connection of a session; null if it has lost it, or if the session belongs to a program of this process. */
export function connectionOf({ link }: Session): Connection | null {
  const connection = link instanceof ManagedLink ? link.current : link;
  return connection instanceof Connection ? connection : null;
}

/** Turns a session into JSON. @returns null if no other process can go on with it. */
export function savedSession(session: Session, presence: Presence, indexOf: (connection: Connection) => number | undefined): SavedSession | null {
  const { link } = session;
  const managed = link instanceof ManagedLink ? link : null;
  const connection = managed?.waits === true ? null : connectionOf(session);
  const index = connection === null ? -1 : (indexOf(connection) ?? -1);
  const saved = index === -1 ? null : (connection?.save() ?? null);
  if (saved === null && managed?.waits !== true) return null;
  const management = managed?.save() ?? null;
  const numbers = new Map(management?.entries.map(({ stanza }, number) => [stanza, number]));
  return {
    identity: identityOf(session),
    life: session.life,
    place: { kind: link.kind, peer: link.peer, remote: connection?.transport.remote ?? true },
    index,
    connection: saved && savedOutput(saved, numbers),
    management: management && { ...management, entries: management.entries.map(({ stanza, written }) => ({ stanza: savedStanza(stanza), written })) },
    presence: savedPresence(presence.save(session)),
  };
}

function identityOf({ bareJid, jid, origin: { domain, isRouterAccount }, isVersionless }: Session): SessionIdentity {
  const at = bareJid.indexOf('@');
  return { username: at === -1 ? '' : bareJid.slice(0, at), domain, resource: jid.slice(bareJid.length + 1), isRouterAccount, isVersionless };
}

function savedPresence(presence: ReturnType<Presence['save']>): SavedSession['presence'] {
  return presence && { ...presence, stanza: presence.stanza && savedStanza(presence.stanza) };
}

/** Turns a connection into JSON. @param numbers The indexes of unacknowledged stanzas. */
export function savedOutput({ output, rest, ...saved }: SavedConnection, numbers: ReadonlyMap<Stanza, number>): SavedOutput {
  const entries = output.entries.map((entry) => (typeof entry === 'string' ? entry : (numbers.get(entry) ?? savedStanza(entry))));
  return { ...saved, rest: rest.toString('base64'), blockedMs: output.blockedMs, entries };
}

/** The connection of {@link savedOutput}. */
export function restoredOutput(saved: SavedOutput, stanza: (entry: number | SavedStanza) => Stanza): SavedConnection {
  const { input, bytesRead, bytesWritten, rest, blockedMs, entries } = saved;
  const restored = entries.map((entry) => (typeof entry === 'string' ? entry : stanza(entry)));
  return { input, bytesRead, bytesWritten, rest: rest === '' ? NOTHING : Buffer.from(rest, 'base64'), output: { blockedMs, entries: restored } };
}

/** The parts of a server that sessions of another process need. */
export interface SessionsEnvironment {
  readonly binding: Binding;
  readonly presence: Presence;
  readonly resumption: Resumption;
  readonly memory: MemoryBudget;
}

/** A session of another process, whose stanzas are yet to come. */
export class RestoredSession {
  readonly session: Session;
  private readonly saved: SavedSession;
  private readonly environment: SessionsEnvironment;
  private readonly link: Connection | null;
  private readonly lost: ManagedConnection;

  /** @param link Its connection; null: it waits for a resumption. */
  constructor(saved: SavedSession, environment: SessionsEnvironment, link: Connection | null) {
    this.saved = saved;
    this.environment = environment;
    this.link = link;
    this.lost = link ?? new LostConnection(saved.place.kind, saved.place.peer, environment.memory);
    this.session = environment.binding.restore(this.lost as Connection, saved.identity, saved.life);
  }

  /** Restores its stanzas, once all sessions are known: any of them may have sent these. */
  withStanzas(originOf: OriginOf): void {
    const { session, link, environment } = this;
    const { management, presence, connection } = this.saved;
    const stanza = (saved: SavedStanza) => restoredStanza(saved, originOf);
    const kept = management && { ...management, entries: management.entries.map((entry) => ({ ...entry, stanza: stanza(entry.stanza) })) };
    const managed = kept && environment.resumption.restore(session, this.lost, kept);
    if (presence !== null) environment.presence.restore(session, { ...presence, stanza: presence.stanza && stanza(presence.stanza) });
    if (link === null || connection === null) return;
    const restored = restoredOutput(connection, (entry) => (typeof entry === 'number' ? (kept?.entries[entry]?.stanza as Stanza) : stanza(entry)));
    link.restore(restored, managed ?? this.streamOn(link));
  }

  private streamOn(link: Connection): SessionUser {
    const { session, environment } = this;
    return session.kind === 'component' ? new ComponentStream(link, session) : new ClientStream(link, session, environment.resumption);
  }
}
