// What a Strophe client does, in Node and in a browser: sends a message to an echo and one to an absent JID, prints the answers, and connects again when it is cut off.
export function converse({ Strophe, $msg }, print, done, [url, domain, echo, absent, mechanism]) {
  const connection = new Strophe.Connection(url, { mechanisms: [Strophe[mechanism]] });
  let times = 0;
  let stopping = false;
  const onMessage = (message) => {
    const type = message.getAttribute('type') ?? 'normal';
    const body = Strophe.getText(message.getElementsByTagName('body')[0]);
    const condition = message.getElementsByTagName('error')[0]?.firstChild.nodeName;
    print(`${type} from ${message.getAttribute('from')}: ${type === 'error' ? condition : Strophe.xmlunescape(body)}`);
    stopping = body === 'stop';
    if (stopping) connection.disconnect();
    return true;
  };
  const connect = () => connection.connect(`opensrf@${domain}/client`, 'password', onStatus);
  // Strophe says several times that it is disconnected, and a second connect() cuts off the first.
  let timer;
  const reconnect = () => {
    clearTimeout(timer);
    timer = setTimeout(connect, 500);
  };
  const onStatus = (status) => {
    if (status === Strophe.Status.AUTHFAIL) print('failed: login');
    if (status === Strophe.Status.CONNECTED) onConnected();
    if (status === Strophe.Status.DISCONNECTED) {
      if (stopping) done();
      else reconnect();
    }
  };
  const onConnected = () => {
    print(`online as ${connection.jid}, ${++times}`);
    connection.addHandler(onMessage, null, 'message');
    if (times > 1) return;
    connection.send($msg({ to: echo, type: 'chat' }).c('body').t('grüße & <b>'));
    connection.send($msg({ to: absent, type: 'chat' }).c('body').t('anybody there?'));
  };
  connect();
}
