// @xmpp/component (JavaScript): connects as a component, sends a message to an echo and one to an absent JID, and prints the answers, over reconnections too.
// usage: xmpp-js-component.js PORT DOMAIN SECRET ECHO-JID ABSENT-JID
import xmppComponent from '@xmpp/component';

const { component, xml } = xmppComponent;
const [port, domain, password, echo, absent] = process.argv.slice(2);
const print = (line) => process.stdout.write(`${line}\n`);
const xmpp = component({ service: `xmpp://127.0.0.1:${port}`, domain, password, timeout: 3_600_000 });
xmpp.reconnect.delay = 50;
let times = 0;

xmpp.on('error', (error) => print(`failed: ${error.condition ?? error.code}`));
xmpp.on('online', async (address) => {
  print(`online as ${address}, ${++times}`);
  if (times > 1) return;
  await xmpp.send(xml('message', { from: `room@${domain}/nick`, to: echo }, xml('body', {}, 'grüße & <b>')));
  await xmpp.send(xml('message', { to: absent }, xml('body', {}, 'anybody there?')));
});
xmpp.on('stanza', async (stanza) => {
  const { type = 'normal', from, to } = stanza.attrs;
  const body = stanza.getChildText('body');
  print(type === 'error' ? `error from ${from}: ${stanza.getChild('error').children[0].name}` : `${type} from ${from} to ${to}: ${body}`);
  if (body === 'stop') await xmpp.stop();
});
xmpp.start().catch(() => xmpp.stop());
