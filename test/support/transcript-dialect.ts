/** How a transcript, which is written as the bytes of one long document, is said on a transport. */
export interface Dialect {
  /** Whether a write is one element and cannot be cut, on both sides. */
  readonly framed: boolean;
  /** What the client writes for a payload, write by write. */
  outgoing(payload: Buffer): Buffer[];
  /** What the server says, with one character of {@link GENERATED} for each thing that it generates. */
  incoming(text: string): string;
}

/** Stands for what the server generates; a character that no transcript holds. */
export const GENERATED = '\ue000';

const STREAMS = 'http://etherx.jabber.org/streams';
const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing';

export const BYTES: Dialect = { framed: false, outgoing: (payload) => [payload], incoming: (text) => text };

/** With TLS 1.3 a login may be bound to the channel, and the server says so. */
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

/** A transcript of frames as they are: each line is one. */
export const FRAMES: Dialect = { ...BYTES, framed: true };

/** RFC 7395: every element is a frame of its own and declares its namespace. */
export const WEBSOCKET: Dialect = {
  framed: true,
  // Bytes one to one, in case they are no UTF-8.
  outgoing: (payload) => framesOf(payload.toString('latin1')).map((frame) => Buffer.from(frame, 'latin1')),
  incoming: (text) => topLevelElements(text).map(framed).join(''),
};

const TAG = /<(\/?)([^\s/>'"!?]+)((?:"[^"]*"|'[^']*'|[^'">])*?)(\/?)>|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>/g;

/** Cuts a piece of a stream into its headers, elements and footers; white space between them is left out. */
export function topLevelElements(text: string): string[] {
  const elements: string[] = [];
  let depth = 0;
  let start = 0;
  for (const match of text.matchAll(TAG)) {
    const [tag, slash, name, , selfClosing] = match;
    if (depth === 0) start = match.index;
    // A declaration belongs to what it stands before.
    if (name === undefined) continue;
    depth += deeper(name, slash === '/', selfClosing === '/');
    if (depth === 0) elements.push(text.slice(start, match.index + tag.length));
  }
  return elements;
}

/** How a tag changes the depth. The stream's own do not. */
function deeper(name: string, isEnd: boolean, isSelfClosing: boolean): number {
  if (name === 'stream:stream' || isSelfClosing) return 0;
  return isEnd ? -1 : 1;
}

/** What is no whole element is the last frame, for the server to refuse. */
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
