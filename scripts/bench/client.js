// A client without a library, for loads that osrfload cannot generate.
import { once } from 'node:events';
import { connect } from 'node:net';

const DOMAIN = 'localhost';

/** Logs in. @returns its socket, with strings for data. */
export async function logIn(port, resource) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).setEncoding('utf8');
  socket.write(`<stream:stream to='${DOMAIN}' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`);
  await once(socket, 'data');
  const fields = `<username>opensrf</username><password>password</password><resource>${resource}</resource>`;
  socket.write(`<iq id='1' type='set'><query xmlns='jabber:iq:auth'>${fields}</query></iq>`);
  await once(socket, 'data');
  return socket;
}

/** A message as OpenSRF's libraries write it. */
export function message(to, thread, body, extension = '') {
  return `<message to='${to}' from='x@${DOMAIN}/x'><opensrf router_from='' router_to=''${extension} osrf_xid='1'/><thread>${thread}</thread><body>${body}</body></message>`;
}

/** Sends it, and waits until the server has read everything before. */
export async function ping(socket) {
  socket.write(`<iq id='2' type='get' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`);
  await once(socket, 'data');
}

/** A listener that registers many classes and stays. */
export async function registerClasses(port, count) {
  const socket = await logIn(port, 'many');
  for (let index = 0; index < count; index++) {
    socket.write(message(`router@${DOMAIN}/router`, '', 'registering', ` router_class='opensrf.class${index}' router_command='register'`));
  }
  await ping(socket);
  return socket;
}

export const ADDRESS = (resource) => `opensrf@${DOMAIN}/${resource}`;
