import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { Events } from './patience.ts';
import { scramFinal } from './scram-client.ts';
import type { TranscriptConnection } from './transcript-connections.ts';
import { type Dialect, GENERATED } from './transcript-dialect.ts';
import type { PayloadPart, Proof, Step } from './transcript-reader.ts';
import { inPieces, type Split, whole } from './transcript-splits.ts';

/** One client of a transcript. */
export class TranscriptClient {
  private readonly stream: Duplex;
  private readonly name: string;
  /** The ids for resuming sessions, by client. */
  private readonly resumptions: Map<string, string>;
  private readonly dialect: Dialect;
  /** The text of each read that was not asked for yet. */
  private reads: string[] = [];
  private streamId = '';
  /** The state of SCRAM: the last message, and the server's expected final one. */
  private clientFirst = '';
  private challenge = '';
  private serverFinal = '';
  private serverEnded = false;
  private readonly events = new Events();

  /** @param resumptions Shared by all clients of a transcript. */
  constructor({ stream, dialect }: TranscriptConnection, name: string, resumptions: Map<string, string>) {
    this.stream = stream;
    this.dialect = dialect;
    this.name = name;
    this.resumptions = resumptions;
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      this.reads.push(text);
      this.events.happened();
    });
    stream.on('error', () => {});
    stream.on('end', () => {
      this.serverEnded = true;
      this.close();
      this.events.happened();
    });
  }

  /** Plays its part of one step. Returns nothing if it need not wait: promises are most of a run's cost. */
  play(step: Step, split: Split): Promise<void> | undefined {
    switch (step.kind) {
      case 'send':
        return this.send(this.writesOf(step.payload, step.writeBytes, step.cut ? split : whole));
      case 'receive':
        return this.expect(step.literals, step.inOneRead);
      case 'close':
        this.close();
        return undefined;
      case 'closed':
        return this.closed();
      case 'features':
        return this.until(() => this.takeFeatures(), 'the features of the stream');
      case 'connect':
      case 'connect-component':
      case 'tls':
        throw new Error('that is not for one who is connected');
    }
  }

  /** Hands its socket over. */
  release(): Duplex {
    for (const event of ['data', 'end']) this.stream.removeAllListeners(event);
    return this.stream;
  }

  close(): void {
    if (!this.stream.writableEnded) this.stream.end();
  }

  /** After the last step: the server may send nothing more than its stream's end. */
  async gone(): Promise<void> {
    await this.until(() => this.serverEnded, 'the end of the stream');
    const rest = this.unread.replace(/(<\?xml[^>]*><stream:stream[^>]*>)?<\/stream:stream>$|<close [^>]*>$/, '');
    if (rest !== '') throw new Error(`came and is not in the transcript: ${rest}`);
  }

  private async closed(): Promise<void> {
    await this.until(() => this.serverEnded, 'the end of the stream');
    const rest = this.dialect.framed ? this.unread.replace(/<close [^>]*>$/, '') : this.unread;
    if (rest !== '') throw new Error(`before the end of the stream came ${rest}`);
  }

  private get unread(): string {
    return this.reads.join('');
  }

  private writesOf(payload: readonly PayloadPart[], writeBytes: number, split: Split): Buffer[] {
    const { framed, outgoing } = this.dialect;
    const bytes = this.bytesOf(payload);
    return framed ? outgoing(bytes) : writesOf(bytes, writeBytes, split);
  }

  private bytesOf(payload: readonly PayloadPart[]): Buffer {
    const bytes = Buffer.concat(payload.map((part) => (Buffer.isBuffer(part) ? part : Buffer.from(this.textOf(part)))));
    this.clientFirst = base64In('auth', bytes.toString()) || this.clientFirst;
    return bytes;
  }

  private textOf(part: Exclude<PayloadPart, Buffer>): string {
    return 'resumptionOf' in part ? (this.resumptions.get(part.resumptionOf) ?? '') : this.proofOf(part);
  }

  private proofOf({ proof, password }: Proof): string {
    if (proof === 'digest') {
      return createHash('sha1')
        .update(this.streamId + password)
        .digest('hex');
    }
    const { message, serverFinal } = scramFinal(this.clientFirst, this.challenge, proof, password);
    this.serverFinal = serverFinal;
    return Buffer.from(message).toString('base64');
  }

  private send(writes: Buffer[]): Promise<void> | undefined {
    if (writes.length > 1) return this.sendAll(writes);
    if (writes[0] !== undefined) this.write(writes[0]);
    return undefined;
  }

  private async sendAll(writes: Buffer[]): Promise<void> {
    for (const [index, bytes] of writes.entries()) {
      if (index > 0) await turn();
      this.write(bytes);
    }
  }

  private write(bytes: Buffer): void {
    if (!this.stream.writableEnded) this.stream.write(bytes);
  }

  private expect(written: readonly string[], inOneRead: boolean): Promise<void> | undefined {
    const { framed, incoming } = this.dialect;
    const literals = incoming(written.join(GENERATED)).split(GENERATED);
    // A client that closes a WebSocket receives no more; half of it cannot be closed.
    if (framed && this.stream.writableEnded && literals.join('').startsWith('<close ')) return undefined;
    const together = inOneRead && !framed;
    return this.take(literals, together) ? undefined : this.receive(literals, together);
  }

  private receive(literals: readonly string[], inOneRead: boolean): Promise<void> {
    return this.until(() => this.take(literals, inOneRead), literals.join('*'));
  }

  /** Takes the expected text if it has arrived. */
  private take(literals: readonly string[], inOneRead: boolean): boolean {
    const text = this.unread;
    const end = matchEnd(literals, text);
    if (end === -1) return false;
    const [first = ''] = this.reads;
    if (inOneRead && first.length < end) throw new Error(`came in more than one read: ${JSON.stringify(this.reads)}`);
    this.note(text.slice(0, end));
    this.reads = restOf(this.reads, end);
    return true;
  }

  private takeFeatures(): boolean {
    const end = /<\/(?:stream:)?features>/.exec(this.unread);
    if (end === null) return false;
    this.reads = restOf(this.reads, end.index + end[0].length);
    return true;
  }

  private note(text: string): void {
    const id = /<enabled [^>]*id='([^']+)'/.exec(text)?.[1];
    if (id !== undefined) this.resumptions.set(this.name, id);
    this.streamId = /<(?:stream:stream|open xmlns='[^']+') id='([^']+)'/.exec(text)?.[1] ?? this.streamId;
    this.challenge = base64In('challenge', text) || this.challenge;
    const success = base64In('success', text);
    if (success !== '' && success !== this.serverFinal) throw new Error(`the server has not proved itself: ${success}`);
  }

  private until(condition: () => boolean, what: string): Promise<void> {
    const problem = () =>
      this.serverEnded ? `the server closed\n  instead of ${what}\n  after ${this.unread}` : `did not come: ${what}\n  came: ${this.unread}`;
    return this.events.until(condition, () => this.serverEnded, problem);
  }
}

/** An element's content, decoded from base64; `''`: none. */
function base64In(name: string, text: string): string {
  const [, content = ''] = new RegExp(`<${name} [^>]*>([^<]+)<`).exec(text) ?? [];
  return Buffer.from(content, 'base64').toString();
}

function writesOf(payload: Buffer, writeBytes: number, split: Split): Buffer[] {
  return writeBytes === 0 ? split(payload) : inPieces(writeBytes)(payload).flatMap(split);
}

/** The rest of some reads after their first characters. */
function restOf(reads: readonly string[], length: number): string[] {
  let taken = length;
  return reads.flatMap((read) => {
    const rest = read.slice(taken);
    taken = Math.max(0, taken - read.length);
    return rest === '' ? [] : [rest];
  });
}

/** The end of the literals, with generated text between them; -1 if they are incomplete. @throws if they can no longer match. */
function matchEnd(literals: readonly string[], text: string): number {
  const [first = '', ...others] = literals;
  if (!text.startsWith(first)) {
    if (first.startsWith(text)) return -1;
    throw unexpected(literals, text);
  }
  let end = first.length;
  for (const literal of others) {
    // Generated text is not empty and contains no markup.
    const markup = text.slice(end).search(/[<>]/);
    const last = markup === -1 ? text.length : end + markup;
    const start = text.indexOf(literal, end + 1);
    if (start === -1 || start > last) {
      if (mayStillCome(literal, text, end + 1, last)) return -1;
      throw unexpected(literals, text);
    }
    end = start + literal.length;
  }
  return end;
}

/** Whether the text ends in a beginning of the literal that starts between the two positions, or before it. */
function mayStillCome(literal: string, text: string, from: number, to: number): boolean {
  if (text.length < from) return true;
  for (let start = from; start <= to; start++) {
    if (literal.startsWith(text.slice(start))) return true;
  }
  return false;
}

function unexpected(literals: readonly string[], text: string): Error {
  return new Error(`expected ${literals.join('*')}\n  received ${text}`);
}
