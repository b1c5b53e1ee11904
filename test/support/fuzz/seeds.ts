import { header } from '../peer.ts';
import { readTranscripts, type Transcript } from '../transcript-reader.ts';

// This file runs from dist/test/support/fuzz/, the transcripts stay with the sources.
const TRANSCRIPTS = new URL('../../../../test/transcripts/', import.meta.url);

/** A login that needs no answer in between, so that a whole conversation can be sent at once. */
const LOGIN = `${header('private.localhost')}<iq type='set' id='1'><query xmlns='jabber:iq:auth'><username>opensrf</username><password>password</password><resource>fuzz</resource></query></iq>`;

/** What each client of each transcript sends, as one piece. The bytes are those of OpenSRF's libraries. */
export function transcriptSeeds(): Buffer[] {
  const conversations = readTranscripts(TRANSCRIPTS).flatMap(conversationsOf);
  const loggedIn = conversations.filter(({ length }) => length > 0 && length < 20_000);
  return loggedIn.concat(STANZAS.map((stanza) => Buffer.from(LOGIN + stanza)));
}

function conversationsOf({ steps }: Transcript): Buffer[] {
  const clients = [...new Set(steps.map(({ client }) => client))];
  return clients.map((client) => {
    const sent = steps.filter((step) => step.client === client).flatMap((step) => (step.kind === 'send' ? step.payload : []));
    // Of a digest nothing is known before the server has answered.
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
