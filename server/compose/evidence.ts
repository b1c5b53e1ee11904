import type { Evidence, RoutedSession, SeenWorker } from '../../router/ports/environment.ts';
import { teamMember } from '../../shared/osrf/program-names.ts';
import type { ServerClock } from '../kernel/clock.ts';
import { readUnreadBytes } from '../net/unread-bytes.ts';
import { hasEnded } from '../process/process-times.ts';
import { BoundSession } from '../sessions/bound-session.ts';
import type { Session } from '../sessions/session.ts';

type WorkerSession = Pick<Session, 'jid' | 'since' | 'stanzasRead'>;

/** Evidence about the programs behind sessions, besides their stanzas. */
export class ServerEvidence implements Evidence {
  readonly hasEnded = hasEnded;
  /** The sessions of other members of a cluster, with the stanzas that are known here. */
  elsewhere: () => Iterable<WorkerSession> = () => [];
  private readonly sessions: ReadonlySet<Session>;
  private readonly clock: Pick<ServerClock, 'soon'>;

  constructor(sessions: ReadonlySet<Session>, clock: Pick<ServerClock, 'soon'>) {
    this.sessions = sessions;
    this.clock = clock;
  }

  readUnread(sessions: readonly RoutedSession[], report: (bytes: ReadonlyMap<RoutedSession, number>) => void): void {
    const peers = new Map(sessions.flatMap((session) => peerOf(session)));
    if (peers.size === 0) {
      report(new Map());
      return;
    }
    // Scheduled by the clock, whose guard catches the receiver's failures.
    readUnreadBytes(new Set(peers.values())).then(
      (unread) => this.clock.soon(() => report(new Map([...peers].flatMap(([session, peer]) => entryOf(session, unread.get(peer)))))),
      () => this.clock.soon(() => report(new Map())),
    );
  }

  workers(listeners: readonly RoutedSession[]): ReadonlyMap<RoutedSession, readonly SeenWorker[]> {
    const teams = new Map<string, SeenWorker[]>();
    const found = new Map<RoutedSession, readonly SeenWorker[]>();
    for (const listener of listeners) {
      const member = teamMember(listener.jid);
      if (member === null) continue;
      const team = teams.get(member.team) ?? [];
      teams.set(member.team, team);
      found.set(listener, team);
    }
    if (teams.size === 0) return found;
    addWorkers(teams, this.sessions);
    addWorkers(teams, this.elsewhere());
    return found;
  }
}

function addWorkers(teams: ReadonlyMap<string, SeenWorker[]>, sessions: Iterable<WorkerSession>): void {
  for (const { jid, since, stanzasRead } of sessions) {
    const member = jid.includes(WORKER) ? teamMember(jid) : null;
    if (member?.role === 'drone') teams.get(member.team)?.push({ since, sent: stanzasRead });
  }
}

const WORKER = '_drone_';

function entryOf(session: RoutedSession, bytes: number | undefined): [RoutedSession, number][] {
  return bytes === undefined ? [] : [[session, bytes]];
}

/** This machine's tables contain the sockets of local peers only. */
function peerOf(session: RoutedSession): [RoutedSession, string][] {
  if (!(session instanceof BoundSession) || !session.link.open || session.host !== '') return [];
  return [[session, session.link.peer.replace(/^::ffff:/, '')]];
}
