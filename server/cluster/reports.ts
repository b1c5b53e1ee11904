import type { ListenerCounts } from '../../router/reported-counts.ts';
import type { Router } from '../../router/router.ts';
import type { Clock, Timer } from '../../shared/clock.ts';
import { FRAME_KINDS, type Frame, textAt, writeFrame } from './frame.ts';
import type { KnownSessions } from './known-sessions.ts';
import { FrameError } from './link/members.ts';
import type { MemberReplica } from './member-replica.ts';

/** The interval of looks at the listeners here: a stalled one is reported by the next. */
const LOOK_MS = 250;
/** Looks between two reports of counts. */
const LOOKS_PER_COUNT = 4;
/** Looks after which everything is sent again: a process that has taken the place of another one does not know the last reports. */
const LOOKS_PER_REPEAT = 40;

/** The parts of the server that reports are about. */
export interface ReportsEnvironment {
  /** By domain. */
  readonly routers: ReadonlyMap<string, Router>;
  readonly clock: Clock;
}

/**
 * Reports what changes all the time: once a second the counts of requests that the routers here have handed to each listener, and sooner the listeners here whose
 * peers do not read. A report that repeats the last one is sent only now and then.
 */
export class Reports {
  private readonly environment: ReportsEnvironment;
  private readonly known: KnownSessions;
  /** The last frames by kind and domain, which a member that joins gets. */
  private readonly last = new Map<string, string>();
  private looks = 0;
  private timer: Timer | null = null;

  constructor(environment: ReportsEnvironment, known: KnownSessions) {
    this.environment = environment;
    this.known = known;
    this.lookLater();
  }

  close(): void {
    this.timer?.cancel();
  }

  /** Sends the last reports to a member that has joined. */
  joined(replica: MemberReplica): void {
    for (const frame of this.last.values()) replica.sendFrame(frame);
  }

  /** A member has reported counts. */
  countsCame({ member }: MemberReplica, frame: Frame): void {
    this.environment.routers.get(textAt(frame, 0))?.replica.counted(member, readCounts(textAt(frame, 1)));
  }

  /** A member has reported which of its sessions do not read. */
  stallsCame({ sessions }: MemberReplica, frame: Frame): void {
    const [stalled, backlogged] = [numbersOf(textAt(frame, 0)), numbersOf(textAt(frame, 1))];
    for (const remote of sessions.values()) {
      remote.peerStalled = stalled.has(remote.number);
      remote.backlogged = backlogged.has(remote.number);
    }
  }

  /** Forgets the counts of a lost member. */
  memberLeft(member: string): void {
    for (const router of this.environment.routers.values()) router.replica.counted(member, []);
  }

  private lookLater(): void {
    this.timer = this.environment.clock.after(LOOK_MS, () => {
      this.look();
      this.lookLater();
    });
  }

  private look(): void {
    if (this.known.members.size === 0) return;
    if (this.looks % LOOKS_PER_REPEAT === 0) this.last.clear();
    this.send('stalls', this.stallsFrame());
    if (this.looks++ % LOOKS_PER_COUNT > 0) return;
    for (const [domain, { replica }] of this.environment.routers) {
      this.send(domain, writeFrame(FRAME_KINDS.counts, [], domain, writeCounts(replica.listeners())));
    }
  }

  private send(about: string, frame: string): void {
    if (this.last.get(about) === frame) return;
    this.last.set(about, frame);
    for (const replica of this.known.members.values()) replica.sendFrame(frame);
  }

  private stallsFrame(): string {
    const stalled = new Set<number>();
    const backlogged = new Set<number>();
    for (const { replica } of this.environment.routers.values()) {
      for (const [, { session }] of replica.listeners()) {
        const local = this.known.here(session)?.session;
        if (local?.stalled === true) stalled.add(session);
        if (local?.backlogged === true) backlogged.add(session);
      }
    }
    return writeFrame(FRAME_KINDS.stalls, [], [...stalled].join(), [...backlogged].join());
  }
}

/** One line for each listener with counts; neither names of classes nor addresses contain control characters. */
function writeCounts(listeners: Iterable<readonly [string, ListenerCounts | Omit<ListenerCounts, 'className'>]>): string {
  const lines: string[] = [];
  for (const [className, { jid, count, answered, unanswered }] of listeners) {
    if (count > 0) lines.push(`${className}\t${jid}\t${count}\t${answered}\t${unanswered}`);
  }
  return lines.join('\n');
}

function readCounts(text: string): ListenerCounts[] {
  return text === '' ? [] : text.split('\n').map(readLine);
}

/** @throws FrameError */
function readLine(line: string): ListenerCounts {
  const [className = '', jid = '', ...texts] = line.split('\t');
  const [count, answered, unanswered] = texts.map(Number);
  if (count === undefined || answered === undefined || unanswered === undefined) throw new FrameError('a report of counts with a broken line');
  if (![count, answered, unanswered].every(Number.isSafeInteger)) throw new FrameError('a report of counts with a number that is none');
  return { className, jid, count, answered, unanswered };
}

function numbersOf(list: string): ReadonlySet<number> {
  return new Set(list === '' ? [] : list.split(',').map(Number));
}
