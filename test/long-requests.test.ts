import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { ChopChopFixture } from '../server/fixture/fixture.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import { GatewaySocket, request } from './support/gateway-socket.ts';
import { attribute, cRequest, resultBody } from './support/osrf.ts';
import { RawProgram } from './support/raw-service.ts';
import { MATH, startWeb, webUrl } from './support/web-fixture.ts';

const CURL = { 'content-type': 'application/x-www-form-urlencoded' };
const ADD = { service: MATH, thread: 'n', osrf_msg: [request('add', [1, 1])] };

/** Long parameters that take much time per byte. */
const SHAPES = { lists: '[],', 'texts beyond ASCII': '"é",' };

const fill = (piece: string, bytes = 2_000_000) => `[${piece.repeat(bytes / Buffer.byteLength(piece))}0]`;
const message = (params: string) =>
  `[{"__c":"osrfMessage","__p":{"threadTrace":1,"type":"REQUEST","payload":{"__c":"osrfMethod","__p":{"method":"add","params":${params}}}}}]`;
const post = (jabber: ChopChopFixture, path: string, body: string, headers: Readonly<Record<string, string>> = CURL) =>
  fetch(webUrl(jabber, path), { method: 'POST', body, headers }).then((response) => response.text());

/** Sends a long request. @returns the answer. */
type Send = (jabber: ChopChopFixture, browser: GatewaySocket) => Promise<string>;

function sendings(params: string): readonly (readonly [door: string, send: Send])[] {
  return [
    ['WebSocket', (_, browser) => browser.askText(`{"service":"absent","thread":"t","osrf_msg":${message(params)}}`)],
    ['JSON gateway', (jabber) => post(jabber, '/osrf-gateway-v1', `service=absent&method=add&param=${encodeURI(params)}`)],
    [
      'HTTP translator',
      (jabber) => post(jabber, '/osrf-http-translator', `osrf-msg=${encodeURI(message(params))}`, { ...CURL, 'X-OpenSRF-service': 'absent' }),
    ],
    ['door for services', (jabber) => post(jabber, '/services/absent/add', params)],
  ];
}

for (const [what, piece] of Object.entries(SHAPES)) {
  for (const [door, send] of sendings(fill(piece))) {
    test(`a long request delays no other: ${what} at the ${door}`, async (t) => {
      const jabber = await startWeb(t, { web: { ports: [0], services: ['*'] } });
      const { jobs } = jabber.server;
      const [flood, neighbour] = [await GatewaySocket.open(t, webUrl(jabber)), await GatewaySocket.open(t, webUrl(jabber))];
      let answered = false;
      const answer = send(jabber, flood).finally(() => (answered = true));
      while (jobs.size === 0) await turn();
      const before = jobs.slices;
      await neighbour.ask(ADD);
      assert.equal(answered, false, 'the neighbour waits for the long request');
      assert.match(await answer, /transport_error|Transport Error|not registered|no such service/i);
      assert.ok(jobs.slices - before > 5, `${jobs.slices - before} slices`);
    });
  }
}

test('a long answer is read in slices too, and answers keep their order', async (t) => {
  const jabber = await startWeb(t, { web: { ports: [0], services: ['*'] } });
  const { jobs } = jabber.server;
  const parts = Array.from({ length: 100_000 }, (_, number) => number);
  await jabber.service('opensrf.large', { get: () => parts });
  const browser = await GatewaySocket.open(t, webUrl(jabber));
  const before = jobs.slices;
  browser.send({ service: 'opensrf.large', thread: 'l', osrf_msg: [request('get', [])] });
  const types: string[] = [];
  while (types.at(-1) !== '205') for (const { __p } of (await browser.frame()).osrf_msg) types.push(String(__p.payload.__p.statusCode));
  assert.match(types.join(' '), /^(?:206 )+204 205$/);
  assert.deepEqual(JSON.parse(await post(jabber, '/services/opensrf.large/get', '[]')), parts);
  assert.deepEqual(JSON.parse(await post(jabber, '/osrf-gateway-v1', 'service=opensrf.large&method=get')).payload, [parts]);
  assert.ok(jobs.slices > before, `${jobs.slices} slices`);
});

test('a browser that goes while its long request is read leaves nothing behind', async (t) => {
  const jabber = await startWeb(t);
  const { jobs } = jabber.server;
  const { memory } = (jabber.server as unknown as { parts: { memory: { bytes: number } } }).parts;
  const browser = await GatewaySocket.open(t, webUrl(jabber));
  browser.send(`{"service":"absent","thread":"t","osrf_msg":${message(fill('[],'))}}`);
  while (jobs.size === 0) await turn();
  browser.webSocket.terminate();
  while (jobs.size > 0) await turn();
  const gone = new AbortController();
  const asked = fetch(webUrl(jabber, '/osrf-gateway-v1'), { method: 'POST', body: `service=${MATH}&method=add&param=${fill('[],')}`, signal: gone.signal });
  while (jobs.size === 0) await turn();
  gone.abort();
  await assert.rejects(asked);
  while (jobs.size > 0) await turn();
  assert.deepEqual(jabber.received(), []);
  await jabber.server.stop();
  while (memory.bytes > 0) await turn();
});

/** Numbers, keys and texts that a program which reads and writes JSON would change. */
const EXACT = '{"b":12345678901234567890,"a":1.0,"10":-0,"9":1e2,"9":0.1e1,"é":"\\u00e9","s":"\\/"}';
const ASCII = EXACT.replace('"é"', '"\\u00e9"');

test('parameters and results pass through each door as they were sent', async (t) => {
  const jabber = await startWeb(t, { web: { ports: [0], services: ['*'] } });
  const listener = await ExactService.start(t, jabber, 'opensrf.raw');
  const browser = await GatewaySocket.open(t, webUrl(jabber));
  const params = `[${EXACT},12345678901234567890]`;
  const raw = message(params);
  const answers = [
    await browser.askText(`{"service":"opensrf.raw","thread":"t","osrf_msg":${raw}}`),
    await post(jabber, '/osrf-http-translator', `osrf-msg=${encodeURI(raw)}`, { ...CURL, 'X-OpenSRF-service': 'opensrf.raw' }),
    await post(jabber, '/osrf-gateway-v1', `service=opensrf.raw&method=add&param=${encodeURI(EXACT)}&param=12345678901234567890`),
    await post(jabber, '/services/opensrf.raw/add', params),
  ];
  for (const answer of answers) assert.ok(answer.includes(EXACT), answer);
  assert.equal(answers[2], `{"payload":[${EXACT}],"status":200}`);
  assert.equal(answers[3], `${EXACT}\n`);
  const number = '<number>12345678901234567890</number>';
  await post(jabber, '/osrf-gateway-v1', `service=opensrf.raw&method=add&input_format=xml&param=${number}&param=<array>${number}<number>1.0</number></array>`);
  assert.deepEqual(listener.params, [...Array(4).fill(`[${ASCII},12345678901234567890]`), '[12345678901234567890,[12345678901234567890,1.0]]']);
});

/** A service that writes its answers by hand. */
class ExactService {
  /** Of each request, as it came. */
  readonly params: string[] = [];
  private readonly listener: RawProgram;

  private constructor(listener: RawProgram) {
    this.listener = listener;
  }

  static async start(t: TestContext, { addresses }: ChopChopFixture, name: string): Promise<ExactService> {
    const service = new ExactService(await RawProgram.listen(t, addresses[0] as BoundAddress, name, 'localhost'));
    // Until the server stops.
    service.serve().catch(() => {});
    return service;
  }

  private async serve(): Promise<void> {
    const { peer, jid } = this.listener;
    const answer = resultBody('EXACT').replace('"EXACT"', EXACT);
    for (;;) {
      const stanza = await peer.message();
      this.params.push(/"params":(.*)}}}}\]<\/body>/.exec(stanza)?.[1] ?? '');
      const [, thread = ''] = /<thread>(.*)<\/thread>/.exec(stanza) ?? [];
      peer.send(cRequest(attribute(stanza, 'router_from'), jid, thread, answer));
    }
  }
}
