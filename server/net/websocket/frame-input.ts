import type { Element } from '../../../shared/element.ts';
import { StreamError } from '../../../shared/errors.ts';
import { NS } from '../../../shared/namespaces.ts';
import type { Pace } from '../../../shared/reader/pace.ts';
import { StreamReader } from '../../../shared/reader/stream-reader.ts';
import type { ReaderLimits, StreamReceiver } from '../../../shared/reader/stream-receiver.ts';
import { widthOf } from '../../../shared/reader/width.ts';
import type { Stanza } from '../../../shared/stanza.ts';
import { Utf8Decoder } from '../../../shared/utf8.ts';
import type { Input } from '../transport.ts';

/**
 * The parent of the elements of all frames, so that one reader with all its limits reads them. No frame's element may have its default
 * namespace, so an element without a declaration is detected.
 */
const AROUND_ALL = `<stream xmlns='${NS.streams}'>`;

/** @param text The beginning of a frame. */
function checkBeginning(text: string): void {
  // RFC 7395 §3.8: no white space either.
  if (!text.startsWith('<')) throw new StreamError('bad-format', 'a frame must begin with "<"');
  // RFC 6120 §11.1, checked here because the reader would report a DOCTYPE in the middle as malformed XML.
  if (text.startsWith('<!') || text.startsWith('<?')) throw new StreamError('restricted-xml', 'a frame must contain one element and nothing before it');
}

/** The factor for frame headers, masks and pings in the bytes before login. */
const FRAMING_FACTOR = 2;

/** An RFC 7395 stream: frames with one element each. */
export class FrameInput implements Input {
  readonly unread = '';
  private readonly reader: StreamReader;
  private readonly decoder = new Utf8Decoder();
  private receiver: StreamReceiver;
  private limits: ReaderLimits;
  private state: 'unopened' | 'open' | 'restarting' | 'stopped' = 'unopened';
  /** The lengths of the frames that have not begun to be read. */
  private frames: number[] = [];
  /** The unread bytes of the current frame. */
  private left = 0;
  /** The elements of the current frame. */
  private elements = 0;
  /** The bytes since the stream began. */
  private arrivedBytes = 0;

  constructor(receiver: StreamReceiver, limits: ReaderLimits, pace: Pace) {
    this.receiver = receiver;
    this.limits = limits;
    this.reader = new StreamReader(this, limits, pace);
    this.reader.write(AROUND_ALL);
  }

  /** The receiver gets all elements but those of the framing. */
  get reads(): StreamReceiver['reads'] {
    return this.receiver.reads;
  }

  /** Counts bytes of a possibly incomplete frame. @returns whether they exceed the limit before login. */
  overrun(bytes: number): boolean {
    this.arrivedBytes += bytes;
    return this.arrivedBytes > this.limits.maxStreamBytes * FRAMING_FACTOR;
  }

  /** Announces a frame, whose bytes will be read in one or more parts. */
  frameCame(bytes: number): void {
    this.frames.push(bytes);
  }

  read(part: Buffer): void {
    const begins = this.left === 0;
    if (begins) this.beginFrame(this.frames.shift() ?? part.length);
    const text = this.decoder.decode(part);
    if (begins) checkBeginning(text);
    this.left -= part.length;
    if (this.left === 0 && this.decoder.incomplete.length > 0) throw new StreamError('unsupported-encoding', 'the stream holds bytes that are not UTF-8');
    this.reader.write(text, this.decoder.isAscii ? 0 : widthOf(text));
    if (!this.reader.suspended) this.partRead();
  }

  get keptBytes(): number {
    return this.reader.keptBytes;
  }

  get suspended(): boolean {
    return this.reader.suspended;
  }

  goOn(): void {
    this.reader.goOn();
    if (!this.reader.suspended) this.partRead();
  }

  handOver(receiver: StreamReceiver, limits: ReaderLimits): void {
    this.receiver = receiver;
    this.limits = limits;
    this.reader.handOver(this, limits);
  }

  restart(): void {
    this.state = 'restarting';
    this.reader.restart();
  }

  stop(): void {
    this.state = 'stopped';
    this.reader.stop();
  }

  headerRead(): void {
    // The closing tag of our own parent element.
  }

  stanzaRead(stanza: Stanza, namespace: string): void {
    this.countElement();
    this.checkNamespace(namespace);
    if (this.receiver.reads === 'stanzas') this.receiver.stanzaRead(stanza, namespace);
  }

  elementRead(element: Element): void {
    this.countElement();
    if (element.namespace === NS.framing) {
      this.framingRead(element);
      return;
    }
    this.checkNamespace(element.namespace);
    this.receiver.elementRead(element);
  }

  oversizedStanzaRead(stanza: Stanza, length: number): void {
    this.countElement();
    if (this.receiver.reads === 'stanzas') this.receiver.oversizedStanzaRead(stanza, length);
  }

  footerRead(): void {
    throw new StreamError('not-well-formed', 'an end tag without a start tag');
  }

  private beginFrame(bytes: number): void {
    const { hardStanzaBytes, maxStreamBytes } = this.limits;
    if (bytes > maxStreamBytes) throw new StreamError('policy-violation', `more than ${maxStreamBytes} bytes before login`);
    if (bytes > hardStanzaBytes) throw new StreamError('policy-violation', `a stanza of more than ${hardStanzaBytes} bytes`);
    this.left = bytes;
    this.elements = 0;
  }

  private partRead(): void {
    if (this.left > 0 || this.state === 'stopped') return;
    if (this.elements !== 1) throw new StreamError('not-well-formed', 'a frame must contain one complete element');
    if (this.state !== 'restarting') return;
    this.state = 'unopened';
    this.arrivedBytes = 0;
    this.reader.write(AROUND_ALL);
  }

  private countElement(): void {
    if (++this.elements > 1) throw new StreamError('bad-format', 'more than one element in a frame');
  }

  private checkNamespace(namespace: string): void {
    if (this.state === 'unopened') throw new StreamError('invalid-namespace', `the stream must begin with <open xmlns='${NS.framing}'/>`);
    if (namespace === NS.streams) throw new StreamError('invalid-namespace', 'a frame must declare the namespace of its element');
  }

  /** RFC 7395 §3.4 and §3.6. */
  private framingRead({ name, attributes }: Element): void {
    if (name === 'close') {
      this.receiver.footerRead();
      return;
    }
    if (name !== 'open') throw new StreamError('bad-format', `<${name}> is neither <open/> nor <close/>`);
    if (this.state !== 'unopened') throw new StreamError('bad-format', 'a second stream header');
    this.state = 'open';
    const attribute = (of: string) => attributes.get(of) ?? '';
    const [to, from, id, version] = [attribute('to'), attribute('from'), attribute('id'), attribute('version')];
    this.receiver.headerRead({ to, from, id, version, lang: '', defaultNamespace: NS.client });
  }
}
