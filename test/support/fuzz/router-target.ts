import { Ledger } from '../../../router/ledger/ledger.ts';
import { Router } from '../../../router/router.ts';
import { removeRouterFrom } from '../../../shared/extension.ts';
import { NS } from '../../../shared/namespaces.ts';
import type { Stanza } from '../../../shared/stanza.ts';
import { commandXml, FakeEnvironment, type FakeSession, ROUTER_OPTIONS } from '../fakes.ts';
import { OPENING, Reading } from '../reading.ts';
import type { FuzzCase, FuzzTarget } from './fuzz.ts';
import { mutated, pieces, withTokens } from './mutation.ts';
import type { Random } from './random.ts';
import { checkStanza } from './reader-target.ts';
import { stanzaSeeds } from './seeds.ts';

const DOMAIN = 'private.localhost';
const VICTIM = `opensrf@${DOMAIN}/victim`;
const CLASS = 'opensrf.victim';

/** The attacks on the router and the victim. */
const ATTACKS = withTokens(
  [
    `to='router@${DOMAIN}/router'`,
    `to='router@${DOMAIN}/${CLASS}'`,
    `to='router@${DOMAIN}'`,
    `from='${VICTIM}'`,
    `router_from='${VICTIM}'`,
    ...['register', 'unregister', 'drain', 'resume', 'query'].map((command) => `router_command='${command}'`),
    `router_class='${CLASS}'`,
    "type='error'",
    '"type":"CONNECT"',
    '"method":"opensrf.router.info.summarize"',
    '"method":"opensrf.router.info.stats.class.node.all"',
  ].map((text) => Buffer.from(text)),
);

/** Longer than all timers of the router. */
const LONG_MS = 1_000_000;

/**
 * A router between a listener and attackers: none of them removes its registration or uses another's address, every recipient gets
 * well-formed stanzas, and nothing remains of them after they leave.
 */
export class RouterTarget implements FuzzTarget {
  readonly name = 'router';
  readonly batch = 1;
  private readonly seeds = stanzaSeeds(`router@${DOMAIN}/router`, `router@${DOMAIN}/${CLASS}`, VICTIM);
  private readonly environment = new FakeEnvironment();
  private readonly unanswered = new Ledger({ requests: 100, bytes: 1_000_000 }, this.environment);
  private readonly router = new Router(
    { ...ROUTER_OPTIONS, domain: DOMAIN, trustedServers: new Set([DOMAIN]), trustedClients: new Set([DOMAIN, 'public.localhost']), holdMs: 1_000 },
    this.environment,
    this.unanswered,
  );
  private readonly victim = this.environment.login(VICTIM);

  constructor() {
    this.environment.publish(this.router);
    this.router.resume();
    const registration = commandXml('register', CLASS).replace('router@localhost', `router@${DOMAIN}`);
    this.environment.send(this.victim, registration);
  }

  /** A few stanzas in a row. */
  make(random: Random): Buffer {
    return Buffer.concat(Array.from({ length: 1 + random.below(4) }, () => mutated(this.seeds, random, ATTACKS)));
  }

  async play(cases: readonly FuzzCase[]): Promise<string> {
    for (const { bytes, random } of cases) {
      try {
        const problem = this.problemOf(bytes, random);
        if (problem !== '') return problem;
      } catch (error) {
        return (error as Error).stack ?? String(error);
      }
    }
    return '';
  }

  async close(): Promise<void> {}

  private problemOf(bytes: Buffer, random: Random): string {
    const peers = [`opensrf@${DOMAIN}/mallory`, `opensrf@${DOMAIN}/client`, 'opensrf@public.localhost/stranger', 'opensrf@elsewhere.example/stranger'];
    const sessions = peers.map((jid) => this.environment.login(jid));
    const { stanzas, namespaces } = Reading.of([OPENING, ...pieces(bytes, random)], { maxDepth: 16 });
    for (const [index, stanza] of stanzas.entries()) {
      if (namespaces[index] === NS.client && !stanza.name.includes(':')) this.send(stanza, random.of(sessions));
      if (random.below(4) === 0) this.environment.clock.advance(random.below(2_000));
    }
    return this.problemWith(sessions);
  }

  /** Like a session. */
  private send(stanza: Stanza, session: FakeSession): void {
    stanza.from = session.jid;
    stanza.origin = session.origin;
    if (stanza.routerFrom !== '') removeRouterFrom(stanza);
    this.environment.deliver(stanza);
  }

  private problemWith(sessions: readonly FakeSession[]): string {
    const { environment, router, unanswered, victim } = this;
    if (router.classes.get(CLASS)?.nodes.has(VICTIM) !== true) return 'the victim has lost its registration';
    for (const session of sessions) {
      environment.withdraw(session);
      router.sessionEnded(session.origin.session, session.jid);
      router.allReturned(session.origin.session);
    }
    environment.clock.advance(LONG_MS);
    for (const stanza of [victim, ...sessions].flatMap((session) => session.take())) {
      const xml = stanza.toXml();
      checkStanza(xml);
      if (stanza.from === VICTIM || stanza.routerFrom === VICTIM) return `a stanza has the address of the victim: ${xml}`;
    }
    const left = { classes: router.classes.size - 1, unanswered: unanswered.size, held: router.heldRequests, timers: environment.clock.timers };
    return Object.values(left).every((count) => count === 0) ? '' : `something is left: ${JSON.stringify(left)}`;
  }
}
