import { setImmediate as turn } from 'node:timers/promises';
import { SaxesParser } from 'saxes';
import { ChopChop } from '../../../server/compose/chopchop.ts';
import { createConfig } from '../../../server/config/config.ts';
import { memoryPair } from '../../../server/net/memory-pair.ts';
import { registration } from '../osrf.ts';
import { Peer } from '../peer.ts';
import { recordingLog } from '../server.ts';
import type { FuzzCase, FuzzTarget } from './fuzz.ts';
import { mutated, pieces, withTokens } from './mutation.ts';
import type { Random } from './random.ts';
import { conversationSeeds } from './seeds.ts';

const DOMAINS = ['private.localhost', 'public.localhost'];
const VICTIM = 'opensrf@private.localhost/victim';
const CLASS = 'opensrf.victim';

/** The attacks on the victim. */
const ATTACKS = withTokens(
  [`to='${VICTIM}'`, `from='${VICTIM}'`, `router_from='${VICTIM}'`, `to='router@private.localhost/${CLASS}'`, `<username>router</username>`].map((text) =>
    Buffer.from(text),
  ),
);

/** The most turns of the event loop for a conversation. */
const MAX_TURNS = 2_000;

/**
 * A whole server, with a victim that is a client and a listener: the server never fails internally, every connection ends, and
 * the victim gets one well-formed stream without spoofed senders.
 */
export class ServerTarget implements FuzzTarget {
  readonly name = 'server';
  readonly batch = 20;
  /** Half of them address the victim, directly or through the router. */
  private readonly seeds = conversationSeeds().flatMap((seed) => (seed.includes('victim') ? [...Array<Buffer>(100).fill(seed)] : [seed]));
  private readonly log = recordingLog();
  private readonly server: ChopChop;
  private victim: Peer | null = null;
  private parser = new SaxesParser({ xmlns: true });
  private problem = '';
  /** Keeps the process alive: there is no socket. */
  private readonly alive = setInterval(() => {}, 1_000);

  constructor() {
    const accounts = DOMAINS.flatMap((domain) =>
      ['password', 'unguessed'].map((password, index) => ({ username: ['opensrf', 'router'][index] as string, domain, password })),
    );
    this.server = new ChopChop(
      createConfig({
        domains: DOMAINS,
        accounts,
        port: 0,
        router: { lossGraceMs: 0 },
        limits: { failedLogins: 1e9, logLifeLines: 1e9, logLinesOfKind: 1e9, stanzaBytes: 20_000, hardStanzaBytes: 50_000 },
      }),
      this.log,
    );
  }

  make(random: Random): Buffer {
    return mutated(this.seeds, random, ATTACKS);
  }

  async play(cases: readonly FuzzCase[]): Promise<string> {
    const victim = this.victim ?? (await this.begin());
    for (const { bytes, random } of cases) this.converse(pieces(bytes, random));
    await this.allOver();
    victim.send("<iq type='get' id='alive'><ping xmlns='urn:xmpp:ping'/></iq>");
    await victim.expect("type='result' id='alive'/>").catch((error: Error) => this.found(error.message));
    this.readAsVictim(victim);
    for (const { level, fields, message } of this.log.lines.splice(0)) {
      if (message === 'session bound' && String(fields['jid']).startsWith('router@')) this.found(`${fields['jid']} has logged in without its password`);
      if (level === 'error') this.found(`logged: ${message}: ${String((fields['err'] as Error | undefined)?.stack)}`);
    }
    return this.problem;
  }

  async close(): Promise<void> {
    this.victim?.stream.destroy();
    await this.server.stop();
    clearInterval(this.alive);
  }

  private async begin(): Promise<Peer> {
    await this.server.start();
    const victim = await Peer.inMemory(this.server).login('opensrf', DOMAINS[0] as string, 'victim');
    victim.send(registration('register', 'router@private.localhost/router', '', CLASS));
    this.parser.on('opentag', ({ name, attributes }) => {
      if (name === 'message' && attributes['from']?.value === VICTIM) this.found('a stanza has the address of the victim');
      // OpenSRF's libraries look for it on no other element.
      if ((name === 'message' || name === 'opensrf') && attributes['router_from']?.value === VICTIM)
        this.found('a routed stanza has the address of the victim');
    });
    this.parser.on('error', (error) => this.found(`the victim got what is no XML: ${error.message}`));
    this.victim = victim;
    return victim;
  }

  private converse(chunks: readonly Buffer[]): void {
    const [ours, theirs] = memoryPair();
    this.server.serve(theirs, 'fuzz');
    ours.on('error', () => {});
    ours.resume();
    for (const chunk of chunks) ours.write(chunk);
    ours.end();
  }

  private async allOver(): Promise<void> {
    for (let turns = 0; this.server.connectionCount > 1; turns++) {
      if (turns > MAX_TURNS) {
        this.found('a connection stayed open');
        return;
      }
      await turn();
    }
  }

  private readAsVictim(victim: Peer): void {
    const { transcript } = victim;
    this.parser.write(transcript);
    victim.transcript = '';
    victim.received = '';
    victim.reads.length = 0;
  }

  private found(problem: string): void {
    if (this.problem === '') this.problem = problem;
  }
}
