import { detached } from './detach.ts';
import { type Origin, SERVER_ORIGIN } from './origin.ts';
import { cut, LONG } from './pieces.ts';
import { attribute } from './xml.ts';

/** The return path of a stanza that bounces if it cannot be written. */
export const BOUNCES = 0;

/** The return path of a request that the ledger does not follow: it returns to the router. */
export const UNFOLLOWED = -1;

/** RFC 6120 §8. */
export function isStanzaName(name: string): boolean {
  return name === 'message' || name === 'iq' || name === 'presence';
}

const NO_PIECES: readonly string[] = [];

/** Two addresses, and the attributes of a start tag with them: most stanzas repeat them, and escaping takes a third of the time of a start tag. */
export interface KnownAddresses {
  readonly to: string;
  readonly from: string;
  readonly xml: string;
}

/** The attributes of a start tag with these addresses. */
export function addressesOf(to: string, from: string): KnownAddresses {
  return Object.freeze({ to, from, xml: attribute('to', to) + attribute('from', from) });
}

/** The memory of a stanza besides its characters, for the object and the strings it usually has; measured (Node 20). */
const STANZA_BYTES = 300;

/** The longest tracked thread. OpenSRF's threads have about forty characters; longer ones are passed on untracked, because searching for them takes long. */
export const MAX_THREAD = 1_024;

/**
 * One `<message>`, `<iq>` or `<presence>` on its way from one socket to another. Never a tree: the fields of the start tag, and
 * the rest as received, already proven well-formed.
 *
 * `routerFrom`, `routerClass`, `routerCommand` and `transactionId` (`osrf_xid`) are OpenSRF's extension attributes,
 * on an `<opensrf …/>` child (OpenSRF 3.1 and later) or on the start tag itself (up to 3.0).
 */
export class Stanza {
  name: string;
  to: string;
  from: string;
  type: string;
  id: string;
  /** The other attributes of the start tag, as received, each after white space; usually `''`. */
  otherAttributes: string;

  /** The content up to the end of the first `<opensrf …>` start tag: the only part that ever changes. `''` without one. */
  head: string;
  /** The content after that, up to the end of the end tag… */
  rest: string;
  /** …and the rest of a long one, in pieces as received, which are never joined on their way. */
  more: readonly string[];
  /** The position of the `<opensrf …>` start tag in {@link head}; -1: none. */
  extensionStart: number;
  /** Whether the start tag has an extension attribute (OpenSRF up to 3.0). */
  extensionOnStartTag: boolean;
  routerFrom: string;
  routerClass: string;
  routerCommand: string;
  transactionId: string;
  /** The text of the first `<thread>` child, escaped as received: OpenSRF's session id. `''` if there are elements in it, or more than {@link MAX_THREAD}. */
  thread: string;

  /**
   * Whether it contains anything that a client reacting to element names at any depth (OpenSRF's do) would read as a stanza,
   * a stream error or a second `<opensrf>`.
   */
  hasNestedStanza: boolean;
  /** Its sender. */
  origin: Origin;
  /** Its return path if it is not written: {@link BOUNCES}, {@link UNFOLLOWED}, or the number of its request in the router's ledger. */
  returnPath: number;
  /** The attributes of its start tag if it has these addresses, or null. */
  known: KnownAddresses | null;
  /** Whether its text may have characters outside Latin-1, for which V8 uses two bytes per character. */
  twoByte: boolean;
  /** Whether all of {@link rest} is known to be ASCII; reset it with another text. */
  isAscii: boolean;
  /** See {@link cost}; 0 before the first call. */
  private knownCost: number;
  private isDetached: boolean;

  constructor(name: string, to: string, from: string, type: string, id: string) {
    this.name = name;
    this.to = to;
    this.from = from;
    this.type = type;
    this.id = id;
    this.otherAttributes = '';
    this.head = '';
    this.rest = '';
    this.more = NO_PIECES;
    this.extensionStart = -1;
    this.extensionOnStartTag = false;
    this.routerFrom = '';
    this.routerClass = '';
    this.routerCommand = '';
    this.transactionId = '';
    this.thread = '';
    this.hasNestedStanza = false;
    this.origin = SERVER_ORIGIN;
    this.returnPath = BOUNCES;
    this.known = null;
    this.twoByte = false;
    this.isAscii = false;
    this.knownCost = 0;
    this.isDetached = false;
  }

  /** Its memory once {@link detach}ed, in bytes. Constant after the first call. */
  get cost(): number {
    if (this.knownCost === 0) this.knownCost = this.measure();
    return this.knownCost;
  }

  /** The content: from the end of the start tag to the end of the end tag; `''` for an empty-element tag. */
  get inner(): string {
    const { head, rest, more } = this;
    return more.length === 0 ? head + rest : head + rest + more.join('');
  }

  /** Sets the content of a new stanza without an extension. */
  set inner(content: string) {
    this.rest = content;
    this.isAscii = false;
  }

  /** The content's. */
  get length(): number {
    let length = this.head.length + this.rest.length;
    for (const piece of this.more) length += piece.length;
    return length;
  }

  private measure(): number {
    const { to, from, origin, type, id, otherAttributes, routerFrom, routerClass, routerCommand, transactionId, thread } = this;
    let characters = to.length + type.length + id.length + otherAttributes.length + transactionId.length + thread.length + this.length;
    characters += routerFrom.length + routerClass.length + routerCommand.length;
    // Stanzas of one session share the text of its address.
    if (from !== origin.jid) characters += from.length;
    return STANZA_BYTES + (this.twoByte ? 2 * characters : characters);
  }

  /** A separate stanza with the same content: delivery modifies the stanza that it gets. */
  copy(): Stanza {
    const copy = Object.assign(new Stanza(this.name, this.to, this.from, this.type, this.id), this);
    // Both share their texts until one is detached.
    copy.isDetached = false;
    copy.knownCost = 0;
    return copy;
  }

  /** The rest of an already detached stanza has arrived. */
  contentCame(head: string, rest: string, more: readonly string[]): void {
    this.head = head;
    this.rest = rest;
    this.more = more;
    this.isDetached = false;
  }

  /** Releases the input that it was cut from; for a stanza that is kept. */
  detach(): void {
    if (this.isDetached) return;
    this.isDetached = true;
    this.to = detached(this.to);
    if (this.from !== this.origin.jid) this.from = detached(this.from);
    this.type = detached(this.type);
    this.id = detached(this.id);
    this.otherAttributes = detached(this.otherAttributes);
    this.head = detached(this.head);
    // Of several pieces, all but the last are copies, or most of the chunk they were cut from.
    if (this.more.length === 0) this.rest = detached(this.rest);
    else this.more = [...this.more.slice(0, -1), detached(this.more.at(-1) as string)];
    this.routerFrom = detached(this.routerFrom);
    this.routerClass = detached(this.routerClass);
    this.routerCommand = detached(this.routerCommand);
    this.transactionId = detached(this.transactionId);
    this.thread = detached(this.thread);
  }

  /** Its XML on a stream whose default namespace is `jabber:client`. */
  toXml(): string {
    return this.startTag() + this.inner;
  }

  /** Whether it is written in pieces. */
  get long(): boolean {
    return this.more.length > 0 || this.head.length + this.rest.length > LONG;
  }

  /** {@link toXml} in pieces, none of which is {@link long}. */
  toPieces(): string[] {
    return [this.startTag() + this.head, this.rest, ...this.more].flatMap(cut);
  }

  /** The XML before the content. */
  startTag(): string {
    const { to, from, known } = this;
    let xml = `<${this.name}${known !== null && known.to === to && known.from === from ? known.xml : this.addresses()}`;
    if (this.type !== '') xml += attribute('type', this.type);
    if (this.id !== '') xml += attribute('id', this.id);
    return `${xml}${this.otherAttributes}${this.rest === '' ? '/>' : '>'}`;
  }

  private addresses(): string {
    const { to, from, origin } = this;
    if (from === '' || from !== origin.jid) return attribute('to', to) + attribute('from', from);
    return `${attribute('to', to)} ${origin.fromAttribute}`;
  }
}
