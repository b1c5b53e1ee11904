import { readFileSync } from 'node:fs';
import { header } from '../peer.ts';
import { readTranscripts, type Transcript } from '../transcript-reader.ts';

// This file runs from dist/test/support/fuzz/; its input is beside the sources.
const TEST = new URL('../../../../test/', import.meta.url);

const HEADER = header('private.localhost');

/** A login that needs no answer in between, so that a whole conversation can be sent at once. */
const LOGIN = `${HEADER}<iq type='set' id='1'><query xmlns='jabber:iq:auth'><username>opensrf</username><password>password</password><resource>fuzz</resource></query></iq>`;

/** Skip longer ones, which would take all the time. */
const MOST_BYTES = 20_000;

/** The output of each client of each transcript, as one piece, in the bytes of OpenSRF's libraries. @param files By default all. */
export function transcriptSeeds(files: readonly string[] = []): Buffer[] {
  const transcripts = readTranscripts().filter(({ file }) => files.length === 0 || files.includes(file));
  return transcripts.flatMap(conversationsOf).filter(({ length }) => length > 0 && length < MOST_BYTES);
}

/** One element of each shape in the recordings of OpenSRF's programs: routers, listeners, workers and clients, of 1.4 and of 3.3. */
export function recordedElements(): string[] {
  return readFileSync(new URL('fixtures/recorded-stanzas.txt', TEST), 'utf8').trimEnd().split('\n');
}

/** All of these, each in its place in a conversation, and attacks on the router. */
export function conversationSeeds(): Buffer[] {
  const conversations = [...recordedElements().map(inConversation), ...STANZAS.map((stanza) => LOGIN + stanza)];
  return transcriptSeeds().concat(conversations.map((text) => Buffer.from(text)));
}

/** Stanzas for targets without a login: to one router, one service and one of its clients, equally often in each direction. */
export function stanzaSeeds(router: string, service: string, client: string): Buffer[] {
  const recorded = recordedElements().filter((element) => element.startsWith('<message'));
  const here = [...recorded, ...STANZAS, ...STANZAS, ...STANZAS].map((text) =>
    text
      .replace(/\bto=(['"])router@[^'"/]+\/router['"]/g, `to=$1${router}$1`)
      .replace(/\bto=(['"])router@[^'"/]+\/(?!router['"])[^'"]*['"]/g, `to=$1${service}$1`)
      .replace(/\bto=(['"])opensrf@[^'"]+['"]/g, `to=$1${client}$1`)
      .replace(/\brouter_class=(['"])opensrf\.[^'"]*['"]/g, `router_class=$1${service.slice(service.indexOf('/') + 1)}$1`),
  );
  return here.map((text) => Buffer.from(text));
}

function inConversation(element: string): string {
  if (element.startsWith('<stream:stream')) return LOGIN.replace(HEADER, element);
  return element.startsWith('<message') ? LOGIN + element : HEADER + element;
}

function conversationsOf({ steps }: Transcript): Buffer[] {
  const clients = [...new Set(steps.map(({ client }) => client))];
  return clients.map((client) => {
    const sent = steps.filter((step) => step.client === client).flatMap((step) => (step.kind === 'send' ? step.payload : []));
    // A digest depends on the server's answer.
    const bytes = Buffer.concat(sent.map((part) => (Buffer.isBuffer(part) ? part : Buffer.from('DIGEST'))));
    return Buffer.from(bytes.toString('latin1').replaceAll('<digest>DIGEST</digest>', '<password>password</password>'), 'latin1');
  });
}

const ROUTER = 'router@private.localhost/router';
const CLASS = 'router@private.localhost/opensrf.fuzz';

function message(to: string, attributes: string, body: unknown): string {
  return `<message to='${to}'><opensrf ${attributes} osrf_xid='7'/><thread>t</thread><body>${JSON.stringify(body).replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</body></message>`;
}

function request(method: string, params: unknown[] = []): unknown {
  return [
    { __c: 'osrfMessage', __p: { threadTrace: '1', locale: 'en-US', type: 'REQUEST', api_level: 1, payload: { __c: 'osrfMethod', __p: { method, params } } } },
  ];
}

const STANZAS: readonly string[] = [
  message(ROUTER, "router_command='register' router_class='opensrf.fuzz'", 'registering') + message(CLASS, '', request('add', [1, 2])),
  message(ROUTER, "router_command='register' router_class='opensrf.fuzz'", 'registering') +
    message(ROUTER, "router_command='unregister' router_class='opensrf.fuzz'", ''),
  message(ROUTER, "router_command='drain' router_class='opensrf.fuzz'", '') + message(ROUTER, "router_command='query' router_class=''", 'servers'),
  message(ROUTER, '', request('opensrf.router.info.summarize')) + message(ROUTER, '', request('opensrf.router.info.stats.class', ['opensrf.fuzz'])),
  message(CLASS, '', request('add')) + message('router@private.localhost/opensrf.absent', '', request('add')),
  `${message('opensrf@private.localhost/victim', '', request('add'))}<iq type='get' id='1' to='private.localhost'><ping xmlns='urn:xmpp:ping'/></iq>`,
  message('router@private.localhost/opensrf.victim', '', request('add')) + message('opensrf@private.localhost/victim', "router_from='x'", request('add')),
  `<presence><priority>5</priority></presence>${message('opensrf@private.localhost', '', 'bare')}<iq type='get' id='2'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
  `<message to='${CLASS}' router_command='' osrf_xid='1'><thread>t</thread><body><![CDATA[<&]]></body></message></stream:stream>`,
];
