import { StanzaError } from '../../shared/errors.ts';
import type { Job } from '../../shared/job.ts';
import { BodyPieces } from '../../shared/osrf/body-pieces.ts';
import { answerInPieces } from '../../shared/osrf/stanzas.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { RouterEnvironment } from '../ports/environment.ts';
import type { RouterLimits } from '../ports/options.ts';
import type { Bits } from './queries.ts';

/** The most queries of one session that wait for the answers to earlier ones. */
const MAX_WAITING = 16;

interface Query {
  readonly stanza: Stanza;
  /** Makes the bodies of the answers, one per stanza. */
  readonly bodies: () => Iterable<Bits>;
}

/**
 * Answers queries to the router. An answer may be long, so it is made in slices; the answers to one session are sent in the order of its queries.
 */
export class Answers {
  private readonly limits: Pick<RouterLimits, 'stanzaCopyBytes'>;
  private readonly environment: RouterEnvironment;
  /** By number of session, while an answer is being made. */
  private readonly waiting = new Map<number, Query[]>();

  constructor(limits: Pick<RouterLimits, 'stanzaCopyBytes'>, environment: RouterEnvironment) {
    this.limits = limits;
    this.environment = environment;
  }

  /** Answers a query after the earlier ones of its session. @param bodies Makes the bodies of the answers, one per stanza. */
  answer(stanza: Stanza, bodies: Query['bodies']): void {
    const { session } = stanza.origin;
    const waiting = this.waiting.get(session);
    if (waiting === undefined) {
      this.waiting.set(session, []);
      this.environment.jobs.run(this.answerAll(session, { stanza, bodies }));
      return;
    }
    if (waiting.length >= MAX_WAITING) {
      this.environment.bounce(stanza, new StanzaError('resource-constraint', 'wait for the answers to earlier queries first'));
      return;
    }
    this.keep(stanza);
    waiting.push({ stanza, bodies });
  }

  private *answerAll(session: number, first: Query): Job {
    const waiting = this.waiting.get(session) as Query[];
    this.keep(first.stanza);
    try {
      for (let query: Query | undefined = first; query !== undefined; query = waiting.shift()) {
        yield* this.answerOne(query);
        query.stanza.origin.account.charge(-query.stanza.cost);
      }
    } finally {
      this.waiting.delete(session);
    }
  }

  private *answerOne({ stanza, bodies }: Query): Job {
    let bytes = 0;
    for (const bits of bodies()) {
      // The session has ended.
      if (this.environment.session(stanza.origin) === null) return;
      const body = yield* this.write(stanza, bits, this.limits.stanzaCopyBytes - bytes);
      if (body === null) {
        const text = `the answers to one query may have at most ${this.limits.stanzaCopyBytes} bytes`;
        this.environment.bounce(stanza, new StanzaError('resource-constraint', text));
        return;
      }
      bytes += body.length;
      // The transaction id stays empty, as in the C router's answers.
      this.environment.deliver(answerInPieces(stanza, '', body.all()));
    }
  }

  /** @returns null if the body is too long. */
  private *write({ origin }: Stanza, bits: Bits, maxLength: number): Generator<void, BodyPieces | null, void> {
    const body = new BodyPieces();
    let charged = 0;
    try {
      for (const bit of bits) {
        body.add(bit);
        if (body.length > maxLength) return null;
        origin.account.charge(body.length - charged);
        charged = body.length;
        yield;
      }
      return body;
    } finally {
      origin.account.charge(-charged);
    }
  }

  private keep(stanza: Stanza): void {
    stanza.detach();
    stanza.origin.account.charge(stanza.cost);
  }
}
