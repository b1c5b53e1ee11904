// @xmpp/client (JavaScript): logs in by one mechanism, sends a message to an echo and one to an absent JID, and prints the answers, over reconnections too.
// usage: xmpp-js-client.js SERVICE-URL DOMAIN ECHO-JID ABSENT-JID MECHANISM
import { setTimeout as delay } from 'node:timers/promises';
import { client, xml } from '@xmpp/client';

// The server's certificate is its own.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
const [service, domain, echo, absent, mechanism] = process.argv.slice(2);
const print = (line) => process.stdout.write(`${line}\n`);
const credentials = (authenticate) => authenticate({ username: 'opensrf', password: 'password' }, mechanism);
// It waits for an answer for two seconds otherwise, which a busy machine may take.
const xmpp = client({ service, domain, resource: 'client', credentials, timeout: 3_600_000 });
xmpp.reconnect.delay = 500;
// Over WebSocket it tries once by itself, and the server may need longer.
const reconnect = xmpp.reconnect.reconnect.bind(xmpp.reconnect);
xmpp.reconnect.reconnect = () => reconnect().catch(() => delay(500).then(xmpp.reconnect.reconnect));
let times = 0;

xmpp.on('error', (error) => print(`failed: ${error.condition ?? error.code ?? error.message}`));
xmpp.on('online', async (address) => {
  // What comes before it has read the answer to <enable/> may or may not be in its count, and a server ends the stream of a client that counts too much.
  while (!xmpp.streamManagement.enabled) await delay(5);
  print(`online as ${address}, ${++times}`);
  if (times > 1) return;
  await xmpp.send(xml('message', { to: echo, type: 'chat' }, xml('body', {}, 'grüße & <b>')));
  await xmpp.send(xml('message', { to: absent, type: 'chat' }, xml('body', {}, 'anybody there?')));
});
xmpp.on('stanza', async (stanza) => {
  if (!stanza.is('message')) return;
  const { type = 'normal', from } = stanza.attrs;
  const body = stanza.getChildText('body');
  print(type === 'error' ? `error from ${from}: ${stanza.getChild('error').children[0].name}` : `${type} from ${from}: ${body}`);
  if (body === 'stop') await xmpp.stop();
});
xmpp.start().catch(() => {});
