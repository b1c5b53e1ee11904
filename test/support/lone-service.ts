import { once } from 'node:events';
import { connect } from 'node:net';
import { messagesIn } from '../../shared/osrf/read.ts';
import { attribute, cRequest, registration, requestBody, resultBody, sessionBody } from './osrf.ts';
import { Peer } from './peer.ts';
import { readStanza } from './reading.ts';

// A separate process that starts like a C service (`c`), or like a Perl program without settings (`perl`): it knows its login and its
// host's name, and asks opensrf.settings for the rest. Then it is the active service of that host, with one drone, until it is killed.
const [host = '', port = '', language = ''] = process.argv.slice(2);
const DOMAIN = 'private.localhost';
const SETTINGS = `router@${DOMAIN}/opensrf.settings`;
const METHOD = 'opensrf.settings.host_config.get';

interface HostConfig {
  readonly activeapps: { readonly appname: string };
  readonly apps: Readonly<Record<string, { readonly language: string; readonly implementation: string }>>;
}

async function login(resource: string): Promise<Peer> {
  const socket = connect({ host, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  return new Peer(socket).login('opensrf', DOMAIN, resource);
}

function messagesOf(xml: string) {
  return messagesIn(readStanza(xml)) ?? [];
}

function configIn(answer: string): HostConfig {
  const [result, status] = messagesOf(answer);
  if (Number(result?.payload['statusCode']) !== 200 || Number(status?.payload['statusCode']) !== 205) throw new Error(`no settings: ${answer}`);
  return result?.payload['content'] as HostConfig;
}

/** One stateless request to the class. */
async function askAsC(launcher: Peer, jid: string): Promise<HostConfig> {
  launcher.send(cRequest(SETTINGS, jid, 'c-thread', requestBody(METHOD, ['localhost'])));
  return configIn(await launcher.message());
}

/** A session: CONNECT to the class, all else to the drone that answered, DISCONNECT. */
async function askAsPerl(launcher: Peer, jid: string): Promise<HostConfig> {
  launcher.send(cRequest(SETTINGS, jid, 'perl-thread', sessionBody('CONNECT')));
  const connected = await launcher.message();
  const [status] = messagesOf(connected);
  const drone = attribute(connected, 'from');
  if (Number(status?.payload['statusCode']) !== 200 || drone === SETTINGS) throw new Error(`not connected: ${connected}`);
  if (attribute(connected, 'router_from') !== '') throw new Error('a client would take router_from for the sender');
  launcher.send(cRequest(drone, jid, 'perl-thread', requestBody(METHOD, ['localhost', null])));
  const answer = await launcher.message();
  if (attribute(answer, 'from') !== drone) throw new Error('another drone answered');
  launcher.send(cRequest(drone, jid, 'perl-thread', sessionBody('DISCONNECT')));
  return configIn(answer);
}

const resource = `c_launcher_localhost_${process.pid}`;
const launcher = await login(resource);
const ask = language === 'c' ? askAsC : askAsPerl;
const config = await ask(launcher, `opensrf@${DOMAIN}/${resource}`);
launcher.send('</stream:stream>');
await launcher.closed();

const service = config.activeapps.appname;
const listenerJid = `opensrf@${DOMAIN}/${service}_listener_localhost_${process.pid}`;
const droneJid = `opensrf@${DOMAIN}/${service}_drone_localhost_${process.pid}`;
const drone = await login(droneJid.slice(droneJid.indexOf('/') + 1));
const listener = await login(listenerJid.slice(listenerJid.indexOf('/') + 1));
listener.send(registration('register', `router@${DOMAIN}/router`, listenerJid, service));
for (;;) {
  const request = await listener.message();
  const [message] = messagesOf(request);
  const [a = 0, b = 0] = (message?.payload['params'] ?? []) as number[];
  const content = { sum: a + b, implementation: config.apps[service]?.implementation };
  drone.send(cRequest(attribute(request, 'router_from'), droneJid, readStanza(request).thread, resultBody(content, message?.threadTrace)));
}
