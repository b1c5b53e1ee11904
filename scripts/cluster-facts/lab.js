// Real nats-servers and members, a connection between two of them that can be cut, and raw clients.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { login } from '../load/peer.js';
import { wait } from '../load/server.js';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const MAIN = path('../../dist/server/main.js');
const CLUSTER = 'facts';
const LOOK_MS = 5;
const MOST_MS = 60_000;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Polls a condition. @returns the milliseconds until it held. */
export async function until(what, isTrue) {
  const start = performance.now();
  while (!(await isTrue())) {
    if (performance.now() - start > MOST_MS) throw new Error(`${what}: not within ${MOST_MS / 1_000} s`);
    await wait(LOOK_MS);
  }
  return performance.now() - start;
}

/** The value below which a share of the values is. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** A TCP connection that can be cut: while it is, it refuses connections. */
class Route {
  #sockets = new Set();
  #isCut = false;
  #server;

  static async start(target) {
    const proxy = new Route();
    proxy.#server = createServer((socket) => proxy.#join(socket, target)).listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    proxy.port = proxy.#server.address().port;
    return proxy;
  }

  cut() {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  heal() {
    this.#isCut = false;
  }

  stop() {
    this.cut();
    this.#server.close();
  }

  #join(socket, target) {
    if (this.#isCut) {
      socket.destroy();
      return;
    }
    const other = connect(target, '127.0.0.1');
    for (const [one, to] of [
      [socket, other],
      [other, socket],
    ]) {
      this.#sockets.add(one);
      one
        .on('error', () => {})
        .on('close', () => {
          this.#sockets.delete(one);
          to.destroy();
        });
      one.pipe(to);
    }
  }
}

/** All processes of one measurement. */
export class Lab {
  #folder = mkdtempSync(join(tmpdir(), 'cluster-facts-'));
  #children = [];
  #proxies = [];
  #sockets = [];

  /** Starts a nats-server. @param route The port of another one's routes, or of a proxy before them. */
  async nats(route = null) {
    const [port, routes] = [await freePort(), await freePort()];
    const args = ['-a', '127.0.0.1', '-p', String(port), '--cluster_name', CLUSTER, '--cluster', `nats://127.0.0.1:${routes}`, '--no_advertise'];
    if (route !== null) args.push('--routes', `nats://127.0.0.1:${route}`);
    const child = spawn('nats-server', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#children.push(child);
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      log += text;
    });
    await until('nats-server is ready', () => {
      if (child.exitCode !== null) throw new Error(`nats-server ended: ${log}`);
      return log.includes('Server is ready');
    });
    return { port, routes };
  }

  async proxy(target) {
    const proxy = await Route.start(target);
    this.#proxies.push(proxy);
    return proxy;
  }

  /** Starts a member, which resolves when it serves. */
  async member(name, natsPort) {
    const file = (suffix) => join(this.#folder, `${name}-${this.#children.length}.${suffix}`);
    const [ready, control] = [file('ready'), file('control')];
    const cluster = ['--cluster', CLUSTER, '--member', name, '--nats', `nats://127.0.0.1:${natsPort}`];
    const files = ['--ready-file', ready, '--control-file', control, '--console', '0', '--log-file', file('log')];
    const node = ['--expose-gc', '--require', path('../load/turns.cjs'), '--require', path('memory.cjs'), MAIN];
    const child = spawn(process.execPath, [...node, '--port', '0', '--domain', 'localhost', ...files, ...cluster], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    this.#children.push(child);
    await until(`member ${name} serves`, () => {
      if (child.exitCode !== null) throw new Error(`member ${name} ended: ${readFileSync(file('log'), 'utf8').slice(-1_000)}`);
      return existsSync(ready);
    });
    const { c2s } = JSON.parse(readFileSync(ready, 'utf8'));
    return new FactsMember(name, child, c2s[0].port, JSON.parse(readFileSync(control, 'utf8')));
  }

  /** Starts three members with one nats-server that all know each other. */
  async three() {
    const { port } = await this.nats();
    const members = await Promise.all(['a', 'b', 'c'].map((name) => this.member(name, port)));
    for (const member of members) await member.knows(2);
    return members;
  }

  /** Logs in at a member. */
  async login({ port }, resource, onText) {
    const socket = await login({ port }, resource, onText);
    this.#sockets.push(socket);
    return socket;
  }

  /** A connection without a login. */
  async connect({ port }) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      .setEncoding('utf8')
      .on('error', () => {});
    this.#sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  async stop() {
    for (const socket of this.#sockets) socket.destroy();
    for (const proxy of this.#proxies) proxy.stop();
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

class FactsMember {
  #child;
  #control;

  constructor(name, child, port, control) {
    this.name = name;
    this.port = port;
    this.#child = child;
    this.#control = control;
    child.stdout.setEncoding('utf8');
  }

  async get(path) {
    const { url, token } = this.#control;
    return await (await fetch(url + path, { headers: { authorization: `Bearer ${token}` } })).json();
  }

  /** Its reports of the other members. */
  async others() {
    return (await this.get('/api/v1/server')).cluster.members;
  }

  /** Resolves when it knows so many other members. */
  async knows(count) {
    return await until(`${this.name} knows ${count} members`, async () => (await this.others()).length === count);
  }

  /** Bytes that it keeps, after two collections. */
  async memory() {
    this.#child.send('measure');
    const [bytes] = await once(this.#child, 'message');
    return bytes;
  }

  /** Milliseconds of CPU of its turns since the last call. */
  async turns() {
    this.#child.kill('SIGUSR2');
    const [line] = await once(this.#child.stdout, 'data');
    return JSON.parse(line);
  }
}

/** The end of a stanza that comes without line breaks. */
const END = /(<\/message>|<\/iq>|\/>)$/;

/** A raw client that sees whole stanzas. */
export class RawClient {
  #pieces = [];
  #waiting = null;
  #stanzas = [];

  static async login(lab, member, resource) {
    const client = new RawClient();
    client.jid = `opensrf@localhost/${resource}`;
    client.socket = await lab.login(member, resource, (text) => client.#read(text));
    return client;
  }

  send(xml) {
    this.socket.write(xml);
  }

  /** The next message or iq with content. */
  async next() {
    const stanza = this.#stanzas.shift();
    if (stanza !== undefined) return stanza;
    return await new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** Nobody waits for the next stanza any more. */
  forget() {
    this.#waiting = null;
  }

  #read(text) {
    // A long stanza comes in many pieces.
    this.#pieces.push(text);
    if (!END.test(text.slice(-32)) && !text.includes('</message>')) return;
    const stanzas = this.#pieces.join('').split(/(?<=<\/message>|<\/iq>|<iq [^>]*\/>)/);
    this.#pieces = END.test(stanzas.at(-1)) ? [] : [stanzas.pop()];
    this.#stanzas.push(...stanzas);
    if (this.#waiting === null || this.#stanzas.length === 0) return;
    const resolve = this.#waiting;
    this.#waiting = null;
    resolve(this.#stanzas.shift());
  }
}
