import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { SaxesParser } from 'saxes';
import { ChopChop } from '../../../server/compose/chopchop.ts';
import { createConfig } from '../../../server/config/config.ts';
import { memoryPair } from '../../../server/net/memory-pair.ts';
import { header } from '../peer.ts';
import { recordingLog } from '../server.ts';
import type { FuzzCase, FuzzTarget } from './fuzz.ts';
import { mutated, pieces, withTokens } from './mutation.ts';
import type { Random } from './random.ts';
import { recordedElements, transcriptSeeds } from './seeds.ts';

const DOMAIN = 'private.localhost';
const GATE = 'gate.localhost';
/** The password of the protected accounts. No seed contains it. */
const UNGUESSED = 'unguessed';

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** The attempts to get in. */
const ATTACKS = withTokens(
  [
    '<username>router</username>',
    '<password></password>',
    '<digest></digest>',
    '<resource>__proto__</resource>',
    "version='1.0'",
    `to='${GATE}'`,
    "xmlns='jabber:component:accept'",
    '<handshake/>',
    "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${base64('\0router\0')}</auth>`,
    `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${base64(`router@${DOMAIN}\0opensrf\0password`)}</auth>`,
    `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>${base64('n,,n=router,r=n')}</auth>`,
    `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1-PLUS'>${base64('p=tls-unique,,n=router,r=n')}</auth>`,
    `<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${base64('c=biws,r=n,p=AA==')}</response>`,
    "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
    "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>router</resource></bind></iq>",
    "<resume xmlns='urn:xmpp:sm:3' h='0' previd='x'/>",
  ].map((text) => Buffer.from(text)),
);

const HEADER = header(DOMAIN, " version='1.0'");
const BINDING = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>";

function iqAuth(username: string, secret: string): string {
  return `${header(DOMAIN)}<iq type='set' id='1'><query xmlns='jabber:iq:auth'><username>${username}</username>${secret}<resource>r</resource></query></iq>`;
}

/** Whole logins, some of them successful; a mutation may make the others succeed. */
const LOGINS = ['opensrf', 'router', 'nobody'].flatMap((username) =>
  ['password', 'wrong', ''].flatMap((password) => [
    iqAuth(username, `<password>${password}</password>`),
    iqAuth(username, `<digest>${createHash('sha1').update(password).digest('hex')}</digest>`),
    `${HEADER}<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${base64(`\0${username}\0${password}`)}</auth>${HEADER}${BINDING}`,
  ]),
);

/** The most turns of the event loop for a conversation. */
const MAX_TURNS = 2_000;

/**
 * The login of clients and components: none succeeds without the password, every connection ends, and the server's output
 * is well-formed and contains no secret.
 */
export class LoginTarget implements FuzzTarget {
  readonly name = 'login';
  readonly batch = 50;
  private readonly seeds = [
    ...transcriptSeeds(['header.txt', 'login.txt', 'sasl.txt', 'scram.txt', 'starttls.txt', 'component.txt', 'stream-management.txt']),
    ...[...recordedElements().filter((element) => !element.startsWith('<message')), ...LOGINS, ...LOGINS, ...LOGINS].map((text) => Buffer.from(text)),
  ];
  private readonly log = recordingLog();
  private readonly server = new ChopChop(
    createConfig({
      domains: [DOMAIN],
      accounts: [
        { username: 'opensrf', domain: DOMAIN, password: 'password' },
        { username: 'router', domain: DOMAIN, password: UNGUESSED },
      ],
      components: { port: 0, secrets: new Map([[GATE, UNGUESSED]]) },
      port: 0,
      limits: { failedLogins: 1e9, logLifeLines: 1e9, logLinesOfKind: 1e9, resumptionMs: 0 },
    }),
    this.log,
  );
  private started = false;
  /** Keeps the process alive: there is no socket. */
  private readonly alive = setInterval(() => {}, 1_000);

  make(random: Random): Buffer {
    return mutated(this.seeds, random, ATTACKS);
  }

  async play(cases: readonly FuzzCase[]): Promise<string> {
    if (!this.started) await this.server.start();
    this.started = true;
    const answers = cases.map(({ bytes, random }) => this.converse(pieces(bytes, random), random.below(4) === 0));
    for (let turns = 0; this.server.connectionCount > 0; turns++) {
      if (turns > MAX_TURNS) return 'a connection stayed open';
      await turn();
    }
    for (const { level, fields, message } of this.log.lines.splice(0)) {
      if (level === 'error') return `logged: ${message}: ${String((fields['err'] as Error | undefined)?.stack)}`;
      if (message === 'session bound' && !String(fields['jid']).startsWith('opensrf@')) return `${fields['jid']} has logged in without its password`;
    }
    if (this.server.sessionCount > 0) return 'a session stayed';
    return answers.map((answer) => problemWith(answer())).find((problem) => problem !== '') ?? '';
  }

  async close(): Promise<void> {
    await this.server.stop();
    clearInterval(this.alive);
  }

  /** @returns the server's output so far. */
  private converse(chunks: readonly Buffer[], component: boolean): () => string {
    const [ours, theirs] = memoryPair();
    if (component) this.server.serveComponent(theirs, 'fuzz');
    else this.server.serve(theirs, 'fuzz');
    let said = '';
    ours
      .setEncoding('utf8')
      .on('error', () => {})
      .on('data', (text: string) => (said += text));
    for (const chunk of chunks) ours.write(chunk);
    ours.end();
    return () => said;
  }
}

const DECLARATION = "<?xml version='1.0'?>";

/** Each stream of a conversation is a document; a stream that is followed by another one has no end. */
function problemWith(said: string): string {
  if (said.includes(UNGUESSED)) return `the server revealed a password: ${said}`;
  for (const document of said.split(DECLARATION)) {
    try {
      new SaxesParser({ xmlns: true }).write(document);
    } catch (error) {
      return `the server said what is no XML: ${(error as Error).message} in ${said}`;
    }
  }
  return '';
}
