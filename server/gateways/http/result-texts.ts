import { JsonText, plainText, toJson } from '../../../shared/osrf/json.ts';
import { readJson } from '../../../shared/osrf/json-reader.ts';
import { type OsrfMessage, statusCodeOf } from '../../../shared/osrf/message.ts';

/** Bounds that check a whole result without keeping any of it. */
const NOTHING_KEPT = { levels: 0, mostValues: Number.POSITIVE_INFINITY } as const;

/** Assembles the results of one request as JSON, exactly as the service wrote it: see also {@link ResultAssembler}. */
export class ResultTexts {
  private pieces: string[] = [];

  /** Whether a result is incomplete. */
  get incomplete(): boolean {
    return this.pieces.length > 0;
  }

  /** Processes a RESULT, a long one in many steps. @returns its JSON; `''` for a chunk. */
  *take(message: OsrfMessage): Generator<void, string, void> {
    const { payloadClass, payload } = message;
    const { content } = payload;
    const code = statusCodeOf(message);
    if (payloadClass === 'osrfResultPartial' || code === 206) {
      this.pieces.push(plainText(content));
      return '';
    }
    if (payloadClass === 'osrfResultPartialComplete' || code === 204) return yield* this.join();
    return content instanceof JsonText ? content.text : 'null';
  }

  /** Text that is not JSON, or is nested too deeply, becomes a string. */
  private *join(): Generator<void, string, void> {
    const { pieces } = this;
    this.pieces = [];
    const { value } = yield* readJson(pieces.join(''), NOTHING_KEPT);
    if (value instanceof JsonText) return value.text;
    let json = '"';
    for (const piece of pieces) {
      json += toJson(piece).slice(1, -1);
      yield;
    }
    return `${json}"`;
  }
}
