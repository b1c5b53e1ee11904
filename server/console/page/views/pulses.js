// Animates messages along the lines of the picture.

import { svg } from '../base/dom.js';

const TRAVEL_MS = 420;
/** The stanzas of a request are shown one after the other, so that the eye can follow them. */
const DELAYS = { asked: 0, handed: TRAVEL_MS, again: TRAVEL_MS, answer: 2 * TRAVEL_MS, bounce: TRAVEL_MS };
const LIT_MS = 500;
const MAX_PULSES = 80;
/** Stanzas of one kind that are this close on one line share a dot: the eye sees one, and the browser takes CPU from a server on the same machine. */
const SHARED_MS = 100;
/** The shortest time between two pictures of the moving dots. */
const FRAME_MS = 30;

export class Pulses {
  #lines;
  #picture;
  #pulses = new Set();
  #frame = 0;
  #movedAt = 0;
  #still = matchMedia('(prefers-reduced-motion: reduce)');

  constructor(lines, picture) {
    this.#lines = lines;
    this.#picture = picture;
  }

  /** @param placeOf Finds the group of a JID. */
  show(steps, placeOf) {
    const begin = performance.now();
    const first = Math.min(...steps.map(({ at }) => at));
    const dots = new Set();
    const lit = new Map();
    for (const step of steps) {
      // To the server and from it; one of them is missing if the router is the sender or the receiver.
      const from = placeOf(step.from);
      const to = placeOf(step.to);
      const delay = step.at - first + DELAYS[step.kind];
      this.#add(from, step.kind, begin, delay, false, dots);
      this.#add(to, step.kind, begin, from === '' ? delay : delay + TRAVEL_MS, true, dots);
      const active = step.kind === 'answer' ? step.from : step.to;
      lit.set(active, Math.min(delay, lit.get(active) ?? delay));
    }
    for (const [jid, delay] of lit) this.#light(jid, delay);
    if (this.#frame === 0 && this.#pulses.size > 0) this.#frame = requestAnimationFrame((now) => this.#move(now));
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#pulses.clear();
  }

  /** Highlights an active session, which is visible among hundreds. */
  #light(jid, delay) {
    for (const one of this.#picture.querySelectorAll(`[data-jid="${CSS.escape(jid)}"]`)) {
      setTimeout(() => one.classList.add('active'), delay);
      setTimeout(() => one.classList.remove('active'), delay + LIT_MS);
    }
  }

  /** @param key The group at the end of the line; `''`: there is no line. @param dots Those of this batch so far. */
  #add(key, kind, begin, delay, backwards, dots) {
    const name = `${key} ${kind} ${backwards} ${Math.floor(delay / SHARED_MS)}`;
    if (key === '' || dots.has(name) || this.#pulses.size >= MAX_PULSES) return;
    dots.add(name);
    const line = this.#lines.querySelector(`path[data-key="${CSS.escape(key)}"]`);
    if (line === null) return;
    const dot = svg('circle', { class: `pulse ${kind}`, r: 4.5, cx: -20, cy: -20 });
    this.#lines.append(dot);
    this.#pulses.add({ line, dot, start: begin + delay, backwards });
  }

  #move(now) {
    if (now - this.#movedAt >= FRAME_MS) {
      this.#movedAt = now;
      for (const pulse of this.#pulses) if (!this.#place(pulse, now)) this.#remove(pulse);
    }
    this.#frame = this.#pulses.size === 0 ? 0 : requestAnimationFrame((later) => this.#move(later));
  }

  /** @returns whether the pulse is still moving. */
  #place({ line, dot, start, backwards }, now) {
    const part = (now - start) / TRAVEL_MS;
    if (part < 0) return true;
    line.classList.add('busy');
    if (part > 1 || !line.isConnected) return false;
    const eased = this.#still.matches ? 0.5 : part * part * (3 - 2 * part);
    const { x, y } = line.getPointAtLength(line.getTotalLength() * (backwards ? 1 - eased : eased));
    dot.setAttribute('cx', x);
    dot.setAttribute('cy', y);
    return true;
  }

  #remove(pulse) {
    pulse.dot.remove();
    this.#pulses.delete(pulse);
    if ([...this.#pulses].every(({ line }) => line !== pulse.line)) pulse.line.classList.remove('busy');
  }
}
