// Hostile peers, in a separate process: each picks a kind of attack, runs it for some seconds, and picks the next. Argument: JSON, see scripts/hostile.js.
// Ends with its standard input; its last line has the number of attacks by kind.
import { setPriority } from 'node:os';
import { ATTACKS } from './attacks.js';
import { login, open, wait } from './peer.js';

const { port, tlsPort, webSocketPort, seed, name, peers, only, neighbours } = JSON.parse(process.argv[2]);
// Low priority: the input must slow the server, not the work of making it.
setPriority(19);
const kinds = Object.keys(ATTACKS).filter((kind) => kind.includes(only));
const begun = Object.fromEntries(kinds.map((kind) => [kind, 0]));
const failures = {};
let state = 'on';
process.stdin.resume().on('end', () => (state = 'over'));
process.on('uncaughtException', (error) => (failures[error.message] = (failures[error.message] ?? 0) + 1));

/** Random numbers, the same for the same seed (mulberry32). */
function randomFrom(start) {
  let at = start;
  return () => {
    at = (at + 0x6d2b79f5) | 0;
    let mixed = Math.imul(at ^ (at >>> 15), 1 | at);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A hostile peer during one of its attacks, with all its connections. */
class Hand {
  constructor(slot, count, random) {
    Object.assign(this, { port, tlsPort, webSocketPort, name: `${name}-${slot}`, count, sockets: [], logins: 0, random });
    this.until = Date.now() + 1_000 + this.any(4_000);
    this.neighbour = neighbours[this.any(neighbours.length)];
  }

  get goesOn() {
    return state === 'on' && Date.now() < this.until;
  }

  any(count) {
    return Math.floor(this.random() * count);
  }

  keep(socket) {
    this.sockets.push(socket);
    return socket;
  }

  async open(at) {
    return this.keep(await open(at));
  }

  /** A session of the hostile account; its socket has its `resource`. @param managed With stream management (XEP-0198). */
  async login({ managed = false, ...options } = {}) {
    const resource = `${this.name}.${this.count}.${this.logins++}`;
    const socket = await login(port, 'opensrf', resource, options);
    if (socket === null) return null;
    if (managed) socket.write("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    return this.keep(Object.assign(socket, { resource }));
  }

  end() {
    for (const socket of this.sockets) socket.destroy();
  }
}

async function play(slot) {
  const random = randomFrom(seed * 1_000 + slot);
  for (let count = 0; state === 'on'; count++) {
    const kind = kinds[Math.floor(random() * kinds.length)];
    begun[kind]++;
    const hand = new Hand(slot, count, random);
    try {
      await ATTACKS[kind](hand);
    } catch (error) {
      failures[`${kind}: ${error.message}`] = (failures[`${kind}: ${error.message}`] ?? 0) + 1;
    }
    // A peer closed by the server waits before it returns.
    if (hand.goesOn) await wait(200);
    hand.end();
  }
}

await Promise.all(Array.from({ length: peers }, (_, slot) => play(slot)));
console.log(JSON.stringify({ begun, failures }));
process.exit(0);
