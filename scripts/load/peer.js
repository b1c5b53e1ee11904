// A raw client for the scripts beside it: enough XMPP to log in, send and count.
import { once } from 'node:events';
import { connect } from 'node:net';

export const DOMAIN = 'localhost';
const HEADER = `<stream:stream to='${DOMAIN}' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`;

export function loginXml(resource, password = 'password') {
  const fields = `<username>opensrf</username><password>${password}</password><resource>${resource}</resource>`;
  return `${HEADER}<iq id='login' type='set'><query xmlns='jabber:iq:auth'>${fields}</query></iq>`;
}

export function registrationXml(service) {
  return `<message to='router@${DOMAIN}/router' from=''><opensrf router_class='${service}' router_command='register' osrf_xid=''/><thread></thread><body>registering</body></message>`;
}

/** A stanza in the shape of OpenSRF's libraries. */
export function messageXml(to, from, thread, body) {
  return `<message to='${to}' from='${from}'><opensrf router_from='' router_to='' router_class='' router_command='' osrf_xid=''/><thread>${thread}</thread><body>${body}</body></message>`;
}

/** Logs in; `onText` gets all later input. @returns the socket. */
export async function login({ port, path }, resource, onText = () => {}) {
  const socket = path === undefined ? connect({ port, host: '127.0.0.1', noDelay: true }) : connect(path);
  socket.setEncoding('utf8').on('error', () => {});
  await once(socket, 'connect');
  socket.write(loginXml(resource));
  let received = '';
  await new Promise((resolve, reject) => {
    socket.on('close', () => reject(new Error(`closed instead of a login: ${received}`)));
    socket.on('data', function read(text) {
      received += text;
      if (!received.includes("type='result' id='login'/>")) return;
      socket.off('data', read).on('data', onText);
      resolve();
    });
  });
  return socket;
}

/** Calls back for each complete message in the input. */
export function eachMessage(onMessage) {
  let pending = '';
  return (text) => {
    pending += text;
    for (let end = pending.indexOf('</message>'); end !== -1; end = pending.indexOf('</message>')) {
      onMessage(pending.slice(0, end));
      pending = pending.slice(end + 10);
    }
  };
}
