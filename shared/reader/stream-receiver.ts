import type { Element } from '../element.ts';
import type { Stanza } from '../stanza.ts';

/** The start tag of a stream (RFC 6120 §4.7). An absent attribute is `''`. */
export interface StreamHeader {
  readonly to: string;
  readonly from: string;
  readonly id: string;
  readonly version: string;
  readonly lang: string;
  /** The content namespace, `jabber:client`; if it differs, the stanzas declare theirs (RFC 6120 §4.8.2). */
  readonly defaultNamespace: string;
}

/** Receives a reader's output. May throw a {@link StreamError}, which `write` passes on. */
interface StreamEvents {
  headerRead(header: StreamHeader): void;
  /** A child of the stream that is not passed on as a stanza. */
  elementRead(element: Element): void;
  /** `</stream:stream>` */
  footerRead(): void;
}

/** The receiver during negotiation: takes each child of the stream as an element. */
export interface NegotiationReceiver extends StreamEvents {
  readonly reads: 'elements';
}

/** The receiver of a session: takes `<message>`, `<iq>` and `<presence>`, in any namespace, as stanzas. */
export interface SessionReceiver extends StreamEvents {
  readonly reads: 'stanzas';
  stanzaRead(stanza: Stanza, namespace: string): void;
  /** A stanza over the limit. Its fields are read; its {@link Stanza.inner} is `''`. @param length All of its characters. */
  oversizedStanzaRead(stanza: Stanza, length: number): void;
}

/** Any receiver of a reader. */
export type StreamReceiver = NegotiationReceiver | SessionReceiver;

/** The limits of a reader. Sizes are in bytes of UTF-8. */
export interface ReaderLimits {
  /** Elements from the stream's start tag on; the stream counts as one. */
  readonly maxElements: number;
  /** Attributes and declarations of one element. Checked at the end of each input, so the last one may exceed it by some thousands. */
  readonly maxAttributes: number;
  /** Levels of nesting, the stream's own included. */
  readonly maxDepth: number;
  /** The reader skips longer stanzas and reports them by `oversizedStanzaRead`; a longer element of another kind ends the stream. */
  readonly maxStanzaBytes: number;
  /** A stanza longer than this ends the stream. */
  readonly hardStanzaBytes: number;
  /** Bytes of the whole stream; before login. */
  readonly maxStreamBytes: number;
}

/** For streams from a trusted writer. Nesting and attributes stay bounded: their cost grows faster than their number. */
export const OWN_LIMITS: ReaderLimits = Object.freeze({
  maxElements: Number.POSITIVE_INFINITY,
  maxAttributes: 1_000,
  maxDepth: 128,
  maxStanzaBytes: Number.POSITIVE_INFINITY,
  hardStanzaBytes: Number.POSITIVE_INFINITY,
  maxStreamBytes: Number.POSITIVE_INFINITY,
});
