import type { Log } from '../../kernel/log.ts';
import { type Beat, type Digests, differenceOf } from './beat.ts';
import { Link, type LinkEnvironment } from './link.ts';

/** The time in which a member whose configuration has changed stays, so that all can be reloaded. */
const RELOAD_MS = 60_000;
/** Silence after which a member that was given up is forgotten. */
const FORGET_MS = 60_000;
/** Incarnations that have left or are refused, and are remembered. */
const MOST_REMEMBERED = 64;

/** The names and digests of this member. */
export interface OwnBeat {
  readonly member: string;
  readonly log: Log;
  /** The subject of the packets to a member. */
  subjectOf(member: Pick<Beat, 'name' | 'incarnation'>): string;
}

/** Decides about the members that are heard, and keeps a link to each that is admitted. */
export class Admission {
  /** By incarnation. */
  readonly links = new Map<string, Link>();
  private readonly own: OwnBeat;
  private readonly environment: LinkEnvironment;
  /** Incarnations without a link, and the reason that was logged. */
  private readonly refused = new Map<string, string>();
  /** When the configuration of an admitted member began to differ, by incarnation. */
  private readonly differing = new Map<string, number>();

  constructor(own: OwnBeat, environment: LinkEnvironment) {
    this.own = own;
    this.environment = environment;
  }

  /** Whether an incarnation has left or is refused. */
  isRefused(incarnation: string): boolean {
    return this.refused.has(incarnation);
  }

  /** @returns the link to the member that has sent a beat, or null: it is not admitted. */
  admit(beat: Beat, digests: Digests): Link | null {
    const known = this.links.get(beat.incarnation);
    const difference = differenceOf(beat, digests);
    if (known !== undefined) return this.keep(known, difference);
    if (difference !== '') return this.refuse(beat, difference);
    if (this.refused.get(beat.incarnation) === GOODBYE) return null;
    if (!this.replace(beat)) return null;
    if (this.links.size >= this.environment.limits.members - 1) return this.refuse(beat, `cluster has ${this.environment.limits.members} members already`);
    this.refused.delete(beat.incarnation);
    return this.add(beat);
  }

  /** Makes the link to a member. */
  add(member: Pick<Beat, 'name' | 'incarnation'>): Link {
    const link = new Link(member.name, member.incarnation, this.own.subjectOf(member), this.environment);
    this.links.set(member.incarnation, link);
    return link;
  }

  /** A member has left: ignores what still arrives from it. */
  remove(link: Link): void {
    this.links.delete(link.incarnation);
    this.differing.delete(link.incarnation);
    this.remember(link.incarnation, GOODBYE);
  }

  /** Forgets members that were given up long ago. */
  forget(): void {
    const now = this.environment.now();
    for (const link of this.links.values()) {
      if (link.state !== 'joined' && now - link.heardAt > FORGET_MS) this.links.delete(link.incarnation);
    }
  }

  /** A known member: gives it up if its configuration has differed for too long. */
  private keep(link: Link, difference: string): Link | null {
    const { incarnation, name } = link;
    if (difference === '') {
      this.differing.delete(incarnation);
      return link;
    }
    const now = this.environment.now();
    const since = this.differing.get(incarnation);
    if (link.state === 'joined' && since === undefined) {
      this.differing.set(incarnation, now);
      this.own.log.warn({ member: name }, `its ${difference}: it must be reloaded within ${RELOAD_MS / 1_000} s, or this one`);
    }
    if (link.state === 'joined' && now - (since ?? now) < RELOAD_MS) return link;
    link.end('other-configuration');
    this.links.delete(incarnation);
    this.differing.delete(incarnation);
    return null;
  }

  /** Lets a member take the place of one with the same name that is dead. @returns whether the place is free. */
  private replace(beat: Beat): boolean {
    for (const link of this.links.values()) {
      if (link.name !== beat.name) continue;
      // It may come back if it has only stood still, once the other one has given up.
      if (this.environment.now() - link.heardAt <= this.environment.limits.suspectMs) return false;
      link.end('restarted');
      this.links.delete(link.incarnation);
    }
    return true;
  }

  private refuse(beat: Beat, reason: string): null {
    if (this.refused.get(beat.incarnation) !== reason) {
      this.remember(beat.incarnation, reason);
      this.own.log.error({ member: beat.name }, `member refused: its ${reason}`);
    }
    return null;
  }

  private remember(incarnation: string, reason: string): void {
    this.refused.delete(incarnation);
    if (this.refused.size >= MOST_REMEMBERED) this.refused.delete(this.refused.keys().next().value as string);
    this.refused.set(incarnation, reason);
  }
}

/** The reason for incarnations that have left. */
const GOODBYE = 'goodbye';
