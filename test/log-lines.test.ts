import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { Peer } from './support/peer.ts';
import { type LogLine, startServer, type TestServer } from './support/server.ts';

/** The only line with a message. */
function lineOf({ log }: TestServer, message: string): LogLine {
  const lines = log.lines.filter((line) => line.message === message);
  assert.equal(lines.length, 1, message);
  return lines[0] as LogLine;
}

test('the log names both addresses, the size and the limit of an oversized stanza', async (t) => {
  const server = await startServer(t, { domains: ['localhost'], limits: { stanzaBytes: 2_000 } });
  const peer = await Peer.inMemory(server.server).login('opensrf', 'localhost', 'sender');
  const stanza = `<message to='opensrf@localhost/receiver'><opensrf osrf_xid='77'/><body>${'x'.repeat(5_000)}</body></message>`;
  peer.send(stanza);
  await peer.expect('policy-violation');
  const { level, fields } = lineOf(server, 'refused an oversized stanza');
  assert.equal(level, 'warn');
  const from = 'opensrf@localhost/sender';
  assert.deepEqual(fields, { part: 'sessions', from, to: 'opensrf@localhost/receiver', size: stanza.length, limit: 2_000, xid: '77' });
});

test('the log names the session and the limit of a stanza whose length ends the stream', async (t) => {
  const server = await startServer(t, { domains: ['localhost'], limits: { stanzaBytes: 2_000, hardStanzaBytes: 4_000 } });
  const peer = await Peer.inMemory(server.server, 'a peer').login('opensrf', 'localhost', 'sender');
  peer.send(`<message to='opensrf@localhost/receiver'><body>${'x'.repeat(5_000)}`);
  await peer.closed();
  const { fields } = lineOf(server, 'stream ended by an error of the peer');
  const text = 'a stanza of more than 4000 bytes';
  assert.deepEqual(fields, { part: 'connection', peer: 'a peer', jid: 'opensrf@localhost/sender', condition: 'policy-violation', text });
});

test('a connection that its peer resets is one line without a stack', async (t) => {
  const server = await startServer(t, { domains: ['localhost'] });
  const socket = connect(server.address);
  await once(socket, 'connect');
  const peer = await new Peer(socket).login('opensrf', 'localhost', 'reset');
  const closed = once(peer.stream, 'close');
  socket.resetAndDestroy();
  await closed;
  while (server.server.connectionCount > 0) await new Promise(setImmediate);
  const { level, fields } = lineOf(server, 'socket failed');
  assert.equal(level, 'debug');
  assert.deepEqual({ ...fields, peer: '' }, { part: 'connection', peer: '', jid: 'opensrf@localhost/reset', reason: 'read ECONNRESET' });
});

test('each line about a listener names its router', async (t) => {
  const server = await startServer(t, { domains: ['public.localhost', 'private.localhost'] });
  const peer = await Peer.inMemory(server.server).login('opensrf', 'public.localhost', 'listener');
  for (const domain of ['public.localhost', 'private.localhost']) {
    peer.send(`<message to='router@${domain}/router'><opensrf router_command='register' router_class='math'/><body/></message>`);
    peer.send(`<message to='router@${domain}/router'><opensrf router_command='unregister' router_class='math'/><body/></message>`);
  }
  peer.send('</stream:stream>');
  await peer.closed();
  for (const message of ['listener registered', 'listener unregistered']) {
    const routers = server.log.lines.filter((line) => line.message === message).map(({ fields }) => fields['router']);
    assert.deepEqual(routers, ['router@public.localhost', 'router@private.localhost'], message);
  }
});
