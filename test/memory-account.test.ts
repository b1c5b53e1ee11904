import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { BoundAddress } from '../server/net/tcp.ts';
import { generator } from './support/lane-fuzz.ts';
import { requestBody } from './support/osrf.ts';
import { header } from './support/peer.ts';
import { endWith } from './support/processes.ts';

const CHILD = fileURLToPath(new URL('./support/account-child.js', import.meta.url));
const MB = 1_000_000;
/** Of the server, each with some collections of garbage. */
const MOST_ROUNDS = 1_000;

interface Measured {
  /** By the server's budget. */
  readonly charged: number;
  /** By the process: heapUsed and external, after collections. */
  readonly held: number;
  readonly sessions: number;
}

/** A server in a process of its own. */
class Site {
  private readonly child: ChildProcess;
  private readonly address: BoundAddress;
  private readonly sockets: Socket[] = [];

  private constructor(child: ChildProcess, address: BoundAddress) {
    this.child = child;
    this.address = address;
  }

  static async start(t: TestContext): Promise<Site> {
    const child = endWith(t, fork(CHILD, { execArgv: ['--expose-gc'] }));
    const [{ address }] = (await once(child, 'message')) as [{ address: BoundAddress }];
    return new Site(child, address);
  }

  /** @param collections How many collections of garbage come first. */
  async measure(collections = 4): Promise<Measured> {
    this.child.send(collections);
    const [measured] = await once(this.child, 'message');
    return measured as Measured;
  }

  /** A client that has logged in. */
  async client(name: string): Promise<Client> {
    const socket = connect(this.address);
    this.sockets.push(socket);
    const client = new Client(socket);
    await client.login(name);
    return client;
  }

  /** Ends all connections. */
  async end(): Promise<void> {
    for (const socket of this.sockets.splice(0)) socket.destroy();
    await this.until(({ sessions, charged }) => sessions === 0 && charged === 0, 'all connections are closed, and nothing is charged');
  }

  async until(condition: (measured: Measured) => boolean, what: string): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round++) if (condition(await this.measure(round === 0 ? 0 : 1))) return;
    throw new Error(`did not happen: ${what}`);
  }
}

class Client {
  private readonly socket: Socket;
  private last = '';
  private pings = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.last = (this.last + chunk.toString('latin1')).slice(-10_000);
    });
  }

  async login(name: string): Promise<void> {
    const query = `<username>opensrf</username><password>password</password><resource>${name}</resource>`;
    this.socket.write(`${header('localhost')}<iq id='login' type='set'><query xmlns='jabber:iq:auth'>${query}</query></iq>`);
    await this.came("id='login'");
  }

  stopReading(): void {
    this.socket.pause();
  }

  /** Resolves when the server has read it. */
  async send(text: string): Promise<void> {
    const id = `ping${this.pings++}`;
    this.socket.write(`${text}<iq type='get' id='${id}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`);
    await this.came(id);
  }

  /** Without waiting: the server does not read it as a whole. */
  begin(text: string): Promise<void> {
    return new Promise((resolve) => void this.socket.write(text, () => resolve()));
  }

  private async came(text: string): Promise<void> {
    while (!this.last.includes(text)) await once(this.socket, 'data');
  }
}

/** A stanza of some shape to an address, of about that many bytes. */
type Shape = (to: string, bytes: number) => string;

const SHAPES: Readonly<Record<string, Shape>> = {
  'a long body': (to, bytes) => `<message to='${to}'><thread>t</thread><body>${'x'.repeat(bytes)}</body></message>`,
  'a body outside Latin-1': (to, bytes) => `<message to='${to}'><thread>t</thread><body>${'€'.repeat(bytes / 3)}</body></message>`,
  'a body of Latin-1': (to, bytes) => `<message to='${to}'><thread>t</thread><body>${'é'.repeat(bytes / 2)}</body></message>`,
  'a long id': (to, bytes) => `<message to='${to}' id='${'i'.repeat(bytes)}'/>`,
  'quotes in an attribute': (to, bytes) => `<message to='${to}' title='${'"'.repeat(bytes)}'/>`,
  'a long thread': (to, bytes) => `<message to='${to}'><thread>${'t'.repeat(bytes)}</thread><body/></message>`,
  'many small stanzas': (to, bytes) => `<message to='${to}'/>`.repeat(bytes / 30),
  'small messages of OpenSRF': (to, bytes) =>
    `<message to='${to}' from='x'><opensrf router_from='' router_to='' router_class='' router_command='' osrf_xid='1'/><thread>1.2</thread><body>small</body></message>`.repeat(
      bytes / 170,
    ),
};

/** Makes the server keep at least this many bytes. */
type Scenario = (site: Site, bytes: number) => Promise<void>;

const unread =
  (shape: Shape): Scenario =>
  async (site, bytes) => {
    const reader = await site.client('reader');
    reader.stopReading();
    const sender = await site.client('sender');
    // The kernel takes some megabytes before anything waits in the server.
    while ((await site.measure(0)).charged < bytes) await sender.send(shape('opensrf@localhost/reader', 300_000));
  };

const SCENARIOS: Record<string, Scenario> = {
  ...Object.fromEntries(Object.entries(SHAPES).map(([name, shape]) => [`${name}, for a session that does not read`, unread(shape)])),
  'requests that are not answered': async (site, bytes) => {
    const listener = await site.client('listener');
    await listener.send(
      "<message to='router@localhost/router'><opensrf router_class='opensrf.math' router_command='register' osrf_xid=''/><thread></thread><body/></message>",
    );
    const client = await site.client('client');
    for (let sent = 0; sent < bytes; sent += 20_000) {
      await client.send(
        `<message to='router@localhost/opensrf.math'><thread>${sent}</thread><body>${requestBody('echo', ['x'.repeat(20_000)])}</body></message>`,
      );
    }
  },
  'many small requests that are not answered': async (site, bytes) => {
    const listener = await site.client('listener');
    await listener.send(
      "<message to='router@localhost/router'><opensrf router_class='opensrf.math' router_command='register' osrf_xid=''/><thread></thread><body/></message>",
    );
    const client = await site.client('client');
    const request = (thread: number) =>
      `<message to='router@localhost/opensrf.math'><thread>${thread}</thread><body>${requestBody('echo', [1])}</body></message>`;
    for (let sent = 0; sent * 1_000 < bytes; sent += 500) await client.send(Array.from({ length: 500 }, (_, index) => request(sent + index)).join(''));
  },
  'requests that are held': async (site, bytes) => {
    const client = await site.client('client');
    for (let sent = 0; sent < bytes; sent += 20_000) {
      await client.send(`<message to='router@localhost/absent'><thread>${sent}</thread><body>${requestBody('echo', ['x'.repeat(20_000)])}</body></message>`);
    }
  },
  'stanzas that are begun': async (site, bytes) => {
    for (let begun = 0; begun < bytes; begun += 5 * MB) {
      const client = await site.client(`begun${begun}`);
      await client.begin(`<message to='opensrf@localhost/x'><body>${'x'.repeat(5 * MB)}`);
    }
    await site.until(({ charged }) => charged > bytes, 'all has been read');
  },
};

/** Random traffic of all shapes and lengths, to a reader that does not read, a listener that does not answer, and a service that is absent. */
const mixed =
  (seed: number): Scenario =>
  async (site, bytes) => {
    const random = generator(seed);
    const listener = await site.client('listener');
    await listener.send(
      "<message to='router@localhost/router'><opensrf router_class='opensrf.math' router_command='register' osrf_xid=''/><thread></thread><body/></message>",
    );
    const reader = await site.client('reader');
    reader.stopReading();
    const senders = [await site.client('one'), await site.client('two'), await site.client('three')];
    const shapes = Object.values(SHAPES);
    while ((await site.measure(0)).charged < bytes) {
      const shape = shapes[random(shapes.length)] as Shape;
      const length = 100 + random(random(10) === 0 ? 500_000 : 5_000);
      const request = `<thread>${random(1e9)}</thread><body>${requestBody('echo', ['x'.repeat(length)])}</body></message>`;
      const stanzas = [
        shape('opensrf@localhost/reader', length),
        `<message to='router@localhost/opensrf.math'>${request}`,
        `<message to='router@localhost/absent'>${request}`,
      ];
      await (senders[random(senders.length)] as Client).send(stanzas[random(stanzas.length)] as string);
    }
  };

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
SCENARIOS[`random traffic of seed ${SEED}`] = mixed(SEED);

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  test(`the budget equals the memory held, and returns to its start: ${name}`, async (t) => {
    const site = await Site.start(t);
    // Warm up: one-time allocations and compiled code.
    await scenario(site, MB);
    await site.end();
    const before = await site.measure();
    await scenario(site, 20 * MB);
    const during = await site.measure();
    const [charged, held] = [during.charged - before.charged, during.held - before.held];
    t.diagnostic(`charged ${(charged / MB).toFixed(1)} MB, held ${(held / MB).toFixed(1)} MB`);
    assert.ok(held >= 15 * MB, `${held} bytes are held`);
    assert.ok(Math.abs(charged - held) <= held / 4, `charged ${charged}, held ${held}`);
    await site.end();
    const after = await site.measure();
    assert.ok(after.held - before.held < 3 * MB, `${after.held - before.held} bytes are still held`);
  });
}
