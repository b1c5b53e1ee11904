// A server and two clients in a separate process, run with --expose-gc: prints the memory before and after a scenario, as JSON.
//
//   node --expose-gc memory-child.js SCENARIO
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ChopChop } from '../../server/compose/chopchop.ts';
import { createConfig } from '../../server/config/config.ts';
import type { BoundAddress } from '../../server/net/tcp.ts';
import { recordingLog } from './server.ts';

const LOGIN = (name: string): string =>
  `<stream:stream to='localhost' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'><iq id='login' type='set'><query xmlns='jabber:iq:auth'><username>opensrf</username><password>password</password><resource>${name}</resource></query></iq>`;

function message(name: string, body: string): string {
  return `<message to='opensrf@localhost/${name}' from='x'><opensrf router_from='' router_to='' router_class='' router_command='' osrf_xid=''/><thread>t</thread><body>${body}</body></message>`;
}

/** A client that discards its input, and notices the end. */
class Client {
  readonly socket: Socket;
  private last = '';

  constructor({ host, port }: BoundAddress, name: string) {
    this.socket = connect({ host, port, noDelay: true });
    this.socket.on('data', (chunk: Buffer) => {
      this.last = (this.last + chunk.subarray(-100).toString('latin1')).slice(-100);
    });
    this.socket.write(LOGIN(name));
  }

  /** Waits until the server has answered a ping: it has then read all earlier input, and written all earlier output. */
  async settle(): Promise<void> {
    const id = `p${Math.random()}`;
    this.socket.write(`<iq type='get' id='${id}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`);
    while (!this.last.includes(id)) await once(this.socket, 'data');
  }
}

function held(): number {
  for (let times = 0; times < 4; times++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const SCENARIOS: Record<string, (alice: Client, bob: Client, round: number) => Promise<void>> = {
  // Some arrive, and one is over the limit.
  large: async (alice, bob, round) => {
    for (const length of [3_000_000, 7_000_000, 10_000_000]) {
      // Small ones first: the last large one must be measured.
      alice.socket.write(message('bob', '{&quot;a&quot;:1},'.repeat(length / (round === 0 ? 1_700 : 17))));
      await alice.settle();
      await bob.settle();
    }
  },
  // Names that the server remembers, each from a large chunk.
  names: async (alice, _bob, round) => {
    for (let index = 0; index < 200; index++) {
      const name = `name.longer.than.thirteen.characters.${round}.${index}`;
      const registration = `<message to='router@localhost/router' from='x'><opensrf router_class='${name}' router_command='register' osrf_xid=''/><thread></thread><body>registering</body></message>`;
      alice.socket.write(`${registration}<presence to='opensrf@localhost/${name}'/>${message('nobody', 'x'.repeat(60_000))}`);
      await alice.settle();
    }
  },
};

const server = new ChopChop(createConfig({ port: 0, domains: ['localhost'] }), recordingLog());
const [address] = (await server.start()) as [BoundAddress];
const [alice, bob] = [new Client(address, 'alice'), new Client(address, 'bob')];
const scenario = SCENARIOS[process.argv[2] ?? ''];
if (scenario === undefined) throw new Error('no such scenario');
// Warm up: one-time allocations and compiled code.
await scenario(alice, bob, 0);
const before = held();
for (let round = 1; round <= 3; round++) await scenario(alice, bob, round);
await Promise.all([alice.settle(), bob.settle()]);
process.stdout.write(JSON.stringify({ before, after: held(), sessions: server.sessionCount }));
process.exit();
