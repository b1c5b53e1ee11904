import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';
import type { ChopChop } from '../../server/compose/chopchop.ts';
import { memoryPair } from '../../server/net/memory-pair.ts';
import type { BoundAddress } from '../../server/net/tcp.ts';
import { Events, type Pace } from './patience.ts';

/** The header every OpenSRF library sends. */
export function header(domain: string, extra = ''): string {
  return `<stream:stream to='${domain}' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'${extra}>`;
}

/** A raw client: sends bytes, receives text. */
export class Peer {
  readonly stream: Duplex;
  /** The received text not yet waited for. */
  received = '';
  /** All received text. */
  transcript = '';
  /** The text of each read of the socket. */
  readonly reads: string[] = [];
  ended = false;
  private readonly events: Events;

  constructor(stream: Duplex, pace?: Pace) {
    this.stream = stream;
    this.events = new Events(pace);
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      this.received += text;
      this.transcript += text;
      this.reads.push(text);
      this.events.happened();
    });
    stream.on('error', () => {});
    stream.on('end', () => {
      this.end();
      // A TCP socket does this by itself.
      stream.end();
    });
    stream.on('close', () => this.end());
  }

  /** Connects over TCP. @param pace The pace of a busy server in another process. */
  static async connect(t: Pick<TestContext, 'after'>, { host, port }: BoundAddress, pace?: Pace): Promise<Peer> {
    const socket: Socket = connect({ host, port, noDelay: true });
    await once(socket, 'connect');
    t.after(() => void socket.destroy());
    return new Peer(socket, pace);
  }

  /** Connects without a socket. */
  static inMemory(server: ChopChop, name = 'memory'): Peer {
    const [ours, theirs] = memoryPair();
    server.serve(theirs, name);
    return new Peer(ours);
  }

  send(text: string | Buffer): void {
    this.stream.write(text);
  }

  /** Waits for a text, and takes everything up to its end. */
  async expect(pattern: RegExp | string): Promise<string> {
    const find = (): number => {
      if (typeof pattern === 'string') return this.received.includes(pattern) ? this.received.indexOf(pattern) + pattern.length : -1;
      const match = pattern.exec(this.received);
      return match === null ? -1 : match.index + match[0].length;
    };
    await this.until(() => find() !== -1, String(pattern));
    const end = find();
    const taken = this.received.slice(0, end);
    this.received = this.received.slice(end);
    return taken;
  }

  /** Waits for the server to close its side. @returns the remaining text. */
  async closed(): Promise<string> {
    await this.until(() => this.ended, 'the end of the stream');
    return this.received;
  }

  /** Logs in like OpenSRF's C library. */
  async login(username: string, domain: string, resource: string, password = 'password'): Promise<this> {
    this.send(header(domain));
    const [, id] = /id='([^']+)'/.exec(await this.expect(/<stream:stream [^>]*>/)) as RegExpExecArray;
    const digest = createHash('sha1')
      .update(id + password)
      .digest('hex');
    this.send(
      `<iq id='123456789' type='set'><query xmlns='jabber:iq:auth'><username>${username}</username><digest>${digest}</digest><resource>${resource}</resource></query></iq>`,
    );
    await this.expect("<iq type='result' id='123456789'/>");
    return this;
  }

  /** Logs in by RFC 6120 with SASL PLAIN, up to the stream features after it. */
  async authenticate(username: string, domain: string, password = 'password'): Promise<this> {
    this.send(header(domain, " version='1.0'"));
    await this.expect('</stream:features>');
    const credentials = Buffer.from(`\0${username}\0${password}`).toString('base64');
    this.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${credentials}</auth>`);
    await this.expect(/<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'(?:\/>|><\/success>)/);
    this.send(header(domain, " version='1.0'"));
    await this.expect('</stream:features>');
    return this;
  }

  /** The same, and binds a resource. */
  async loginByRfc6120(username: string, domain: string, resource: string): Promise<this> {
    await this.authenticate(username, domain);
    this.send(`<iq id='bind' type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${resource}</resource></bind></iq>`);
    await this.expect('</bind></iq>');
    return this;
  }

  /** Makes a component's handshake (XEP-0114). */
  async handshake(domain: string, secret: string): Promise<this> {
    this.send(`<stream:stream to='${domain}' xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>`);
    const [, id] = /id='([^']+)'/.exec(await this.expect(/<stream:stream [^>]*>/)) as RegExpExecArray;
    const proof = createHash('sha1')
      .update(id + secret)
      .digest('hex');
    // In capitals, like some libraries.
    this.send(`<handshake>${proof.toUpperCase()}</handshake>`);
    await this.expect('<handshake/>');
    return this;
  }

  /** Waits for the next complete `<message>`. */
  async message(): Promise<string> {
    const taken = await this.expect(/<message[^>]*\/>|<message[\s\S]*?<\/message>/);
    return taken.slice(taken.indexOf('<message'));
  }

  private end(): void {
    this.ended = true;
    this.events.happened();
  }

  private until(condition: () => boolean, what: string): Promise<void> {
    const problem = () => `${this.ended ? `the server closed before ${what} came` : `${what} did not come`}; the server said: ${this.transcript}`;
    return this.events.until(condition, () => this.ended, problem);
  }
}
