// noderelay: what the same OpenSRF traffic costs a Node program that checks nothing, like nullrelay.c: it finds "</message>", stamps the sender, picks the next
// listener, and writes once for each destination and turn. No XML parser, no accounts, no errors. Only osrfload may talk to it.
// Run: node noderelay.js PORT
import { createServer } from 'node:net';

const END = '</message>';
const byJid = new Map();
const listeners = [];
let turn = 0;
let dirty = [];

class Client {
  jid = '';
  before = '';
  output = '';

  constructor(socket) {
    this.socket = socket;
    socket.on('data', (text) => this.read(text));
    socket.on('error', () => {});
    socket.on('close', () => this.ended());
  }

  read(text) {
    const input = this.before + text;
    if (this.jid === '') {
      this.before = '';
      this.logIn(input);
      return;
    }
    let start = 0;
    for (let end = input.indexOf(END); end !== -1; end = input.indexOf(END, start)) {
      this.route(input, start, end + END.length);
      start = end + END.length;
    }
    this.before = input.slice(start);
  }

  logIn(input) {
    if (input.includes('<stream:stream')) {
      this.put("<stream:stream xmlns='jabber:client' id='1'>");
      return;
    }
    const [, username] = /<username>(.*?)</.exec(input);
    const [, resource] = /<resource>(.*?)</.exec(input);
    this.jid = `${username}@localhost/${resource}`;
    byJid.set(this.jid, this);
    this.put("<iq type='result' id='1'/>");
  }

  route(input, start, end) {
    const tagEnd = input.indexOf('>', start);
    const value = input.indexOf(' to=', start) + 5;
    const to = input.slice(value, input.indexOf(input[value - 1], value));
    if (!to.startsWith('router@')) {
      const other = byJid.get(to);
      other?.put(`<message to='${to}' from='${this.jid}'>${input.slice(tagEnd + 1, end)}`);
      return;
    }
    if (to.endsWith('/router')) {
      listeners.push(this);
      return;
    }
    const node = listeners[turn++ % listeners.length];
    const extensionEnd = input.indexOf('>', tagEnd + 1);
    node.put(`<message to='${node.jid}' from='${to}'><opensrf router_from='${this.jid}' osrf_xid='0'/>${input.slice(extensionEnd + 1, end)}`);
  }

  put(text) {
    if (this.output === '') dirty.push(this);
    if (dirty.length === 1 && this.output === '') setImmediate(flush);
    this.output += text;
  }

  ended() {
    byJid.delete(this.jid);
    const index = listeners.indexOf(this);
    if (index !== -1) listeners.splice(index, 1);
  }
}

function flush() {
  const clients = dirty;
  dirty = [];
  for (const client of clients) {
    client.socket.write(client.output, 'latin1');
    client.output = '';
  }
}

createServer((socket) => new Client(socket.setNoDelay(true).setEncoding('latin1'))).listen(Number(process.argv[2]), '127.0.0.1');
