import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import { ControlClient } from '../../server/control/control-client.ts';
import { readControlFile } from '../../server/control/control-file.ts';
import { EXIT } from '../../server/kernel/exit-codes.ts';
import { INHERITANCE, type Inheritance, STATE_END, type SuccessorReport } from '../../server/process/predecessor.ts';
import { escapeText } from '../../shared/xml.ts';
import { MAIN, serve, temporaryFolder } from './command.ts';
import { cRequest, registration, requestBody } from './osrf.ts';
import { Peer } from './peer.ts';
import { endWith, kill } from './processes.ts';
import { RawProgram } from './raw-service.ts';

const ROUTER = 'router@private.localhost';
const OPTIONS = ['--component-port', '0', '--component', 'gateway.localhost:secret', '--hold', '3600'];

/** A state as one process gives it to the next: what the next one knows from the beginning, and the lines. */
export interface RecordedState {
  readonly inheritance: Inheritance;
  readonly lines: readonly string[];
}

/** Reads a file of a state: the inheritance is its first line. */
export function readState(file: URL): RecordedState {
  const [inheritance, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
  return { inheritance: JSON.parse(inheritance as string), lines };
}

/** Code for every process of a server: writes what one hands to the next into a folder. */
function recordingIn(folder: string): string {
  return `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module';
    if (process.env.${INHERITANCE} !== undefined) fs.writeFileSync('${folder}/inheritance', process.env.${INHERITANCE});
    const { writeSync } = fs;
    let state = -1;
    fs.writeSync = (fd, data, from, ...rest) => {
      const count = writeSync(fd, data, from, ...rest);
      if (state === -1 && String(data).startsWith('{"beginning"')) state = fd;
      if (state === fd) fs.appendFileSync('${folder}/state', data.subarray(from, from + count));
      return count;
    };
    syncBuiltinESMExports();`;
}

export const PLAIN_CUT = ['<message to="opensrf@private.localhost/receiver"><thread>pl', 'ain</thread><body>ä</body></message>'] as const;
export const STRICT_CUT = [
  `<message to="opensrf@private.localhost/receiver" xmlns:p="urn:p"><p:a b="1"><![CDATA[`,
  'ä]]></p:a><thread>strict</thread><body/></message>',
] as const;

/** Plays sessions and requests of every kind on a server of this version, restarts it, and records the state that goes to the next process. */
export async function recordState(t: TestContext): Promise<RecordedState> {
  const folder = temporaryFolder(t);
  process.env['XDG_RUNTIME_DIR'] = folder;
  process.env['NODE_OPTIONS'] = `--import=data:text/javascript,${encodeURIComponent(recordingIn(folder))}`;
  t.after(() => delete process.env['NODE_OPTIONS']);
  const file = join(folder, 'control.json');
  const server = await serve(t, folder, ...OPTIONS, '--loss-grace', '3600', '--unix', join(folder, 'socket'), '--console', '0', '--control-file', file);
  let pid = server.ready.pid;
  t.after(() => kill(pid));
  await play(t, server.ready as unknown as Places, join(folder, 'socket'));
  ({ pid } = (await new ControlClient(readControlFile(file)).order('/api/v1/restart', EXIT.notRestarted)) as { readonly pid: number });
  assert.ok(existsSync(join(folder, 'state')));
  const lines = readFileSync(join(folder, 'state'), 'utf8').split('\n');
  assert.deepEqual(lines.slice(-2), [STATE_END, '']);
  return { inheritance: JSON.parse(readFileSync(join(folder, 'inheritance'), 'utf8')), lines: lines.slice(0, -2).map(shortened) };
}

interface Places {
  readonly c2s: readonly [{ readonly host: string; readonly port: number }];
  readonly components: readonly [{ readonly host: string; readonly port: number }];
}

async function play(t: TestContext, { c2s: [c2s], components: [components] }: Places, unix: string): Promise<void> {
  const login = (resource: string, username = 'opensrf', domain = 'private.localhost') => RawProgram.login(t, c2s, resource, username, domain);
  const ask = (service: string, thread: string) =>
    client.peer.send(cRequest(`${ROUTER}/${service}`, client.jid, thread, escapeText(requestBody('m')).replaceAll('"', '&quot;'), 'xid'));
  const done = async (program: RawProgram) => {
    program.peer.send(`<iq to='private.localhost' type='get' id='done'><ping xmlns='urn:xmpp:ping'/></iq>`);
    await program.peer.expect("id='done'");
  };
  const client = await login('client');
  const listeners = await Promise.all(['l1', 'l2', 'l3', 'l4'].map((resource) => login(resource)));
  for (const [index, service] of ['a', 'a', 'b', 'c'].entries()) {
    const listener = listeners[index] as RawProgram;
    listener.peer.send(registration('register', `${ROUTER}/router`, listener.jid, service));
    await done(listener);
  }
  const [l1, l2, , l4] = listeners as [RawProgram, RawProgram, RawProgram, RawProgram];
  const operator = await login('operator', 'router');
  operator.peer.send(`<message to='${ROUTER}/router'><opensrf router_class='b' router_command='drain'/><body/></message>`);
  await operator.peer.message();
  for (const [service, thread] of Object.entries({ a: 'first', later: 'held', b: 'drained', c: 'lost' })) ask(service, thread);
  await l1.asked();
  ask('a', 'partly');
  const partly = await l2.asked();
  const worker = await login('worker');
  const result = { __c: 'osrfResult', __p: { status: 'OK', statusCode: '200', content: 1 } };
  worker.answer(partly, { __c: 'osrfMessage', __p: { threadTrace: '1', type: 'RESULT', payload: result } });
  await client.peer.message();
  await l4.asked();
  l4.peer.stream.destroy();
  await login('receiver');
  (await login('plain')).peer.send(PLAIN_CUT[0]);
  (await login('strict')).peer.send(STRICT_CUT[0]);
  await login('router', 'router', 'public.localhost');
  await leaveUnread(t, client, unix);
  const component = await (await Peer.connect(t, components)).handshake('gateway.localhost', 'secret');
  for (const resource of ['managed', 'gone']) {
    const peer = await (await Peer.connect(t, c2s)).loginByRfc6120('opensrf', 'localhost', resource);
    peer.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    await peer.expect('<enabled ');
    if (resource === 'managed') peer.send("<presence><status>here</status></presence><presence to='gateway.localhost'/>");
    else peer.stream.destroy();
  }
  await component.expect(/<presence[^>]*gateway\.localhost/);
  for (const resource of ['managed', 'gone']) component.send(`<message to='opensrf@localhost/${resource}'><body>unacknowledged</body></message>`);
  component.send("<iq to='localhost' from='gateway.localhost' type='get' id='done'><ping xmlns='urn:xmpp:ping'/></iq>");
  await component.expect(/id=.done/);
  await done(client);
}

/** A session over a Unix socket that does not read. */
async function leaveUnread(t: TestContext, sender: RawProgram, path: string): Promise<void> {
  const socket = connect(path);
  await once(socket, 'connect');
  t.after(() => void socket.destroy());
  await new Peer(socket).login('opensrf', 'private.localhost', 'slow');
  socket.pause();
  const message = (thread: string, text: string) => `<message to='opensrf@private.localhost/slow'><thread>${thread}</thread><body>${text}</body></message>`;
  sender.peer.send(message('before', 'x'.repeat(1_000_000)));
  sender.peer.send(message('unread', 'short'));
}

/** Only the last stanza that a session has not read, and no time left for the workers of a lost listener. */
function shortened(line: string): string {
  const read = JSON.parse(line);
  const output = read.session?.connection;
  if (output?.entries.length > 1) Object.assign(output, { rest: '', entries: output.entries.slice(-1) });
  for (const grace of read.router?.graces ?? []) grace[1] = 10;
  return JSON.stringify(read);
}

/** Stands for a process of another release that gives a state to a process of this one. */
export class OtherRelease {
  /** The peers of its connections, by the resource or the domain of their sessions. */
  readonly peers: ReadonlyMap<string, Peer>;
  /** The address of its first listening socket. */
  readonly address: { readonly host: string; readonly port: number };
  private readonly own: readonly Socket[];
  private readonly listening: readonly Server[];
  private readonly child: ChildProcess;

  private constructor(peers: OtherRelease['peers'], own: readonly Socket[], listening: readonly Server[], child: ChildProcess) {
    this.peers = peers;
    this.own = own;
    this.listening = listening;
    this.child = child;
    this.address = { host: '127.0.0.1', port: portOf(listening[0] as Server) };
  }

  /** Starts the next process. */
  static async start(t: TestContext, { inheritance, lines }: RecordedState): Promise<OtherRelease> {
    const listening = await Promise.all(inheritance.listeners.map(() => listen(t)));
    const pairs = await Promise.all(Array.from({ length: inheritance.connections }, () => connected(t)));
    const sessions = lines.map((line) => JSON.parse(line).session).filter((session) => session?.index >= 0);
    const peers = new Map(
      sessions.map(({ index, identity: { resource, domain } }) => [resource === '' ? domain : resource, new Peer((pairs[index] as Pair).theirs)]),
    );
    const own = pairs.map(({ ours }) => ours);
    const listeners = inheritance.listeners.map((listener, index) => ({ ...listener, port: portOf(listening[index] as Server) }));
    const descriptors = [...listening, ...own].map((socket) => (socket as unknown as { _handle: { fd: number } })._handle.fd);
    const folder = temporaryFolder(t);
    const child = endWith(
      t,
      spawn(process.execPath, [MAIN, '--port', '0', ...OPTIONS], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe', 'ignore', ...descriptors],
        env: { ...process.env, XDG_RUNTIME_DIR: folder, [INHERITANCE]: JSON.stringify({ ...inheritance, listeners, controlPort: 0, kept: false }) },
      }),
    );
    return new OtherRelease(peers, own, listening, child);
  }

  /** The next report of the next process. */
  async report(): Promise<SuccessorReport> {
    return (await once(this.child, 'message'))[0];
  }

  /** Gives the state away. Resolves when the next process serves. */
  async give(lines: readonly string[]): Promise<void> {
    this.send(lines);
    const [word] = await once(this.child.stdio[4] as Readable, 'data');
    assert.equal(String(word), 'serving\n');
    for (const socket of [...this.own, ...this.listening]) (socket as unknown as { _handle: { close(): void } })._handle.close();
    const settled = this.report();
    this.child.send({ released: true });
    assert.deepEqual(await settled, { settled: true });
  }

  send(lines: readonly string[]): void {
    (this.child.stdio[4] as Writable).write([...lines, STATE_END, ''].join('\n'));
  }

  /** Writes to all peers by its own sockets, which still work. */
  greetAll(): void {
    for (const socket of this.own) socket.write('<still-here/>');
  }
}

interface Pair {
  readonly ours: Socket;
  readonly theirs: Socket;
}

async function listen(t: TestContext): Promise<Server> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  return server;
}

/** Two ends of a connection; ours is not read. */
async function connected(t: TestContext): Promise<Pair> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const theirs = connect({ host: '127.0.0.1', port: portOf(server), noDelay: true });
  const [ours] = (await once(server, 'connection')) as [Socket];
  server.close();
  t.after(() => void theirs.destroy());
  return { ours, theirs };
}

function portOf(server: Server): number {
  return (server.address() as { readonly port: number }).port;
}
