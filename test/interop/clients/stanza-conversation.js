// What a stanza client does, in Node and in a browser: sends a message to an echo and one to an absent JID, prints the answers, and connects again when it is cut off.
export function converse({ createClient }, print, done, [url, domain, echo, absent, mechanism]) {
  const client = createClient({
    jid: `opensrf@${domain}`,
    password: 'password',
    resource: 'client',
    server: domain,
    timeout: 3_600,
    transports: { websocket: url, bosh: false },
  });
  for (const { name } of [...client.sasl.mechanisms]) if (name !== mechanism) client.sasl.disable(name);
  let times = 0;
  let stopping = false;
  client.on('auth:failed', () => print('failed: login'));
  client.on('session:started', () => {
    print(`online as ${client.jid}, ${++times}`);
    if (times > 1) return;
    client.sendMessage({ to: echo, type: 'chat', body: 'grüße & <b>' });
    client.sendMessage({ to: absent, type: 'chat', body: 'anybody there?' });
  });
  client.on('message', ({ from, type = 'normal', body }) => {
    print(`${type} from ${from}: ${body}`);
    stopping = body === 'stop';
    if (stopping) client.disconnect();
  });
  client.on('message:error', ({ from, error }) => print(`error from ${from}: ${error.condition}`));
  client.on('disconnected', () => {
    if (stopping) done();
    else setTimeout(() => client.connect(), 50);
  });
  client.connect();
}
