import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { ChopChopFixture } from '../server/fixture/fixture.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import type { Tap } from '../server/sessions/taps.ts';
import { escapeText, unescapeXml } from '../shared/xml.ts';
import { GatewaySocket } from './support/gateway-socket.ts';
import { attribute, cRequest, registration, requestBody, resultBody, statusBody } from './support/osrf.ts';
import { RawProgram } from './support/raw-service.ts';
import { PATIENT_LIMITS } from './support/server.ts';
import { webUrl } from './support/web-fixture.ts';

// Conversations of OpenSRF 3.3.3's relay with a running site, at our door: the same messages on the bus, and the answers of its services in frames.

/** The relay's output to the bus for one line of a browser. */
interface Sent {
  readonly to: string;
  readonly transactionId: string;
  /** With the tags around it; `''` where there is none. */
  readonly thread: string;
  readonly body: string;
}

function sentIn(scenario: string): Sent[] {
  const lines = readFileSync(new URL(`../../test/captures/${scenario}.ndjson`, import.meta.url), 'utf8')
    .trim()
    .split('\n');
  const messages = lines
    .slice(1)
    .map((line) => JSON.parse(line))
    .filter(([, way, text]) => way === '>' && text.startsWith('<message') && !text.includes('RESULT'));
  return messages.map(([, , text]) => sentOf(text));
}

function sentOf(text: string): Sent {
  return {
    to: attribute(text, 'to').replace(/_drone_.*/, '_drone'),
    transactionId: attribute(text, 'osrf_xid'),
    thread: /<thread>.*<\/thread>/.exec(text)?.[0] ?? '',
    body: unescapeXml(/<body>(.*)<\/body>/.exec(text)?.[1] ?? ''),
  };
}

/** The browser's line, without the relay's additions. */
function frameOf({ to, transactionId, thread, body }: Sent): string {
  const service = to.startsWith('router@') ? `"service":"${to.replace(/.*\//, '')}",` : '';
  const id = thread === '' ? '' : `"thread":"${thread.slice(8, -9)}",`;
  const messages = body.replaceAll(',"ingress":"ws-translator-v2"', '').replace(/"threadTrace":"(\d+)"/g, '"threadTrace":$1');
  return `{${service}${id}"log_xid":"${transactionId}","osrf_msg":${messages}}`;
}

const answerTo = ({ thread, transactionId }: Sent, body: string, more = '') =>
  `{"thread":"${thread.slice(8, -9)}","log_xid":"${transactionId}","osrf_msg":${body}${more}}`;

/** A site whose services the test plays. */
class Site {
  readonly bus: Sent[] = [];
  readonly browser: GatewaySocket;
  /** The browser's JID. */
  private client = '';
  readonly services: ReadonlyMap<string, RawProgram>;

  private constructor(browser: GatewaySocket, services: ReadonlyMap<string, RawProgram>) {
    this.browser = browser;
    this.services = services;
  }

  static async start(t: TestContext): Promise<Site> {
    const domains = ['private.localhost', 'public.localhost'];
    const jabber = await ChopChopFixture.start({
      domains,
      web: { ports: [0], user: 'opensrf@public.localhost' },
      limits: PATIENT_LIMITS,
      hosts: ['127.0.0.1'],
    });
    t.after(() => jabber.stop());
    const services = new Map<string, RawProgram>();
    for (const name of ['opensrf.math', 'opensrf.simple-text']) services.set(name, await listen(t, jabber.addresses[0] as BoundAddress, name));
    const site = new Site(await GatewaySocket.open(t, webUrl(jabber)), services);
    const read: Tap['read'] = ({ link }, stanza) => {
      if (link.kind === 'web') site.bus.push(sentOf(stanza.toXml()));
    };
    t.after(jabber.server.watch({ bound() {}, ended() {}, delivered() {}, read }));
    return site;
  }

  /** A message that the service sends unasked. */
  say(service: string, { thread, transactionId }: Sent, body: string): void {
    const program = this.services.get(service) as RawProgram;
    program.peer.send(cRequest(this.client, program.jid, thread.slice(8, -9), body, transactionId));
  }

  /** Sends the browser's text. @param answer The service's recorded answer. @returns the resulting frame. */
  async ask(sent: Sent, service: string, answer: string): Promise<string> {
    const program = this.services.get(service) as RawProgram;
    this.browser.send(frameOf(sent));
    const { client, thread, transactionId } = await program.asked();
    this.client = client;
    program.peer.send(cRequest(client, program.jid, thread, escapeText(answer), transactionId));
    return this.browser.text();
  }
}

/** A listener of the private domain, which is its own only worker, registered at the router of the public one. */
async function listen(t: TestContext, address: BoundAddress, service: string): Promise<RawProgram> {
  const program = await RawProgram.login(t, address, `${service}_drone_1`);
  program.peer.send(registration('register', 'router@public.localhost/router', program.jid, service));
  program.peer.send(cRequest('router@public.localhost/router', program.jid, 'registered', requestBody('opensrf.router.info.class.list')));
  await program.peer.expect(/Request Complete[\s\S]*?<\/message>/);
  return program;
}

test('66: requests of a C and a Perl service, and one without a thread', async (t) => {
  const site = await Site.start(t);
  const sent = sentIn('66-websocket-stdio');
  const [first, second, third] = sent as [Sent, Sent, Sent];
  assert.equal(await site.ask(first, 'opensrf.math', resultBody(4)), answerTo(first, resultBody(4)));
  const perl = PERL_ANSWER;
  assert.equal(await site.ask(second, 'opensrf.simple-text', perl), answerTo(second, perl));
  assert.equal(await site.ask(third, 'opensrf.math', resultBody(4)), answerTo(third, resultBody(4)));
  assert.deepEqual(site.bus, sent);
});

/** In the words of OpenSRF's Perl library: other keys, numbers for codes. */
const PERL_ANSWER =
  '[{"__c":"osrfMessage","__p":{"ingress":"ws-translator-v2","locale":"en-US","threadTrace":"3","tz":null,"type":"RESULT","payload":{"__p":{"content":"a","statusCode":200,"status":"OK"},"__c":"osrfResult"}}},{"__c":"osrfMessage","__p":{"payload":{"__c":"osrfConnectStatus","__p":{"status":"Request Complete","statusCode":205}},"type":"STATUS","tz":null,"threadTrace":"3","ingress":"ws-translator-v2","locale":"en-US"}}]';

test('67: a connected session, its end by the browser, and its end by a time-out', async (t) => {
  const site = await Site.start(t);
  const sent = sentIn('67-websocket-stateful');
  const [connect, request, disconnect, again, behind] = sent as [Sent, Sent, Sent, Sent, Sent];
  const connected = statusBody('Connection Successful', '200', '0');
  assert.equal(await site.ask(connect, 'opensrf.math', connected), answerTo(connect, connected));
  assert.equal(await site.ask(request, 'opensrf.math', resultBody(4)), answerTo(request, resultBody(4)));
  site.browser.send(frameOf(disconnect));
  await site.services.get('opensrf.math')?.asked();
  assert.equal(await site.ask(again, 'opensrf.math', connected), answerTo(again, connected));
  const late = statusBody('Disconnected on timeout', '408', '0');
  site.say('opensrf.math', again, late);
  assert.equal(await site.browser.text(), answerTo(again, late));
  // OpenSRF drops it: it names no service, and the session is over.
  const lost = frameOf(behind).replace(/"service":"[^"]*",/, '');
  assert.match(await site.browser.askText(lost), /"transport_error":true}$/);
  assert.equal(await site.ask(behind, 'opensrf.math', resultBody(4)), answerTo(behind, resultBody(4)));
  assert.deepEqual(site.bus, sent);
});

test('68: an unknown service, an unknown method, and no messages at all', async (t) => {
  const site = await Site.start(t);
  const sent = sentIn('68-websocket-errors');
  const [service, method, nothing] = sent as [Sent, Sent, Sent];
  assert.equal(await site.browser.askText(frameOf(service)), answerTo(service, service.body, ',"transport_error":true'));
  const unknown = statusBody('Method [nosuch] not found for service opensrf.math', '404').replace('osrfConnectStatus', 'osrfMethodException');
  assert.equal(await site.ask(method, 'opensrf.math', unknown), answerTo(method, unknown));
  // OpenSRF passes it on, and no service answers it.
  assert.equal(await site.browser.askText(frameOf(nothing)), answerTo(nothing, '[]', ',"transport_error":true'));
  assert.deepEqual(site.bus, [service, method]);
});
