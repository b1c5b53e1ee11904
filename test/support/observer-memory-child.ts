// A server with all its observers (a fixture, a recording, the trace), run with --expose-gc. Prints, as a line of JSON for each shape of traffic, the memory before it,
// while the observers remember it, and when they have forgotten it.
//
//   node --expose-gc observer-memory-child.js FOLDER
import { join } from 'node:path';
import { startControl } from '../../server/control/control.ts';
import { ChopChopFixture } from '../../server/fixture/fixture.ts';
import type { JabberLogin } from '../../server/osrf/login.ts';
import { registrationStanza } from '../../shared/osrf/stanzas.ts';
import { escapeText } from '../../shared/xml.ts';
import { readStanza } from './reading.ts';
import { recordingLog } from './server.ts';

const KIB = 1024;
const REQUESTS = 60;
const WARM_UP = 5;
const LENGTH = 120_000;

const message = (type: string, payload: string, more = '') => `[{"__c":"osrfMessage","__p":{"threadTrace":"1","type":"${type}","payload":${payload}${more}}}]`;
const call = (method: string, params: string) => `{"__c":"osrfMethod","__p":{"method":${JSON.stringify(method)},"params":${params}}}`;
const outcome = (name: string, code: string, status: string, content: string) =>
  `{"__c":"${name}","__p":{"statusCode":"${code}","status":${JSON.stringify(status)},"content":${content}}}`;
const list = (item: (index: number) => string) => {
  const items: string[] = [];
  for (let length = 0; length < LENGTH; length += (items.at(-1) as string).length + 1) items.push(item(items.length));
  return `[${items.join(',')}]`;
};
const LONG = 'n'.repeat(LENGTH);
const ASK = message('REQUEST', call('m', '[]'));

/** The request, its answer, and the answer's attributes. */
interface Shape {
  readonly request?: string;
  readonly answers?: readonly string[];
  readonly attributes?: string;
}

const SHAPES: Readonly<Record<string, Shape>> = {
  method: { request: message('REQUEST', call(LONG, '[]')) },
  lists: {
    request: message(
      'REQUEST',
      call(
        'm',
        list(() => '[]'),
      ),
    ),
  },
  objects: {
    request: message(
      'REQUEST',
      call(
        'm',
        list((index) => `{"k${index}":1}`),
      ),
    ),
  },
  wide: { request: message('REQUEST', call('m', `["${'\u4e00'.repeat(LENGTH / 3)}"]`)) },
  locale: { request: message('REQUEST', call('m', '[]'), `,"locale":"${LONG}","ingress":"${LONG}"`) },
  results: {
    answers: [
      message(
        'RESULT',
        outcome(
          'osrfResult',
          '200',
          'OK',
          list((index) => `{"k${index}":[]}`),
        ),
      ),
    ],
  },
  pieces: { answers: Array<string>(10).fill(message('RESULT', outcome('osrfResultPartial', '206', 'OK', `"${'x'.repeat(LENGTH / 10)}"`))) },
  status: {
    answers: [message('STATUS', outcome('osrfConnectStatus', '100', LONG, 'null')), message('STATUS', outcome('osrfConnectStatus', '205', LONG, 'null'))],
  },
  attributes: { answers: [message('STATUS', outcome('osrfConnectStatus', '100', 'OK', 'null'))], attributes: ` a='${LONG}'` },
  chunks: { request: `${ASK}${' '.repeat(LENGTH)}`, answers: [`${message('STATUS', outcome('osrfConnectStatus', '205', 'OK', 'null'))}${' '.repeat(LENGTH)}`] },
};

function held(): number {
  for (let times = 0; times < 4; times++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The memory that remains after jobs and sockets of a busy machine have ended. */
async function leftOver(): Promise<number> {
  let least = held();
  for (let rounds = 0; rounds < 10; rounds++) {
    await settled();
    least = Math.min(least, held());
  }
  return least;
}

const [folder = ''] = process.argv.slice(2);
const limits = { followedBytes: 512 * KIB, tracedBytes: 512 * KIB, loggedBytes: 512 * KIB, unansweredBytes: 512 * KIB };
const log = recordingLog();
const jabber = await ChopChopFixture.start({ record: join(folder, 'recording.ndjson'), limits, log });
const control = await startControl(jabber.server, { port: 0, anyPort: false, socket: null }, 'token-of-the-test', log);
const login = (resource: string): JabberLogin => jabber.server.login({ username: 'opensrf', domain: 'localhost', password: 'password', resource });
const listener = login('listener');
listener.send(registrationStanza('register', 'router@localhost/router', listener.jid, 'opensrf.raw.with.a.long.name'));
const settled = () => new Promise((resolve) => setTimeout(resolve, 10));

const stanza = (to: string, thread: string, body: string, extra = '') =>
  readStanza(`<message to='${to}'${extra}><opensrf osrf_xid='${'x'.repeat(20)}'/><thread>${thread}</thread><body>${escapeText(body)}</body></message>`);

async function exchange(client: JabberLogin, thread: string, asked: string, answered: readonly string[], extra: string): Promise<void> {
  client.send(stanza('router@localhost/opensrf.raw.with.a.long.name', thread, asked));
  for (const body of answered) listener.send(stanza(client.jid, thread, body, extra));
  // The trace continues when its budget is filled.
  await settled();
}

async function traffic(client: JabberLogin, { request = ASK, answers = [], attributes = '' }: Shape, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await exchange(client, `thread.of.request.${index}`, request, answers, attributes);
}

async function forget(client: JabberLogin): Promise<void> {
  await client.close();
  await jabber.reset('log');
  await fetch(`${control.url}/api/v1/requests`, { method: 'DELETE', headers: { Authorization: 'Bearer token-of-the-test' } });
  await exchange(listener, 'small', ASK, [], '');
  await settled();
}

/** Sends this many requests and forgets them. @returns the memory in between. */
async function round(shape: Shape, count: number): Promise<number> {
  const client = login('client');
  await traffic(client, shape, count);
  const during = held();
  await forget(client);
  return during;
}

for (const [name, shape] of Object.entries(SHAPES)) {
  // Warms up: the code is compiled once.
  await round(shape, WARM_UP);
  const before = held();
  const during = await round(shape, REQUESTS);
  const after = await leftOver();
  const errors = log.lines.splice(0).filter(({ level }) => level === 'error');
  process.stdout.write(`${JSON.stringify({ name, before, during, after, errors })}\n`);
}
await jabber.stop();
process.exit();
