import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { OsrfService } from '../server/osrf/service.ts';
import type { ServiceDescription } from '../server/osrf/service-description.ts';
import { escapeText } from '../shared/xml.ts';
import { temporaryFolder } from './support/command.ts';
import { cRequest, requestBody } from './support/osrf.ts';
import { Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

const DOMAIN = 'private.localhost';
const LOGIN = { domain: DOMAIN, username: 'opensrf', password: 'password' } as const;

/** A service of one worker in the server's process, and a client. `release` ends the first of its requests that wait. */
async function setUp(t: TestContext, description: Partial<ServiceDescription> = {}) {
  const { server, address } = await startServer(t);
  const waiting: (() => void)[] = [];
  const failures: unknown[] = [];
  const service = await OsrfService.startWith(
    {
      service: 'opensrf.slow',
      methods: { wait: () => new Promise<void>((resolve) => waiting.push(resolve)), ...description.methods },
      workers: 1,
      routers: [`router@${DOMAIN}/router`],
      onFailure: (error) => failures.push(error),
      ...description,
    },
    async (resource) => server.login({ ...LOGIN, resource }),
  );
  const client = await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'client');
  const ask = (thread: string, body: string, to = `router@${DOMAIN}/opensrf.slow`) => client.send(cRequest(to, '', thread, escapeText(body), 'x'));
  const worker = service.workers[0]?.jabber.jid as string;
  return { server, service, client, ask, worker, failures, release: () => waiting.shift()?.() };
}

const answerTo = (thread: string, code: number) => new RegExp(`<thread>${thread}</thread><body>[^<]*"statusCode":"${code}"`);

test('requests that wait for a worker are limited in bytes, and so are those sent directly to a worker', async (t) => {
  for (const straight of [false, true]) {
    const { client, ask, worker, release } = await setUp(t, { maxBacklogBytes: 20_000 });
    const to = straight ? worker : undefined;
    ask('first', requestBody('wait', []), to);
    for (const thread of ['second', 'third', 'fourth']) ask(thread, requestBody('wait', ['x'.repeat(7_500)]), to);
    await client.expect(answerTo('fourth', 503));
    for (const thread of ['first', 'second']) {
      release();
      await client.expect(answerTo(thread, 205));
    }
  }
});

test('a request longer than the limit of a service is answered unread', async (t) => {
  const { client, ask } = await setUp(t, { maxRequestBytes: 1_000 });
  ask('long', requestBody('wait', ['x'.repeat(1_000)]));
  await client.expect(answerTo('long', 400));
});

test('a stanza of more than 256 messages, or of hundreds of thousands of values, is answered as a whole', async (t) => {
  const { client, ask } = await setUp(t);
  ask('many', `[${Array(257).fill(requestBody('wait', []).slice(1, -1)).join(',')}]`);
  await client.expect(answerTo('many', 400));
  ask('parts', requestBody('wait', [Array(200_001).fill(0)]));
  await client.expect(answerTo('parts', 400));
  ask('absent', requestBody('n'.repeat(100_000), []));
  assert.ok((await client.expect(answerTo('absent', 404))).length < 4_000, 'of a long name only the beginning comes back');
});

test('an internal error in a request becomes status 500, and the next request gets its answer', async (t) => {
  let broken = true;
  const { client, ask, failures } = await setUp(t, {
    methods: {
      add: (a: number, b: number) => a + b,
      hostile: () => {
        throw { toString: 1, message: 'object' };
      },
    },
    answerer: () => {
      if (broken) throw new Error('a mistake');
      return 'unknown';
    },
  });
  ask('one', requestBody('add', [1, 2]));
  await client.expect(answerTo('one', 500));
  assert.equal(failures.length, 1);
  broken = false;
  ask('two', requestBody('hostile', []));
  await client.expect(answerTo('two', 500));
  ask('three', requestBody('add', [1, 2]));
  await client.expect(answerTo('three', 205));
});

test('long requests to the built-in settings run in separate turns, with other work in between', async (t) => {
  const file = join(temporaryFolder(t), 'opensrf.xml');
  writeFileSync(file, `<opensrf><default>${'<a><b>x</b></a>'.repeat(2_000)}</default><hosts><localhost/></hosts></opensrf>`);
  const { address } = await startServer(t, { settings: { file } });
  const client = await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'client');
  const neighbour = await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'neighbour');
  const REQUESTS = 40;
  const to = `router@${DOMAIN}/opensrf.settings`;
  const body = escapeText(requestBody('opensrf.settings.xpath.get', ['//b[//b != //a[//b]]']));
  client.send(Array.from({ length: REQUESTS }, (_, index) => cRequest(to, '', `t${index}`, body, 'x')).join(''));
  await client.expect(/steps of work/);
  // A ping takes some turns of this process, in which the peers are too.
  for (let pings = 1; pings <= 5; pings++) {
    neighbour.send(`<iq type='get' id='p${pings}' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`);
    await neighbour.expect(`id='p${pings}'/>`);
  }
  const answered = client.transcript.match(/steps of work/g)?.length ?? 0;
  assert.ok(answered < REQUESTS, `${answered} were answered before the fifth ping`);
});
