import { parseJson, plainText } from './json.ts';
import { type OsrfMessage, statusCodeOf } from './message.ts';

/** The effect of a RESULT: a result; a chunk; or the last chunk of a text that is not JSON, or is nested too deeply. */
export type Assembled =
  | { readonly kind: 'result'; readonly content: unknown }
  | { readonly kind: 'piece' }
  | { readonly kind: 'broken'; readonly text: string };

const PIECE: Assembled = Object.freeze({ kind: 'piece' });

/**
 * Assembles the results of one request. A long result comes in chunks: each `osrfResultPartial` (206) has a part of its JSON, and
 * `osrfResultPartialComplete` (204) follows the last of them.
 */
export class ResultAssembler {
  private pieces: string[] = [];

  /** Whether a result is incomplete. */
  get incomplete(): boolean {
    return this.pieces.length > 0;
  }

  /** Processes a RESULT. */
  take(message: OsrfMessage): Assembled {
    const { payloadClass, payload } = message;
    const code = statusCodeOf(message);
    if (payloadClass === 'osrfResultPartial' || code === 206) {
      this.pieces.push(plainText(payload['content']));
      return PIECE;
    }
    if (payloadClass === 'osrfResultPartialComplete' || code === 204) return this.join();
    return { kind: 'result', content: payload['content'] };
  }

  private join(): Assembled {
    const text = this.pieces.join('');
    this.pieces = [];
    const content = parseJson(text);
    return content === undefined ? { kind: 'broken', text } : { kind: 'result', content };
  }
}
