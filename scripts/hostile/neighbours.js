// Well-behaved peers, in a separate process, with a ledger of every request. Argument: JSON {port, listeners, clients}. For each line on its standard input
// it writes the events since the last; at the end of input the clients finish, and the last line lists the open requests.
import { login, messageXml, registrationXml, requestBody, resultBody, wait } from './peer.js';

const { port, listeners, clients } = JSON.parse(process.argv[2]);
const SERVICE = 'opensrf.good';
const PATIENCE_MS = 60_000;
const tally = { sent: 0, answered: 0, refused: 0, twice: 0, closed: 0 };
const refusals = {};
let latencies = [];
let state = 'on';

/** Cuts stanzas out of the input. */
function stanzas(onStanza) {
  let rest = '';
  return (text) => {
    rest += text;
    for (let end = rest.indexOf('</message>'); end !== -1; end = rest.indexOf('</message>')) {
      onStanza(rest.slice(rest.lastIndexOf('<message', end), end));
      rest = rest.slice(end + '</message>'.length);
    }
  };
}

const attribute = (stanza, name) => new RegExp(`\\s${name}=["']([^"']*)`).exec(stanza)?.[1] ?? '';
const threadOf = (stanza) => /<thread>([^<]*)/.exec(stanza)?.[1] ?? '';

async function listen(index) {
  const answer = (stanza) => {
    const client = attribute(stanza, 'router_from');
    if (client.startsWith('good@')) socket.write(messageXml(client, threadOf(stanza), resultBody('"done"')));
    else if (client !== '') socket.write(messageXml(client, threadOf(stanza), resultBody('"for a stranger"')));
  };
  const socket = await login(port, 'good', `listener${index}`, { onText: stanzas(answer) });
  socket.on('close', () => state === 'on' && tally.closed++);
  socket.write(registrationXml(SERVICE));
}

class Client {
  open = new Map();
  sent = 0;

  constructor(index) {
    this.index = index;
  }

  async start() {
    this.socket = await login(port, 'good', `client${this.index}`, { onText: stanzas((stanza) => this.received(stanza)) });
    this.socket.on('close', () => state === 'on' && tally.closed++);
    this.play();
  }

  async play() {
    while (state === 'on') {
      await this.ask();
      await wait(10 + 20 * Math.random());
    }
  }

  ask() {
    const thread = `client${this.index}.${this.sent++}`;
    tally.sent++;
    const params = JSON.stringify(['x'.repeat(Math.random() < 0.1 ? 5_000 : 50)]);
    return new Promise((resolve) => {
      this.open.set(thread, { at: performance.now(), resolve });
      this.socket.write(messageXml(`router@localhost/${SERVICE}`, thread, requestBody('"echo"', params)));
      setTimeout(resolve, PATIENCE_MS).unref();
    });
  }

  received(stanza) {
    const thread = threadOf(stanza);
    // Stanzas from strangers are not answers.
    if (!thread.startsWith(`client${this.index}.`)) return;
    const asked = this.open.get(thread);
    if (asked === undefined) {
      tally.twice++;
      return;
    }
    this.open.delete(thread);
    latencies.push(performance.now() - asked.at);
    if (stanza.includes('"done"')) tally.answered++;
    else this.refuse(stanza);
    asked.resolve();
  }

  refuse(stanza) {
    tally.refused++;
    const reason = /"status":"([^"]*)"|<([a-z-]+) xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/.exec(stanza.replaceAll('&quot;', '"'));
    const text = reason?.[1] ?? reason?.[2] ?? stanza.slice(0, 200);
    refusals[text] = (refusals[text] ?? 0) + 1;
  }
}

function report(open) {
  const times = latencies.sort((a, b) => a - b);
  latencies = [];
  const at = (share) => Number((times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(1));
  console.log(JSON.stringify({ ...tally, open, refusals, requests: times.length, p50: at(0.5), p99: at(0.99), max: at(1) }));
}

for (let index = 0; index < listeners; index++) await listen(index);
await wait(200);
const all = Array.from({ length: clients }, (_, index) => new Client(index));
for (const client of all) await client.start();
console.log(JSON.stringify({ ready: all.map(({ index }) => `good@localhost/client${index}`) }));
const openCount = () => all.reduce((sum, { open }) => sum + open.size, 0);
process.stdin.setEncoding('utf8').on('data', () => report(openCount()));
process.stdin.on('end', async () => {
  state = 'over';
  for (let waited = 0; openCount() > 0 && waited < PATIENCE_MS; waited += 50) await wait(50);
  report(openCount());
  process.exit(0);
});
