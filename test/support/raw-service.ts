import type { TestContext } from 'node:test';
import type { BoundAddress } from '../../server/net/tcp.ts';
import { escapeText, unescapeXml } from '../../shared/xml.ts';
import { attribute, cRequest, registration, requestBody } from './osrf.ts';
import { Peer } from './peer.ts';

const DOMAIN = 'private.localhost';

/** A message received by a listener or worker. */
export interface Asked {
  /** The client, from the router's or the server's stamp. */
  readonly client: string;
  readonly thread: string;
  readonly transactionId: string;
  readonly type: string;
  readonly threadTrace: string;
  /** The whole OpenSRF message. */
  // biome-ignore lint/suspicious/noExplicitAny: any JSON from the wire
  readonly message: any;
}

/** An OpenSRF program by its bytes alone: a session as listener, worker or router. */
export class RawProgram {
  readonly jid: string;
  readonly peer: Peer;
  /** The attributes of its answers. */
  transactionId = '';

  private constructor(peer: Peer, jid: string) {
    this.peer = peer;
    this.jid = jid;
  }

  static async login(t: TestContext, address: BoundAddress, resource: string, username = 'opensrf', domain = DOMAIN): Promise<RawProgram> {
    return new RawProgram(await (await Peer.connect(t, address)).login(username, domain, resource), `${username}@${domain}/${resource}`);
  }

  /** A listener, registered on return. */
  static async listen(t: TestContext, address: BoundAddress, service: string, domain = DOMAIN): Promise<RawProgram> {
    const listener = await RawProgram.login(t, address, `${service}_listener_${Math.random().toFixed(9)}`, 'opensrf', domain);
    listener.peer.send(registration('register', `router@${domain}/router`, listener.jid, service));
    listener.peer.send(cRequest(`router@${domain}/router`, listener.jid, 'registered', requestBody('opensrf.router.info.class.list')));
    await listener.peer.expect(/Request Complete[\s\S]*?<\/message>/);
    return listener;
  }

  /** The next message. */
  async asked(): Promise<Asked> {
    const stanza = await this.peer.message();
    const [, body = ''] = /<body>([\s\S]*)<\/body>/.exec(stanza) ?? [];
    const [, thread = ''] = /<thread>([\s\S]*)<\/thread>/.exec(stanza) ?? [];
    const [{ __p: message }] = JSON.parse(unescapeXml(body));
    const client = attribute(stanza, 'router_from') || attribute(stanza, 'from');
    return { client, thread, transactionId: attribute(stanza, 'osrf_xid'), type: message.type, threadTrace: String(message.threadTrace), message };
  }

  /** Sends one stanza with these messages. */
  answer({ client, thread }: Asked, ...messages: object[]): void {
    this.peer.send(cRequest(client, this.jid, thread, escapeText(JSON.stringify(messages)), this.transactionId));
  }

  /** Answers a query with two stanzas, like the C router. */
  answerAsRouter(asked: Asked, content: unknown): void {
    this.answer(asked, osrf('C', asked.threadTrace, 'RESULT', 'osrfResult', { status: null, statusCode: '0', content }));
    this.answer(asked, status('C', asked.threadTrace, 205, 'Request Complete'));
  }
}

/** C writes numbers as strings; Perl as numbers, or as strings if it read them as strings, and with more members. */
export type Language = 'C' | 'Perl';

function osrf(language: Language, threadTrace: string, type: string, payloadClass: string, payload: object): object {
  const head =
    language === 'C' ? { threadTrace, locale: 'en-US', api_level: 1 } : { ingress: 'opensrf', tz: null, locale: 'en-US', threadTrace: Number(threadTrace) };
  const body = { ...head, type, payload: { __c: payloadClass, __p: payload } };
  return language === 'C' ? { __c: 'osrfMessage', __p: body } : { __p: body, __c: 'osrfMessage' };
}

function code(language: Language, statusCode: number): string | number {
  return language === 'C' ? String(statusCode) : statusCode;
}

/** A STATUS message. */
export function status(language: Language, threadTrace: string, statusCode: number, text: string, payloadClass = 'osrfConnectStatus'): object {
  return osrf(language, threadTrace, 'STATUS', payloadClass, { status: text, statusCode: code(language, statusCode) });
}

/** A RESULT message. */
export function result(language: Language, threadTrace: string, content: unknown): object {
  return osrf(language, threadTrace, 'RESULT', 'osrfResult', { status: 'OK', statusCode: code(language, 200), content });
}

/** A result in pieces of this many characters, and the message that ends it. */
export function pieces(language: Language, threadTrace: string, json: string, size: number): object[] {
  const parts = json.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? [];
  return [
    ...parts.map((content) =>
      osrf(language, threadTrace, 'RESULT', 'osrfResultPartial', { status: 'Partial Response', statusCode: code(language, 206), content }),
    ),
    osrf(language, threadTrace, 'RESULT', 'osrfResultPartialComplete', {
      status: 'Partial Response Finalized',
      statusCode: code(language, 204),
      content: null,
    }),
  ];
}

/** "Connection Successful". */
export function connected(language: Language, threadTrace: string): object {
  return status(language, threadTrace, 200, 'Connection Successful');
}

/** "Request Complete". */
export function complete(language: Language, threadTrace: string): object {
  return status(language, threadTrace, 205, 'Request Complete');
}
