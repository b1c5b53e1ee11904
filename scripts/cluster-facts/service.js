// A listener that answers each request, and such requests.
import { eachMessage, messageXml, registrationXml } from '../load/peer.js';

const message = (type, payload, fields) =>
  `[{"__c":"osrfMessage","__p":{"threadTrace":"1","locale":"en-US","type":"${type}","payload":{"__c":"${payload}","__p":${JSON.stringify(fields)}}}}]`;
const REQUEST = message('REQUEST', 'osrfMethod', { method: 'facts', params: ['x'.repeat(300)] });
const ANSWER = message('STATUS', 'osrfConnectStatus', { status: 'Request Complete', statusCode: '205' });

export function requestXml(service, thread) {
  return messageXml(`router@localhost/${service}`, '', thread, REQUEST);
}

export function isAnswer(stanza) {
  return stanza.includes('"statusCode":"205"');
}

/** Registers a listener. @param login Logs in, with what reads the input. @param onRequest Called for each request. */
export async function listen(login, service, onRequest) {
  const socket = await login(
    eachMessage((stanza) => {
      const sender = /router_from='([^']+)'/.exec(stanza)?.[1];
      if (sender === undefined) return;
      onRequest();
      socket.write(messageXml(sender, '', /<thread>([^<]*)/.exec(stanza)?.[1], ANSWER));
    }),
  );
  socket.write(registrationXml(service));
}
