import assert from 'node:assert/strict';
import { SaxesParser } from 'saxes';
import type { Element } from '../../shared/element.ts';
import { StreamError } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import type { Pace } from '../../shared/reader/pace.ts';
import { StreamReader } from '../../shared/reader/stream-reader.ts';
import type { ReaderLimits, StreamHeader, StreamReceiver } from '../../shared/reader/stream-receiver.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { Utf8Decoder } from '../../shared/utf8.ts';

/** The stream header of every OpenSRF library. */
export const OPENING = `<stream:stream to='localhost' xmlns='jabber:client' xmlns:stream='${NS.streams}'>`;

/** The same without a content namespace, which each stanza must then declare, in both styles of RFC 6120 §4.8.2. */
export const UNQUALIFIED_OPENINGS = [`<stream:stream to='localhost' xmlns:stream='${NS.streams}'>`, `<stream to='localhost' xmlns='${NS.streams}'>`] as const;

/** Limits that no test reaches by accident. */
export const WIDE_LIMITS: ReaderLimits = {
  maxElements: Number.POSITIVE_INFINITY,
  maxDepth: 128,
  maxAttributes: 1_000,
  maxStanzaBytes: 8_388_608,
  hardStanzaBytes: 67_108_864,
  maxStreamBytes: Number.POSITIVE_INFINITY,
};

/** A receiver that collects its input. */
export class Reading {
  readonly reads: StreamReceiver['reads'];
  readonly headers: StreamHeader[] = [];
  readonly stanzas: Stanza[] = [];
  readonly namespaces: string[] = [];
  readonly elements: Element[] = [];
  readonly oversized: Stanza[] = [];
  /** The events in order: `header`, `stanza NAME`, `element NAME`, `oversized NAME`, `footer`. */
  readonly events: string[] = [];
  error: StreamError | null = null;

  constructor(reads: StreamReceiver['reads'] = 'stanzas') {
    this.reads = reads;
  }

  headerRead(header: StreamHeader): void {
    this.headers.push(header);
    this.events.push('header');
  }

  stanzaRead(stanza: Stanza, namespace: string): void {
    this.stanzas.push(stanza);
    this.namespaces.push(namespace);
    this.events.push(`stanza ${stanza.name}`);
  }

  elementRead(element: Element): void {
    this.elements.push(element);
    this.events.push(`element ${element.name}`);
  }

  oversizedStanzaRead(stanza: Stanza): void {
    this.oversized.push(stanza);
    this.events.push(`oversized ${stanza.name}`);
  }

  footerRead(): void {
    this.events.push('footer');
  }

  /** Feeds the chunks to a new reader like a connection; keeps a stream error, which ends it. */
  static of(chunks: readonly (string | Buffer)[], limits: Partial<ReaderLimits> = {}, reads: StreamReceiver['reads'] = 'stanzas'): Reading {
    const reading = new Reading(reads);
    const reader = new StreamReader(reading, { ...WIDE_LIMITS, ...limits }, everyOther());
    const decoder = new Utf8Decoder();
    try {
      for (const chunk of chunks) {
        reader.write(decoder.decode(Buffer.from(chunk)));
        while (reader.suspended) reader.goOn();
      }
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      reading.error = error;
    }
    return reading;
  }
}

/** A pace that lets a reader continue every other time. */
function everyOther(): Pace {
  let goesOn = false;
  return {
    goesOn: () => {
      goesOn = !goesOn;
      return goesOn;
    },
  };
}

/** Reads one stanza of a stream in the form of OpenSRF 3.1. @param declarations Added to the stream's header. */
export function readStanza(xml: string, declarations = ''): Stanza {
  const reading = Reading.of([OPENING.replace(/>$/, `${declarations}>`), xml]);
  assert.equal(reading.error, null, `${reading.error?.message} in ${xml}`);
  assert.equal(reading.stanzas.length, 1, `one stanza in ${xml}`);
  return reading.stanzas[0] as Stanza;
}

/** Reads one element of a stream during negotiation. */
export function readElement(xml: string): Element {
  const reading = Reading.of([OPENING, xml], {}, 'elements');
  assert.equal(reading.error, null, `${reading.error?.message} in ${xml}`);
  assert.equal(reading.elements.length, 1, `one element in ${xml}`);
  return reading.elements[0] as Element;
}

interface Tree extends Element {
  readonly children: Tree[];
  text: string;
}

/** The children of a stream, from a parser with handlers for everything. Throws if the text is not well-formed. */
export function treesOf(stream: string): Element[] {
  const open: Tree[] = [];
  let streamRead: Tree | undefined;
  const text = (more: string) => {
    const innermost = open.at(-1);
    if (innermost !== undefined) innermost.text += more;
  };
  const parser = new SaxesParser({ xmlns: true });
  parser.on('opentag', ({ local, prefix, uri, attributes }) => {
    const plain = Object.values(attributes).filter((attribute) => attribute.uri === '');
    const tree = { name: local, prefix, namespace: uri, attributes: new Map(plain.map((one) => [one.local, one.value])), children: [], text: '' };
    open.at(-1)?.children.push(tree);
    streamRead ??= tree;
    open.push(tree);
  });
  parser.on('text', text);
  parser.on('cdata', text);
  parser.on('closetag', () => open.pop());
  parser.write(stream).close();
  return streamRead?.children ?? [];
}

/** The content of a stanza, for comparison, without its delivery, its pieces and its memory. */
export function fieldsOf(stanza: Stanza): Record<string, unknown> {
  const { origin: _origin, returnPath: _returnPath, twoByte: _twoByte, isAscii, rest, more, ...fields } = stanza;
  const content = [rest, ...more].join('');
  assert.ok(!isAscii || Buffer.byteLength(content) === content.length, 'what counts as ASCII is ASCII');
  return { ...fields, isDetached: null, knownCost: null, rest: content };
}

/** One element, from an independent parser. */
export interface SeenTag {
  readonly name: string;
  readonly depth: number;
  readonly attributes: ReadonlyMap<string, string>;
}

/** Every start tag of a stanza, by raw name as OpenSRF's libraries see it. Throws if the text is not well-formed. */
export function tagsOf(xml: string): SeenTag[] {
  const tags: SeenTag[] = [];
  let depth = -1;
  const parser = new SaxesParser({ xmlns: true });
  parser.on('opentag', ({ name, attributes }) => {
    depth++;
    tags.push({ name, depth, attributes: new Map(Object.values(attributes).map((attribute) => [attribute.name, attribute.value])) });
  });
  parser.on('closetag', () => {
    depth--;
  });
  parser.write(OPENING + xml).write('</stream:stream>');
  parser.close();
  return tags.slice(1).map((tag) => ({ ...tag, depth: tag.depth - 1 }));
}
