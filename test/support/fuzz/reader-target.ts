import { isUtf8 } from 'node:buffer';
import { SaxesParser } from 'saxes';
import { StreamError } from '../../../shared/errors.ts';
import { OPENING, Reading, readStanza } from '../reading.ts';
import type { FuzzCase, FuzzTarget } from './fuzz.ts';
import { mutated, pieces } from './mutation.ts';
import type { Random } from './random.ts';
import { conversationSeeds } from './seeds.ts';

/** Parses with an independent parser. @throws if the text is not well-formed, or contains anything forbidden in a stream (RFC 6120 §11.1). */
export function checkStanza(xml: string): void {
  const parser = new SaxesParser({ xmlns: true });
  const restricted = (what: string) => () => {
    throw new Error(`${what} came through in ${xml}`);
  };
  parser.on('comment', restricted('a comment'));
  parser.on('processinginstruction', restricted('a processing instruction'));
  parser.on('doctype', restricted('a DOCTYPE'));
  parser.write(`${OPENING}${xml}</stream:stream>`).close();
}

const LIMITS = { maxStanzaBytes: 20_000, hardStanzaBytes: 40_000, maxAttributes: 100, maxDepth: 16 };

/** The reader alone: it ends with a stream error or not at all, however the text is cut; its output is well-formed and reads the same again. */
export class ReaderTarget implements FuzzTarget {
  readonly name = 'reader';
  readonly batch = 1;
  private readonly seeds = conversationSeeds();

  make(random: Random): Buffer {
    return mutated(this.seeds, random);
  }

  async play(cases: readonly FuzzCase[]): Promise<string> {
    for (const { bytes, random } of cases) {
      try {
        const problem = this.problemOf(bytes, pieces(bytes, random));
        if (problem !== '') return problem;
      } catch (error) {
        return (error as Error).stack ?? String(error);
      }
    }
    return '';
  }

  async close(): Promise<void> {}

  private problemOf(bytes: Buffer, chunks: readonly Buffer[]): string {
    const whole = Reading.of([bytes], LIMITS);
    const cut = Reading.of(chunks, LIMITS);
    if (whole.error !== null && !(whole.error instanceof StreamError)) return `no stream error: ${whole.error}`;
    if (isUtf8(bytes) && whole.error === null && cut.error === null && whole.events.join() !== cut.events.join()) {
      return `in pieces it reads as ${cut.events.join()}, whole as ${whole.events.join()}`;
    }
    for (const [index, stanza] of cut.stanzas.entries()) {
      if (cut.namespaces[index] !== 'jabber:client' || stanza.name.includes(':')) continue;
      const xml = stanza.toXml();
      checkStanza(xml);
      const again = readStanza(xml);
      if (again.toXml() !== xml) return `${xml} is written as ${again.toXml()} when it is read again`;
    }
    return '';
  }
}
