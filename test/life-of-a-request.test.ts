import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attribute, cRequest, registration, requestBody, resultBody, sessionBody, statusBody } from './support/osrf.ts';
import { header, Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

const DOMAIN = 'server1';
const ACCOUNTS = ['client', 'router'].map((username) => ({ username, domain: DOMAIN, password: 'password' }));
const ROUTER = 'router@server1/router';
const MATH = 'router@server1/opensrf.math';

// The document this project grew from tells the life of a request in eight steps; here they are, played on real sockets.
test('the life of a request', async (t) => {
  const { server, address } = await startServer(t, { domains: [DOMAIN], accounts: ACCOUNTS });
  const connect = () => Peer.connect(t, address);
  const login = async (resource: string) => (await connect()).login('client', DOMAIN, resource);
  const classes = () => [...(server.routers.get(DOMAIN)?.classes.keys() ?? [])];

  const workerJid = 'client@server1/opensrf.math_drone_at_server2_100';
  const listenerJid = 'client@server1/opensrf.math_listener_at_server2_99';
  const listener2Jid = 'client@server1/opensrf.math_listener_at_server3_98';
  const clientJid = 'client@server1/srfsh_at_server4_1';

  await t.test('(1) the server is online: it answers a stream header', async () => {
    const peer = await connect();
    peer.send(header(DOMAIN));
    assert.match(await peer.expect(/<stream:stream [^>]*>/), /^<\?xml version='1.0'\?><stream:stream id='\w+' from='server1' xmlns='jabber:client'/);
  });

  const asker = await login('asker');
  const ask = async (method: string): Promise<string> => {
    asker.send(cRequest(ROUTER, 'client@server1/asker', method, requestBody(method)));
    const result = await asker.message();
    await asker.message();
    assert.equal(attribute(result, 'from'), ROUTER);
    return result;
  };

  await t.test('(2) the router is reachable as router@server1/router', async () => {
    assert.match(await ask('opensrf.router.info.class.list'), /"content":\[\]/);
  });

  const worker = await login('opensrf.math_drone_at_server2_100');
  await t.test('(3a) workers connect as client@server1/opensrf.math_drone_at_server2_…', () => {
    assert.equal(server.sessionCount, 2);
  });

  const listener = await login('opensrf.math_listener_at_server2_99');
  await t.test('(3b) the listener connects and registers, without an answer', async () => {
    assert.deepEqual(classes(), []);
    listener.send(registration('register', ROUTER, listenerJid, 'opensrf.math'));
    assert.match(await ask('opensrf.router.info.stats.class.all'), new RegExp(`{"opensrf.math":{"${listenerJid}":0}}`));
    assert.equal(listener.received, '');
  });

  const listener2 = await login('opensrf.math_listener_at_server3_98');
  await t.test('(3c) the class exists from the first registration, and a second listener only joins the pool', async () => {
    assert.match(await ask('opensrf.router.info.class.list'), /"content":\["opensrf.math"\]/);
    listener2.send(registration('register', ROUTER, listener2Jid, 'opensrf.math'));
    assert.match(await ask('opensrf.router.info.stats.class.all'), new RegExp(`{"opensrf.math":{"${listenerJid}":0,"${listener2Jid}":0}}`));
    assert.match(await ask('opensrf.router.info.class.list'), /"content":\["opensrf.math"\]/);
  });

  const client = await login('srfsh_at_server4_1');
  let routed = '';
  await t.test('(4) requests reach the listeners in turn, stamped by the server and carrying router_from', async () => {
    for (const number of [1, 2, 3, 4]) client.send(cRequest(MATH, 'somebody@else/entirely', `thread-${number}`, requestBody('add', [2, 2]), `xid-${number}`));
    const first = [await listener.message(), await listener.message()];
    const second = [await listener2.message(), await listener2.message()];
    assert.deepEqual(
      [...first, ...second].map((stanza) => /<thread>(.*)<\/thread>/.exec(stanza)?.[1]),
      ['thread-1', 'thread-3', 'thread-2', 'thread-4'],
    );
    for (const stanza of [...first, ...second]) {
      assert.equal(attribute(stanza, 'from'), MATH);
      assert.equal(attribute(stanza, 'router_from'), clientJid);
    }
    assert.equal(attribute(first[0] as string, 'to'), listenerJid);
    assert.equal(attribute(first[0] as string, 'osrf_xid'), 'xid-1');
    routed = first[0] as string;
  });

  await t.test('(5) the listener passes the request to a worker, who needs no more than what the stanza holds', () => {
    // Listener and worker are processes of one service; the stanza passes between them over a pipe.
    assert.match(routed, /<body>\[\{"__c":"osrfMessage".*"method":"add","params":\[2,2\].*<\/body>/);
  });

  await t.test('(6) the worker answers the client directly', async () => {
    worker.send(cRequest(attribute(routed, 'router_from'), workerJid, 'thread-1', resultBody(4), 'xid-1'));
    const answer = await client.message();
    assert.equal(attribute(answer, 'from'), workerJid);
    assert.equal(attribute(answer, 'to'), clientJid);
    assert.match(answer, /<thread>thread-1<\/thread>.*"content":4/);
    assert.equal(listener.received + listener2.received, '');
  });

  await t.test('(7) the client talks to that worker for the rest of the session', async () => {
    client.send(cRequest(MATH, clientJid, 'session', sessionBody('CONNECT')));
    assert.match(await listener.message(), /"type":"CONNECT"/);
    worker.send(cRequest(clientJid, workerJid, 'session', statusBody('Connection Successful', '200', '0')));
    const connected = await client.message();
    for (const trace of ['1', '2']) {
      client.send(cRequest(attribute(connected, 'from'), clientJid, 'session', requestBody('add', [1, 1], trace)));
      const request = await worker.message();
      assert.equal(attribute(request, 'from'), clientJid);
      assert.equal(attribute(request, 'router_from'), '');
      worker.send(cRequest(clientJid, workerJid, 'session', resultBody(2, trace)));
      assert.equal(attribute(await client.message(), 'from'), workerJid);
    }
    client.send(cRequest(workerJid, clientJid, 'session', sessionBody('DISCONNECT')));
    assert.match(await worker.message(), /"type":"DISCONNECT"/);
    assert.equal(listener.received + listener2.received, '');
  });

  await t.test('(8) a new top-level request goes to the router again', async () => {
    client.send(cRequest(MATH, clientJid, 'thread-5', requestBody('add', [3, 3])));
    const request = await listener2.message();
    assert.equal(attribute(request, 'from'), MATH);
    assert.equal(attribute(request, 'router_from'), clientJid);
    assert.match(await ask('opensrf.router.info.stats.class.node.all'), /"content":\{"opensrf.math":6\}/);
  });
});
