import type { Element } from '../../../shared/element.ts';
import { StreamError } from '../../../shared/errors.ts';
import { NS } from '../../../shared/namespaces.ts';
import { MAX_JSON_DEPTH } from '../../../shared/osrf/json.ts';
import { StreamReader } from '../../../shared/reader/stream-reader.ts';
import type { NegotiationReceiver, ReaderLimits } from '../../../shared/reader/stream-receiver.ts';

/** All XML from peers goes through one reader, so a parameter is read as a child of a stream. */
const AROUND = `<stream xmlns='${NS.streams}'>`;

const LIMITS: ReaderLimits = {
  maxElements: 100_000,
  maxAttributes: 1_000,
  maxDepth: MAX_JSON_DEPTH,
  maxStanzaBytes: Number.POSITIVE_INFINITY,
  hardStanzaBytes: Number.POSITIVE_INFINITY,
  maxStreamBytes: Number.POSITIVE_INFINITY,
};

/** Collects the elements read. */
class Elements implements NegotiationReceiver {
  readonly reads = 'elements';
  readonly read: Element[] = [];

  headerRead(): void {}

  elementRead(element: Element): void {
    this.read.push(element);
  }

  footerRead(): void {}
}

/** Reads a parameter in the vocabulary of OpenSRF's gateway; null if it is invalid, as OpenSRF passes on. */
export function parseXmlParam(text: string): unknown {
  const elements = new Elements();
  try {
    const reader = new StreamReader(elements, LIMITS);
    reader.write(AROUND);
    reader.write(text);
  } catch (error) {
    if (error instanceof StreamError) return null;
    throw error;
  }
  const [element] = elements.read;
  return element === undefined ? null : jsonOf(element);
}

function jsonOf(element: Element): unknown {
  const value = plainJsonOf(element);
  const hint = element.attributes.get('class_hint');
  return hint === undefined ? value : { __c: hint, __p: value };
}

function plainJsonOf({ name, text, attributes, children }: Element): unknown {
  switch (name) {
    case 'string':
      return text;
    case 'number':
      return Number.isFinite(Number(text)) ? Number(text) : null;
    case 'boolean':
      return attributes.get('value') === 'true';
    case 'array':
      return children.map(jsonOf);
    case 'object':
      return Object.fromEntries(children.flatMap(memberOf));
    default:
      return null;
  }
}

function memberOf({ name, attributes, children: [value] }: Element): [string, unknown][] {
  if (name !== 'element') return [];
  return [[attributes.get('key') ?? '', value === undefined ? null : jsonOf(value)]];
}
