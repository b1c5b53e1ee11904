import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { ChopChop } from '../../server/compose/chopchop.ts';
import { attribute, registration } from './osrf.ts';
import { Peer } from './peer.ts';

/** A message that the recorded server delivered. */
interface Delivered {
  readonly from: string;
  readonly thread: string;
  readonly xid: string;
  /** The sender of a request that a router passed on. */
  readonly client?: string;
}

/** An event on a recorded connection, which has a number. */
type Event =
  | readonly [connection: string, kind: 'connect' | 'in' | 'refused' | 'end']
  /** A session older than the recording, and its address. */
  | readonly [connection: string, kind: 'login', jid: string]
  | readonly [connection: string, kind: '>', text: string]
  | readonly [connection: string, kind: '<', message: Delivered];

/** A recorded conversation of OpenSRF programs with a server. */
export interface Capture {
  readonly name: string;
  readonly scenario: string;
  readonly events: readonly Event[];
}

// This file runs from dist/test/support/; the captures are beside the sources.
const FOLDER = new URL('../../../test/captures/', import.meta.url);

/** Captures that cannot be played, or of things that this server does otherwise. */
export const OTHERWISE: Readonly<Record<string, string>> = {
  '30-login-wrong-password-c-chopchop': 'the recorded server took a wrong digest',
  '33-two-listeners-round-robin': 'the recorded router began with the other one of two listeners',
  '43-backlog-full-503': 'a part of the requests was not recorded',
  '81-raw-trust-experiments': 'the recorded server let a client speak for a router',
};

/** All captures. `test/captures/README.md` explains their format. */
export function readCaptures(): Capture[] {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.ndjson'));
  return files.sort().map((file) => {
    const [head, ...events] = readFileSync(new URL(file, FOLDER), 'utf8').trimEnd().split('\n');
    const { scenario } = JSON.parse(head as string) as { scenario: string };
    return { name: file.replace('.ndjson', ''), scenario, events: events.map((line) => JSON.parse(line) as Event) };
  });
}

/** Where a capture is played. */
export interface CapturePlace {
  /** The domains with a router. */
  readonly routers: Iterable<string>;
  connect(): Peer | Promise<Peer>;
  /** Sends a text while all clients have logged in. */
  send(peer: Peer, text: string): void | Promise<void>;
}

/** A server in this process as the place. */
export function placeIn(server: ChopChop): CapturePlace {
  return { routers: [...server.routers.keys()], connect: () => Peer.inMemory(server), send: (peer, text) => peer.send(text) };
}

/** The clients of a capture, played against another server. */
export class CapturePlayer {
  private readonly place: CapturePlace;
  private readonly peers = new Map<string, Peer>();
  /** Those that have not logged in. */
  private readonly negotiating = new Set<Peer>();

  constructor(place: CapturePlace) {
    this.place = place;
  }

  /** @throws Error if the server's messages differ from the recording. */
  async play({ events }: Capture): Promise<void> {
    for (const event of events) if (event[1] === 'login') await this.resume(event[0], event[2]);
    for (const [index, event] of events.entries()) {
      try {
        await this.happen(event);
      } catch (error) {
        throw new Error(`event ${index + 1}, connection ${event[0]}: ${(error as Error).message}`);
      }
    }
  }

  close(): void {
    for (const { stream } of this.peers.values()) stream.destroy();
  }

  /** Logs in a session older than the recording. A listener registers its service. */
  private async resume(connection: string, jid: string): Promise<void> {
    const [, username, domain, resource] = /^([^@]+)@([^/]+)\/(.+)$/.exec(jid) as unknown as [string, string, string, string];
    const peer = await (await this.place.connect()).login(username, domain, resource);
    this.peers.set(connection, peer);
    const service = /^(.+)_listener_/.exec(resource)?.[1];
    if (service === undefined) return;
    for (const router of this.place.routers) peer.send(registration('register', `router@${router}/router`, jid, service));
    peer.send("<iq type='get' id='there' to='private.localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
    await peer.expect("id='there'/>");
  }

  private async happen(event: Event): Promise<void> {
    const [connection, kind] = event;
    if (kind === 'connect') this.peers.set(connection, await this.place.connect());
    const peer = this.peers.get(connection) as Peer;
    if (kind === 'connect') this.negotiating.add(peer);
    if (kind === 'end') this.negotiating.delete(peer);
    switch (kind) {
      case '>':
        await this.send(peer, event[2]);
        break;
      case '<':
        await receive(peer, event[2]);
        break;
      case 'in':
        await peer.expect(/<iq [^>]*type='result'/);
        this.negotiating.delete(peer);
        break;
      case 'refused':
        await peer.expect(/<iq [^>]*type='error'/);
        break;
      case 'end':
        peer.stream.end();
        break;
      default:
    }
  }

  private async send(peer: Peer, text: string): Promise<void> {
    const whole = text.replace(/\{elided (\d+)\}/g, (_, length) => 'x'.repeat(Number(length)));
    if (whole.includes('{digest}')) peer.send(whole.replace('{digest}', await digest(peer)));
    else if (this.negotiating.size === 0) await this.place.send(peer, whole);
    else peer.send(whole);
  }
}

/** The proof of a client that knows the password "password". */
async function digest(peer: Peer): Promise<string> {
  const [, id = ''] = /id='([^']+)'/.exec(await peer.expect(/<stream:stream [^>]*>/)) ?? [];
  return createHash('sha1').update(`${id}password`).digest('hex');
}

/** Waits for a message of the thread. Ignores the servers' own texts, such as errors: they differ. */
async function receive(peer: Peer, { from, thread, xid, client = '' }: Delivered): Promise<void> {
  for (;;) {
    const message = await peer.message();
    const own = attribute(message, 'type') === 'error' || (attribute(message, 'from').startsWith('router@') && attribute(message, 'router_from') === '');
    if (own) continue;
    const found = {
      from: attribute(message, 'from'),
      thread: /<thread>([^<]*)/.exec(message)?.[1] ?? '',
      xid: attribute(message, 'osrf_xid'),
      client: attribute(message, 'router_from'),
    };
    const wanted = { from, thread, xid, client };
    if (JSON.stringify(found) === JSON.stringify(wanted)) return;
    throw new Error(`${JSON.stringify(found)} came, not ${JSON.stringify(wanted)}`);
  }
}
