// @xmpp/client (JavaScript) with its stream management: prints stanzas, cuts its own connection on demand, and resumes.
// usage: xmpp-js-resumption.js PORT DOMAIN ECHO-JID
import { setTimeout as after } from 'node:timers/promises';
import { client, xml } from '@xmpp/client';

const [port, domain, echo] = process.argv.slice(2);
const print = (line) => process.stdout.write(`${line}\n`);
const account = { username: 'opensrf', password: 'password', domain, resource: 'resuming' };
const xmpp = client({ service: `xmpp://127.0.0.1:${port}`, ...account, timeout: 3_600_000 });
xmpp.reconnect.delay = 50;

const send = (body) => xmpp.send(xml('message', { to: echo }, xml('body', {}, body)));

xmpp.on('error', (error) => print(`failed: ${error.condition ?? error.code}`));
xmpp.on('online', async (address) => {
  // It counts from when it has read the answer to <enable/>, which it asks for behind this event.
  while (!xmpp.streamManagement.enabled) await after(5);
  print(`online as ${address}`);
});
xmpp.streamManagement.on('resumed', () => print('resumed'));
xmpp.on('stanza', async (stanza) => {
  const body = stanza.getChildText('body');
  if (!stanza.is('message') || body === null) return;
  print(body);
  if (body === 'cut') {
    for (const number of [1, 2, 3]) send(`before the cut ${number}`);
    xmpp.socket.destroy();
  }
  if (body === 'stop') await xmpp.stop();
});
xmpp.start().catch((error) => print(`failed: ${error.message}`));
