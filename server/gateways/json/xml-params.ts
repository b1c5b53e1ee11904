import type { Element } from '../../../shared/element.ts';
import { StreamError } from '../../../shared/errors.ts';
import { NS } from '../../../shared/namespaces.ts';
import { classedJson, MAX_JSON_DEPTH, toJson, writeJson } from '../../../shared/osrf/json.ts';
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

const NULL = 'null';

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

/** The characters read in one step. */
const BIT = 4_096;

/** A number that is valid in JSON too; it stays as sent. */
const JSON_NUMBER = /^\s*(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)\s*$/;

/** Converts a parameter in the vocabulary of OpenSRF's gateway to JSON; `null` if it is invalid, as OpenSRF passes on. A long job. */
export function* jsonOfXmlParam(text: string): Generator<void, string, void> {
  const elements = new Elements();
  try {
    const reader = new StreamReader(elements, LIMITS);
    reader.write(AROUND);
    for (let start = 0; start < text.length; start += BIT) {
      reader.write(text.slice(start, start + BIT));
      yield;
    }
  } catch (error) {
    if (error instanceof StreamError) return NULL;
    throw error;
  }
  const [element] = elements.read;
  return element === undefined ? NULL : yield* jsonOf(element);
}

function* jsonOf(element: Element): Generator<void, string, void> {
  const json = yield* plainJsonOf(element);
  const hint = element.attributes.get('class_hint');
  return hint === undefined ? json : classedJson(hint, json);
}

function* plainJsonOf({ name, text, attributes, children }: Element): Generator<void, string, void> {
  switch (name) {
    case 'string':
      return writeJson(text) ?? NULL;
    case 'number':
      return JSON_NUMBER.exec(text)?.[1] ?? finiteJson(Number(text));
    case 'boolean':
      return String(attributes.get('value') === 'true');
    case 'array':
      return `[${yield* joined(children, jsonOf)}]`;
    case 'object':
      return `{${yield* joined(
        children.filter((child) => child.name === 'element'),
        memberOf,
      )}}`;
    default:
      return NULL;
  }
}

function* joined(elements: readonly Element[], write: (element: Element) => Generator<void, string, void>): Generator<void, string, void> {
  let json = '';
  for (const element of elements) {
    json += `${json === '' ? '' : ','}${yield* write(element)}`;
    yield;
  }
  return json;
}

function* memberOf({ attributes, children: [value] }: Element): Generator<void, string, void> {
  return `${toJson(attributes.get('key') ?? '')}:${value === undefined ? NULL : yield* jsonOf(value)}`;
}

/** The JSON of a number whose form only XML allows, as `+1`. */
function finiteJson(number: number): string {
  return Number.isFinite(number) ? String(number) : NULL;
}
