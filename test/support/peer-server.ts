import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { ChopChop } from '../../server/compose/chopchop.ts';
import type { BoundAddress } from '../../server/net/tcp.ts';
import { NS } from '../../shared/namespaces.ts';
import { Events } from './patience.ts';
import { Peer } from './peer.ts';

/** The header of a server that opens a stream. */
export function serverHeader(from: string, to: string, extra = " version='1.0'"): string {
  const domains = (from === '' ? '' : ` from='${from}'`) + (to === '' ? '' : ` to='${to}'`);
  return `<?xml version='1.0'?><stream:stream xmlns='${NS.server}' xmlns:db='${NS.dialback}' xmlns:stream='${NS.streams}'${domains}${extra}>`;
}

/** The header of a server that accepts one, and its features. */
export function acceptedHeader(id: string, features = DIALBACK_FEATURE): string {
  return `<stream:stream xmlns='${NS.server}' xmlns:db='${NS.dialback}' xmlns:stream='${NS.streams}' id='${id}' version='1.0'><stream:features>${features}</stream:features>`;
}

export const DIALBACK_FEATURE = `<dialback xmlns='${NS.dialbackFeature}'><errors/></dialback>`;

/** Another server, played by a test: it accepts streams, and opens some. */
export class PeerServer {
  readonly port: number;
  private readonly server: Server;
  private readonly waiting: Peer[] = [];
  private readonly events = new Events();
  /** How many streams were opened to it. */
  count = 0;
  /** The stream that was accepted last. */
  stream: Peer | null = null;

  private constructor(server: Server) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => {
      this.count++;
      this.waiting.push(new Peer(socket));
      this.events.happened();
    });
  }

  static async listen(t: TestContext): Promise<PeerServer> {
    const server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const peer = new PeerServer(server);
    t.after(() => peer.close());
    return peer;
  }

  /** The next stream that was opened to it. */
  async accepted(): Promise<Peer> {
    await this.events.until(
      () => this.waiting.length > 0,
      () => false,
      () => 'no stream was opened',
    );
    return this.waiting.shift() as Peer;
  }

  /** Accepts the next stream, up to its features. @returns the stream; its id is `id`. */
  async opened(id = 'theirs', features = DIALBACK_FEATURE): Promise<Peer> {
    const stream = await this.accepted();
    await stream.expect(/<stream:stream [^>]*>/);
    stream.send(acceptedHeader(id, features));
    this.stream = stream;
    return stream;
  }

  /** Accepts the next stream, and the stanzas of the next pair on it. */
  async acceptedPair(): Promise<Peer> {
    const stream = await this.opened();
    await acceptPair(stream);
    return stream;
  }

  close(): void {
    this.server.close();
  }
}

/** Accepts the stanzas of the next pair on a stream. */
export async function acceptPair(stream: Peer, type = 'valid'): Promise<void> {
  const [, from, to] = /<db:result from='([^']+)' to='([^']+)'>/.exec(await stream.expect('</db:result>')) as RegExpExecArray;
  stream.send(`<db:result from='${to}' to='${from}' type='${type}'/>`);
}

/** Opens a stream to a server. */
export async function openStream(t: TestContext, server: ChopChop, from: string, to: string): Promise<Peer> {
  const stream = await Peer.connect(t, server.listening.s2s[0] as BoundAddress);
  stream.send(serverHeader(from, to));
  await stream.expect('</stream:features>');
  return stream;
}

/** Opens a stream to a server, and verifies a pair of domains on it. @param peer The authoritative server. */
export async function openPair(t: TestContext, server: ChopChop, peer: PeerServer, from: string, to: string): Promise<Peer> {
  const stream = await openStream(t, server, from, to);
  stream.send(`<db:result from='${from}' to='${to}'>key</db:result>`);
  await confirmKey(peer.stream ?? (await peer.opened()));
  await stream.expect(`<db:result from='${to}' to='${from}' type='valid'/>`);
  return stream;
}

/** Answers the next question about a key. */
export async function confirmKey(stream: Peer, type = 'valid'): Promise<void> {
  const [, from, to, id] = /<db:verify from='([^']+)' to='([^']+)' id='([^']+)'>/.exec(await stream.expect('</db:verify>')) as RegExpExecArray;
  stream.send(`<db:verify from='${to}' to='${from}' id='${id}' type='${type}'/>`);
}

/** A port that leads to another one, which may be opened later. */
export interface Relay {
  readonly port: number;
  /** How many connections were relayed. */
  count: number;
  /** Cuts them all. */
  cut(): void;
}

/** Opens a port in front of a server that needs its number before it starts. */
export async function relayTo(t: TestContext, address: () => BoundAddress): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    const onward = connect({ ...address(), noDelay: true });
    relay.count++;
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const relay: Relay = { port: (server.address() as AddressInfo).port, count: 0, cut };
  t.after(() => {
    server.close();
    cut();
  });
  return relay;
}
