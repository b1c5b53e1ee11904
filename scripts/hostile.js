#!/usr/bin/env node
// What everybody else notices while one peer means harm: how long a ping of another session takes, and what memory the server has.
//
//   npm run build && node scripts/hostile.js [--seconds 5] [--only NAME]
//
// The attacks run in this process and the pings in a thread, so on a machine with few or busy cores they are in each other's way; the first row, in peace, is what to compare with.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { login, loginXml, messageXml, registrationXml } from './load/peer.js';
import { startPinger, startServer, wait } from './load/server.js';

const { values: options } = parseArgs({ options: { seconds: { type: 'string', default: '5' }, only: { type: 'string', default: '' } } });
const ROUTER = 'router@localhost/router';
const HEADER = loginXml('x').split('<iq')[0];
const summarize =
  '[{"__c":"osrfMessage","__p":{"threadTrace":"1","type":"REQUEST","payload":{"__c":"osrfMethod","__p":{"method":"opensrf.router.info.summarize","params":[]}}}}]';

/** Does something again and again until time is up. */
async function again(until, action) {
  while (Date.now() < until) {
    await action();
    await wait(0);
  }
}

function open(port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {}).resume();
  return socket;
}

/** Sends bytes on a connection of its own, and waits for the server to close it. */
async function send(port, text) {
  const socket = open(port);
  socket.end(text);
  await once(socket, 'close');
}

async function stoppedReceiver({ port }, until) {
  const program = fileURLToPath(new URL('../dist/test/support/idle-listener.js', import.meta.url));
  const receiver = spawn(process.execPath, [program, '127.0.0.1', String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(receiver.stdout, 'data');
  receiver.kill('SIGSTOP');
  const sender = await login({ port }, 'flooder');
  const message = messageXml('opensrf@localhost/idle', '', 't', 'x'.repeat(100_000));
  await again(until, async () => {
    if (!sender.write(message)) await Promise.race([once(sender, 'drain'), wait(200)]);
  });
  sender.destroy();
  receiver.kill('SIGKILL');
}

async function queries({ port }, until) {
  const listener = await login({ port }, 'listener');
  for (let index = 0; index < 500; index++) listener.write(registrationXml(`opensrf.class${index}`));
  const asker = await login({ port }, 'asker');
  await again(until, async () => {
    if (!asker.write(messageXml(ROUTER, '', 't', summarize).repeat(50))) await Promise.race([once(asker, 'drain'), wait(200)]);
  });
  listener.destroy();
  asker.destroy();
}

async function idleConnections({ port }, until) {
  const sockets = [];
  for (let index = 0; index < 10_000 && Date.now() < until; index++) {
    sockets.push(open(port));
    if (index % 100 === 0) await wait(1);
  }
  await again(until, () => wait(50));
  for (const socket of sockets) socket.destroy();
}

const ATTACKS = {
  'in peace': (_server, until) => again(until, () => wait(50)),
  'depth bombs before login': ({ port }, until) => again(until, () => send(port, HEADER + '<a>'.repeat(32_000))),
  'depth bombs after login': ({ port }, until) => again(until, () => send(port, `${loginXml('bomb')}<message>${'<a>'.repeat(32_000)}`)),
  'stanzas of 100,000 attributes': ({ port }, until) => {
    const attributes = Array.from({ length: 100_000 }, (_, index) => `a${index}='1'`).join(' ');
    return again(until, () => send(port, `${loginXml('attributes')}<message ${attributes}/>`));
  },
  'queries nested 4 million deep': ({ port }, until) => {
    const query = `${loginXml('deep')}${messageXml(ROUTER, '', 't', '['.repeat(4_000_000) + ']'.repeat(4_000_000))}</stream:stream>`;
    return again(until, () => send(port, query));
  },
  'a flood of queries': queries,
  'a stopped receiver under a flood': stoppedReceiver,
  'failed logins': ({ port }, until) =>
    again(until, () => Promise.all(Array.from({ length: 20 }, () => send(port, `${loginXml('x', 'wrong')}</stream:stream>`)))),
  '10,000 connections without a login': idleConnections,
};

console.log(`${''.padEnd(38)}  pings  p50 ms  p99 ms  max ms  server MB`);
for (const [name, attack] of Object.entries(ATTACKS).filter(([name]) => name.includes(options.only))) {
  const server = await startServer('--domain', 'localhost');
  const pinger = await startPinger(server.port, 'p');
  await wait(500);
  await pinger.report();
  await attack(server, Date.now() + Number(options.seconds) * 1_000);
  const { pings, p50, p99, max } = await pinger.report();
  console.log(name.padEnd(38), ...[pings, p50, p99, max, server.rssMb()].map((number) => String(number).padStart(7)));
  await pinger.stop();
  await server.stop();
}
