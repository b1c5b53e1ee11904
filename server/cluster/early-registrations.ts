import { detached } from '../../shared/detach.ts';
import { type Frame, textAt } from './frame.ts';
import type { SessionPlace } from './known-sessions.ts';

/** Registrations that are kept, and the UTF-16 units of their texts. They wait for the milliseconds by which one member is faster than another. */
const MOST_FRAMES = 1_000;
const MOST_UNITS = 1_048_576;

interface Early {
  /** The member that has announced it. */
  readonly from: string;
  /** The place of the listener's session. */
  readonly place: SessionPlace;
  readonly frame: Frame;
  readonly units: number;
}

/** Registrations of listeners whose sessions are not known yet: an external router at one member has announced a listener of another, which has not announced its session here. */
export class EarlyRegistrations {
  private all: Early[] = [];
  private units = 0;

  /** Keeps one. @returns false if too many wait. */
  keep(from: string, place: SessionPlace, { kind, numbers, texts }: Frame): boolean {
    const units = texts.reduce((sum, text) => sum + text.length, 0);
    if (this.all.length >= MOST_FRAMES || this.units + units > MOST_UNITS) return false;
    this.units += units;
    this.all.push({ from, place: { ...place, member: detached(place.member) }, frame: { kind, numbers, texts: texts.map(detached) }, units });
    return true;
  }

  /** The session is known: takes its registrations, in order. */
  take(place: SessionPlace): Frame[] {
    if (this.all.length === 0) return [];
    const found = this.all.filter((early) => isAt(early, place)).map(({ frame }) => frame);
    this.drop((early) => isAt(early, place));
    return found;
  }

  /** The listener has left its class before. @param left The frame that says so, which names the same domain, class and address. */
  left(left: Frame): void {
    this.drop(({ frame }) => [0, 1, 2].every((index) => textAt(frame, index) === textAt(left, index)));
  }

  /** A member is lost: its sessions will not come, and its router's registrations count no more. */
  memberLeft(member: string): void {
    this.drop(({ from, place }) => from === member || place.member === member);
  }

  private drop(isOver: (early: Early) => boolean): void {
    this.all = this.all.filter((early) => !isOver(early));
    this.units = this.all.reduce((sum, { units }) => sum + units, 0);
  }
}

function isAt({ place }: Early, { number, member }: SessionPlace): boolean {
  return place.number === number && place.member === member;
}
