import { randomBytes } from 'node:crypto';
import type { StreamError } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import { escapeAttribute, escapeText } from '../../shared/xml.ts';

export const STREAM_FOOTER = '</stream:stream>';

/** An id nobody can guess (RFC 6120 §4.7.3): a digest login is made with it. */
export function newStreamId(): string {
  return randomBytes(16).toString('hex');
}

/** The server's start tag of a stream (RFC 6120 §4.7). An empty field is left out. */
export function streamHeaderXml(fields: { from: string; id: string; version: string }): string {
  const from = fields.from === '' ? '' : ` from='${escapeAttribute(fields.from)}'`;
  const id = fields.id === '' ? '' : ` id='${fields.id}'`;
  const version = fields.version === '' ? '' : ` version='${fields.version}'`;
  return `<?xml version='1.0'?><stream:stream${id}${from}${version} xmlns='${NS.client}' xmlns:stream='${NS.streams}'>`;
}

/** RFC 6120 §4.9.1. */
export function streamErrorXml(error: StreamError): string {
  const text = error.message === '' ? '' : `<text xmlns='${NS.streamErrors}' xml:lang='en'>${escapeText(error.message)}</text>`;
  return `<stream:error><${error.condition} xmlns='${NS.streamErrors}'/>${text}</stream:error>`;
}
