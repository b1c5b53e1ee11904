import { randomBytes } from 'node:crypto';
import { xml } from '../../shared/element.ts';
import type { StreamError } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { escapeAttribute, escapeText } from '../../shared/xml.ts';

/** The server's start of a stream (RFC 6120 §4.7). An empty field is left out. */
export interface HeaderFields {
  readonly from: string;
  readonly id: string;
  readonly version: string;
}

/**
 * How the elements of a stream itself are written: as parts of one long document, or each as one of its own. What has a namespace
 * declaration of its own is the same everywhere.
 */
export interface Framing {
  header(fields: HeaderFields): string;
  /** @param content Finished XML. */
  features(content: string): string;
  /** A stanza of the server's own. */
  stanza(stanza: Stanza): string;
  error(error: StreamError): string;
  /** The end of the stream. */
  readonly footer: string;
}

/** RFC 6120 §4, for clients. */
export const STREAM_FRAMING: Framing = streamFraming(NS.client);

/** The same for components (XEP-0114). */
export const COMPONENT_FRAMING: Framing = streamFraming(NS.component);

function streamFraming(contentNamespace: string): Framing {
  return {
    header: ({ from, id, version }) => {
      const attributes = attributeXml('id', id) + attributeXml('from', from) + attributeXml('version', version);
      return `<?xml version='1.0'?><stream:stream${attributes} xmlns='${contentNamespace}' xmlns:stream='${NS.streams}'>`;
    },
    features: (content) => `<stream:features>${content}</stream:features>`,
    stanza: (stanza) => stanza.toXml(),
    error: (error) => `<stream:error>${errorContent(error)}</stream:error>`,
    footer: '</stream:stream>',
  };
}

/** An id nobody can guess (RFC 6120 §4.7.3): a digest login is made with it. */
export function newStreamId(): string {
  return randomBytes(16).toString('hex');
}

/** RFC 6120 §4.9.1. */
export function errorContent({ condition, message, applicationXml }: StreamError): string {
  const text = message === '' ? '' : `<text xmlns='${NS.streamErrors}' xml:lang='en'>${escapeText(message)}</text>`;
  return xml(condition, { xmlns: NS.streamErrors }) + text + applicationXml;
}

/** ` name='value'`, or nothing. */
export function attributeXml(name: string, value: string): string {
  return value === '' ? '' : ` ${name}='${escapeAttribute(value)}'`;
}
