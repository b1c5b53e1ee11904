import { randomBytes } from 'node:crypto';
import { xml } from '../../shared/element.ts';
import type { StreamError } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { escapeAttribute, escapeText } from '../../shared/xml.ts';

/** The server's stream header (RFC 6120 §4.7). An empty field is omitted. */
export interface HeaderFields {
  readonly from: string;
  readonly id: string;
  readonly version: string;
}

/**
 * The format of the stream's own elements: parts of one document, or separate documents. Elements that declare their namespace
 * are the same in both.
 */
export interface Framing {
  header(fields: HeaderFields): string;
  /** @param content XML. */
  features(content: string): string;
  /** A stanza of the server. */
  stanza(stanza: Stanza): string;
  error(error: StreamError): string;
  /** The end of the stream. */
  readonly footer: string;
}

/** RFC 6120 §4, for clients. */
export const STREAM_FRAMING: Framing = streamFraming(NS.client);

/** XEP-0114, for components. */
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

/** An unpredictable id (RFC 6120 §4.7.3), which a digest login uses. */
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
