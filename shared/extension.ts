import type { Origin } from './origin.ts';
import type { Stanza } from './stanza.ts';
import { escapeAttribute, rawAttributes } from './xml.ts';

/** The position of OpenSRF's extension attributes: on an `<opensrf>` child (from 3.1) or on `<message>` itself (up to 3.0). */
export type ExtensionForm = 'child' | 'attributes';

/** The attributes that the reader looks for. `router_to` and `broadcast` are passed on without effect. */
export const EXTENSION_ATTRIBUTES = ['router_from', 'router_class', 'router_command', 'osrf_xid'] as const;

const TAG_NAME = '<opensrf';

/** The form that a stanza uses; one without extension counts as `child`. */
export function extensionForm(stanza: Stanza): ExtensionForm {
  return stanza.extensionOnStartTag && stanza.extensionStart === -1 ? 'attributes' : 'child';
}

/** Removes `router_from` in both forms; the rest of the extension stays byte for byte. */
export function removeRouterFrom(stanza: Stanza): void {
  if (stanza.extensionStart !== -1) replaceExtension(stanza, writeAttribute(extensionOf(stanza), TAG_NAME.length, 'router_from', ''));
  if (stanza.extensionOnStartTag) stanza.otherAttributes = writeAttribute(stanza.otherAttributes, 0, 'router_from', '');
  stanza.routerFrom = '';
}

/**
 * Sets `router_from` in the receiver's form. For a request in the other form, copies its transaction id and sets its own
 * `router_from` too: no reader of either version may find another value.
 */
export function stampRouterFrom(stanza: Stanza, sender: string, form: ExtensionForm): void {
  stanza.routerFrom = sender;
  if (stanza.extensionStart !== -1) {
    replaceExtension(stanza, writeSender(extensionOf(stanza), stanza.origin, sender));
  } else if (form === 'child') {
    insertExtension(stanza, sender);
  }
  if (form === 'attributes' || stanza.extensionOnStartTag) stampStartTag(stanza, sender);
}

function stampStartTag(stanza: Stanza, sender: string): void {
  let attributes = writeAttribute(stanza.otherAttributes, 0, 'router_from', sender);
  if (!attributes.includes('osrf_xid=')) attributes = writeAttribute(attributes, 0, 'osrf_xid', stanza.transactionId);
  stanza.otherAttributes = attributes;
  stanza.extensionOnStartTag = true;
}

function insertExtension(stanza: Stanza, sender: string): void {
  stanza.head = extensionTag(sender, '', '', stanza.transactionId);
  stanza.extensionStart = 0;
  if (stanza.rest === '') stanza.rest = `</${stanza.name}>`;
}

/** A whole `<opensrf …/>`. */
export function extensionTag(routerFrom: string, routerClass: string, routerCommand: string, transactionId: string): string {
  return `${TAG_NAME}${extensionAttributes(routerFrom, routerClass, routerCommand, transactionId)}/>`;
}

/** The extension attributes in the order in which OpenSRF's C library writes them, each after a blank. */
export function extensionAttributes(routerFrom: string, routerClass: string, routerCommand: string, transactionId: string): string {
  const order = `router_class='${escapeAttribute(routerClass)}' router_command='${escapeAttribute(routerCommand)}'`;
  return ` router_from='${escapeAttribute(routerFrom)}' router_to='' ${order} osrf_xid='${escapeAttribute(transactionId)}'`;
}

function extensionOf(stanza: Stanza): string {
  return stanza.head.slice(stanza.extensionStart);
}

function replaceExtension(stanza: Stanza, tag: string): void {
  stanza.head = stanza.extensionStart === 0 ? tag : stanza.head.slice(0, stanza.extensionStart) + tag;
}

const SENDER = 'router_from=';
/** Of the value of the first attribute, if that is the sender. */
const SENDER_VALUE = TAG_NAME.length + 1 + SENDER.length;

/** The tag with `router_from` set. Every request passes here, most as OpenSRF's libraries write them: with an empty one first, from a session. */
function writeSender(tag: string, { jid, fromAttribute }: Origin, sender: string): string {
  const quote = tag.charCodeAt(SENDER_VALUE);
  const isEmpty = (quote === 0x27 || quote === 0x22) && tag.charCodeAt(SENDER_VALUE + 1) === quote;
  if (!isEmpty || sender !== jid || jid === '' || !hasSenderFirst(tag)) return writeAttribute(tag, TAG_NAME.length, 'router_from', sender);
  return `${TAG_NAME} router_${fromAttribute}${tag.slice(SENDER_VALUE + 2)}`;
}

/** Like `startsWith`, which takes 5 ns for each equal character; this takes 1 ns (Node 20.20). */
function hasSenderFirst(tag: string): boolean {
  for (let index = 0; index < SENDER.length; index++) if (tag.charCodeAt(TAG_NAME.length + 1 + index) !== SENDER.charCodeAt(index)) return false;
  return true;
}

/** `text` with the attribute set: replaced if present, else first. `offset` is the position after the element's name. */
function writeAttribute(text: string, offset: number, name: string, value: string): string {
  const written = `${name}='${escapeAttribute(value)}'`;
  // OpenSRF's C library writes router_from first, so other writers, and white space after the "=", need the walk over all attributes.
  const quoteAt = offset + 1 + name.length + 1;
  const quote = text.charAt(quoteAt);
  if ((quote === '"' || quote === "'") && text.startsWith(`${name}=`, offset + 1)) {
    const end = text.indexOf(quote, quoteAt + 1);
    return text.slice(0, offset + 1) + written + text.slice(end + 1);
  }
  const present = rawAttributes(text, offset).find((attribute) => attribute.name === name);
  if (present !== undefined) return text.slice(0, present.start) + written + text.slice(present.end);
  return `${text.slice(0, offset)} ${written}${text.slice(offset)}`;
}
