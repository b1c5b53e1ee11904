// A raw client for the programs beside it, well-behaved or not.
import { once } from 'node:events';
import { connect } from 'node:net';

export const DOMAIN = 'localhost';
export const ROUTER = `router@${DOMAIN}/router`;

export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The header of a stream. @param declarations go onto it. */
export function header(declarations = '') {
  return `<stream:stream to='${DOMAIN}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'${declarations}>`;
}

/** A login as OpenSRF's libraries make it. */
export function loginXml(user, resource, password = 'password') {
  const fields = `<username>${user}</username><password>${password}</password><resource>${resource}</resource>`;
  return `<iq id='login' type='set'><query xmlns='jabber:iq:auth'>${fields}</query></iq>`;
}

export function registrationXml(service, command = 'register') {
  return `<message to='${ROUTER}'><opensrf router_class='${service}' router_command='${command}' osrf_xid=''/><thread/><body>registering</body></message>`;
}

/** A stanza in the shape of OpenSRF's libraries. @param body As XML. */
export function messageXml(to, thread, body, attributes = '') {
  return `<message to='${to}'${attributes}><opensrf router_from='' router_to='' router_class='' router_command='' osrf_xid=''/><thread>${thread}</thread><body>${body}</body></message>`;
}

/** A body of one REQUEST. @param method, params As JSON. */
export function requestBody(method, params = '[]', threadTrace = '1') {
  const json = `[{"__c":"osrfMessage","__p":{"threadTrace":"${threadTrace}","locale":"en-US","api_level":1,"type":"REQUEST","payload":{"__c":"osrfMethod","__p":{"method":${method},"params":${params}}}}}]`;
  return json.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** A body of one RESULT and its completion. */
export function resultBody(content, threadTrace = '1') {
  const head = `"threadTrace":"${threadTrace}","locale":"en-US","api_level":1`;
  const result = `{"__c":"osrfMessage","__p":{${head},"type":"RESULT","payload":{"__c":"osrfResult","__p":{"status":"OK","statusCode":200,"content":${content}}}}}`;
  const status = `{"__c":"osrfMessage","__p":{${head},"type":"STATUS","payload":{"__c":"osrfConnectStatus","__p":{"status":"Request Complete","statusCode":205}}}}`;
  return `[${result},${status}]`;
}

/** Connects. Errors end it silently and set its `destroyed`. */
export async function open(port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.setMaxListeners(0).on('error', () => {});
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  return socket;
}

/**
 * Logs in. @param reads Whether it reads on afterwards. @param onText Gets all later input.
 * @returns the socket; null if the server closed it instead.
 */
export async function login(port, user, resource, { reads = true, onText = () => {}, declarations = '' } = {}) {
  const socket = await open(port);
  socket.setEncoding('utf8').write(header(declarations) + loginXml(user, resource));
  const isIn = await new Promise((resolve) => {
    let received = '';
    socket.once('close', () => resolve(false));
    socket.on('data', function read(text) {
      received += text;
      if (!received.includes("id='login'/>")) return;
      socket.off('data', read);
      if (reads) socket.on('data', onText);
      else socket.pause();
      resolve(received.includes("type='result' id='login'/>"));
    });
  });
  return isIn ? socket : null;
}

/** Writes, and waits until there is room for more or time is up. @returns whether the connection is still there. */
export async function write(socket, text, until = Number.POSITIVE_INFINITY) {
  if (socket.destroyed) return false;
  if (!socket.write(text)) {
    const timer = new AbortController();
    const drained = once(socket, 'drain', { signal: timer.signal }).catch(() => {});
    await Promise.race([drained, wait(Math.min(until - Date.now(), 2_000))]);
    timer.abort();
  }
  return !socket.destroyed && Date.now() < until;
}
