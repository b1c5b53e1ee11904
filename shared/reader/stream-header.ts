import type { SaxesAttributeNS, SaxesTagNS } from 'saxes';
import { StreamError } from '../errors.ts';
import { NS } from '../namespaces.ts';
import { escapeAttribute } from '../xml.ts';
import { attributeValue } from './start-tag.ts';
import type { StreamHeader } from './stream-receiver.ts';

/** Reads the start tag of a stream. @throws StreamError if it is invalid. */
export function readHeader({ uri, local, ns, attributes }: SaxesTagNS): StreamHeader {
  if (uri !== NS.streams || local !== 'stream') {
    throw new StreamError('invalid-namespace', `the stream must begin with <stream:stream xmlns:stream='${NS.streams}'>`);
  }
  return {
    to: attributeValue(attributes, 'to'),
    from: attributeValue(attributes, 'from'),
    id: attributeValue(attributes, 'id'),
    version: attributeValue(attributes, 'version'),
    lang: attributeValue(attributes, 'xml:lang'),
    defaultNamespace: ns[''] ?? '',
  };
}

/** Each stanza repeats the header's declarations, so many prefixes would inflate small stanzas. */
const MAX_INHERITED_DECLARATIONS = 8;

/** The namespace declarations of a stream's header. */
export class StreamNamespaces {
  /** The default namespace. */
  readonly content: string;
  /** The declarations that a stanza must repeat, as text: ` xmlns:a='…'`. */
  readonly declarations: string;
  /** The header's start tag with its declarations alone, for a reader that goes on in another process. */
  readonly startTag: string;
  /** The same by attribute, `xmlns:a`. */
  private readonly byAttribute: readonly (readonly [attribute: string, declaration: string])[];

  /** @param name The header's. @param ns Namespace names by prefix. @throws StreamError if there are too many. */
  constructor(name: string, ns: SaxesTagNS['ns']) {
    this.content = ns[''] ?? '';
    this.startTag = startTagOf(name, ns);
    this.byAttribute = Object.entries(ns)
      .filter(([prefix, uri]) => isToInherit(prefix, uri))
      .map(([prefix, uri]) => [`xmlns:${prefix}`, ` xmlns:${prefix}='${escapeAttribute(uri)}'`]);
    if (this.byAttribute.length > MAX_INHERITED_DECLARATIONS) {
      throw new StreamError('policy-violation', `more than ${MAX_INHERITED_DECLARATIONS} prefixes declared on the stream`);
    }
    this.declarations = this.byAttribute.map(([, declaration]) => declaration).join('');
  }

  /** The declarations that a start tag lacks. */
  missingIn(attributes: Record<string, SaxesAttributeNS>): string {
    let missing = '';
    for (const [attribute, declaration] of this.byAttribute) if (!(attribute in attributes)) missing += declaration;
    return missing;
  }
}

/** The declarations of OpenSRF's libraries, and of most others. */
const USUAL = { '': NS.client, stream: NS.streams };
/** Their start tag. Sessions share one string. */
const USUAL_TAG = startTag('stream:stream', USUAL);
/** The same, read. */
export const USUAL_NAMESPACES: StreamNamespaces = new StreamNamespaces('stream:stream', USUAL);

/** No header yet. */
export const NO_NAMESPACES: StreamNamespaces = new StreamNamespaces('', {});

function startTagOf(name: string, ns: SaxesTagNS['ns']): string {
  const tag = startTag(name, ns);
  return tag === USUAL_TAG ? USUAL_TAG : tag;
}

function startTag(name: string, ns: SaxesTagNS['ns']): string {
  const declarations = Object.entries(ns).map(([prefix, uri]) => ` xmlns${prefix === '' ? '' : ':'}${prefix}='${escapeAttribute(uri)}'`);
  return `<${name}${declarations.join('')}>`;
}

/** Other streams declare only `stream:` and the default namespace. */
function isToInherit(prefix: string, uri: string): boolean {
  return prefix !== '' && prefix !== 'xml' && !(prefix === 'stream' && uri === NS.streams);
}
