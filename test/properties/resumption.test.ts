import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChopChop } from '../../server/compose/chopchop.ts';
import { createConfig } from '../../server/config/config.ts';
import { Peer } from '../support/peer.ts';
import { recordingLog } from '../support/server.ts';
import { cases } from '../support/tier.ts';

const DOMAIN = 'localhost';
const MANAGED = `opensrf@${DOMAIN}/managed`;
const OTHER = `opensrf@${DOMAIN}/other`;
const SM = "xmlns='urn:xmpp:sm:3'";

/** An independent client with stream management, written from XEP-0198, that loses its connection now and then. */
class ForgetfulClient {
  /** The numbers of the messages it has taken. */
  readonly taken: number[] = [];
  private readonly server: ChopChop;
  private peer: Peer;
  private id = '';
  private handled = 0;
  private sent = 0;
  private unacknowledged: string[] = [];

  constructor(server: ChopChop) {
    this.server = server;
    this.peer = Peer.inMemory(server);
  }

  async begin(): Promise<void> {
    await this.peer.loginByRfc6120('opensrf', DOMAIN, 'managed');
    this.peer.send(`<enable ${SM} resume='true'/>`);
    this.id = /id='([^']+)'/.exec(await this.peer.expect(/<enabled [^>]*>/))?.[1] as string;
  }

  send(): void {
    const stanza = `<message to='${OTHER}' id='${++this.sent}'/>`;
    this.unacknowledged.push(stanza);
    this.peer.send(stanza);
  }

  /** Takes the next element that comes. @param last Stops when this message has been taken. @returns whether it has. */
  async take(last: number): Promise<boolean> {
    const element = /<(?:message|[ar]) [^>]*\/>$/.exec(await this.peer.expect(/<(?:message|[ar]) [^>]*\/>/))?.[0] as string;
    if (element.startsWith('<r ')) this.peer.send(`<a ${SM} h='${this.handled}'/>`);
    if (element.startsWith('<a ')) this.acknowledged(element);
    if (element.startsWith('<message ')) {
      this.handled++;
      this.taken.push(Number(/id='(\d+)'/.exec(element)?.[1]));
    }
    return this.taken.at(-1) === last;
  }

  /** Unread input is lost, and so is everything in transit. */
  async loseConnection(): Promise<void> {
    this.peer.stream.end();
    this.peer = await Peer.inMemory(this.server).authenticate('opensrf', DOMAIN);
    this.peer.send(`<resume ${SM} h='${this.handled}' previd='${this.id}'/>`);
    this.acknowledged(await this.peer.expect(/<resumed [^>]*>/));
    for (const stanza of this.unacknowledged) this.peer.send(stanza);
  }

  close(): void {
    this.peer.send(`<a ${SM} h='${this.handled}'/></stream:stream>`);
    this.peer.stream.end();
  }

  private acknowledged(element: string): void {
    const handled = Number(/ h='(\d+)'/.exec(element)?.[1]);
    this.unacknowledged = this.unacknowledged.slice(handled - (this.sent - this.unacknowledged.length));
  }
}

/** The events of one connection: the number of elements that the client takes before the loss, and of messages from it and another client. */
interface Episode {
  readonly taken: number;
  readonly sent: number;
  readonly received: number;
}

/** @returns how many messages were sent by the client and to it. */
async function play(client: ForgetfulClient, other: Peer, episodes: readonly Episode[]): Promise<[sent: number, received: number]> {
  let sent = 0;
  let received = 0;
  for (const episode of episodes) {
    for (const _ of upTo(episode.received)) other.send(`<message to='${MANAGED}' id='${++received}'/>`);
    for (const _ of upTo(episode.sent)) client.send();
    sent += episode.sent;
    for (let left = Math.min(episode.taken, received - client.taken.length); left > 0; left--) await client.take(received);
    await client.loseConnection();
  }
  return [sent, received];
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test('wherever the connection is lost, each stanza arrives once and in order, in both directions', async (t) => {
  const server = new ChopChop(createConfig({ port: 0, domains: [DOMAIN] }), recordingLog());
  await server.start();
  t.after(() => server.stop());
  const episode = fc.record({ taken: fc.nat(6), sent: fc.nat(3), received: fc.nat(5) });
  const property = fc.asyncProperty(fc.array(episode, { minLength: 1, maxLength: 8 }), async (episodes) => {
    const client = new ForgetfulClient(server);
    await client.begin();
    const other = await Peer.inMemory(server).login('opensrf', DOMAIN, 'other');
    const [sent, received] = await play(client, other, episodes);
    other.send(`<message to='${MANAGED}' id='${received + 1}'/>`);
    while (!(await client.take(received + 1)));
    client.send();
    await other.expect(`id='${sent + 1}'/>`);
    client.close();
    other.stream.end();
    assert.deepEqual(client.taken, upTo(received + 1));
    const heard = [...other.transcript.matchAll(/<message [^>]* id='(\d+)'/g)].map(([, id]) => Number(id));
    assert.deepEqual(heard, upTo(sent + 1));
  });
  await fc.assert(property, { numRuns: cases(40) });
});
