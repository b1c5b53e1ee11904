/** The translation of a transcript, written as the bytes of one long document, to a transport. */
export interface Dialect {
  /** Whether each write is one element, never cut, in both directions. */
  readonly framed: boolean;
  /** The client's writes for a payload. */
  outgoing(payload: Buffer): Buffer[];
  /** The server's output, with one character {@link GENERATED} for each generated value. */
  incoming(text: string): string;
}

/** Represents a generated value; no transcript contains this character. */
export const GENERATED = '\ue000';

const STREAMS = 'http://etherx.jabber.org/streams';
const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing';

export const BYTES: Dialect = { framed: false, outgoing: (payload) => [payload], incoming: (text) => text };

/** With TLS 1.3 a login may be bound to the channel, and the server offers it. */
export const TLS: Dialect = {
  ...BYTES,
  incoming: (text) =>
    text
      .replaceAll('<mechanism>SCRAM-SHA-256</mechanism>', '<mechanism>SCRAM-SHA-256-PLUS</mechanism><mechanism>SCRAM-SHA-1-PLUS</mechanism>$&')
      .replaceAll(
        '</mechanisms>',
        "$&<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/><channel-binding type='tls-server-end-point'/></sasl-channel-binding>",
      ),
};

/** A transcript of literal frames, one per line. */
export const FRAMES: Dialect = { ...BYTES, framed: true };

/** RFC 7395: every element is a frame of its own and declares its namespace. */
export const WEBSOCKET: Dialect = {
  framed: true,
  // Bytes one to one, in case they are not UTF-8.
  outgoing: (payload) => framesOf(payload.toString('latin1')).map((frame) => Buffer.from(frame, 'latin1')),
  incoming: (text) => topLevelElements(text).map(framed).join(''),
};

const TAG = /<(\/?)([^\s/>'"!?]+)((?:"[^"]*"|'[^']*'|[^'">])*?)(\/?)>|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>/g;

/** Cuts a piece of a stream into its headers, elements and footers, without the white space between them. */
export function topLevelElements(text: string): string[] {
  const elements: string[] = [];
  let depth = 0;
  let start = 0;
  for (const match of text.matchAll(TAG)) {
    const [tag, slash, name, , selfClosing] = match;
    if (depth === 0) start = match.index;
    // A declaration belongs to the next element.
    if (name === undefined) continue;
    depth += deeper(name, slash === '/', selfClosing === '/');
    if (depth === 0) elements.push(text.slice(start, match.index + tag.length));
  }
  return elements;
}

/** The change of depth by a tag; none by the stream's own tags. */
function deeper(name: string, isEnd: boolean, isSelfClosing: boolean): number {
  if (name === 'stream:stream' || isSelfClosing) return 0;
  return isEnd ? -1 : 1;
}

/** An incomplete element is the last frame, for the server to refuse. */
function framesOf(text: string): string[] {
  const elements = topLevelElements(text);
  const last = elements.at(-1);
  const rest = last === undefined ? text.trim() : text.slice(text.lastIndexOf(last) + last.length).trim();
  return (rest === '' ? elements : [...elements, rest]).map(framed);
}

function framed(element: string): string {
  if (/^(<\?[^>]*>\s*)?<stream:stream/.test(element)) return opened(element);
  if (element.startsWith('</stream:stream')) return `<close xmlns='${FRAMING}'/>`;
  if (/^<stream:(features|error)>/.test(element)) return element.replace('>', ` xmlns:stream='${STREAMS}'>`);
  return /^<(message|iq|presence)[\s/>]/.test(element) ? element.replace(/^<\w+/, "$& xmlns='jabber:client'") : element;
}

function opened(header: string): string {
  const attributes = ['id', 'from', 'to', 'version'].map((name) => new RegExp(` ${name}=("[^"]*"|'[^']*')`).exec(header)?.[0] ?? '');
  return `<open xmlns='${FRAMING}'${attributes.join('')}/>`;
}
