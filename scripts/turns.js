#!/usr/bin/env node
// The delay that one session with messages of 5 and 10 MB causes for others: the CPU time of the server's thread in each turn of its event loop. Unlike a
// latency it says the same on a busy machine. (10 MB are too much: such a message comes back without its body.)
//
//   npm run build && node scripts/turns.js [--seconds 5]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { login, messageXml } from './load/peer.js';
import { wait } from './load/server.js';

const { values: options } = parseArgs({ options: { seconds: { type: 'string', default: '5' } } });
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const args = [
  '--require',
  path('load/turns.cjs'),
  path('../dist/server/main.js'),
  '--port',
  '0',
  '--domain',
  'localhost',
  '--log-level',
  'silent',
  '--ready-file',
  '-',
];
const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
server.stdout.setEncoding('utf8');
const [ready] = await once(server.stdout, 'data');
const { port } = JSON.parse(ready).c2s[0];

/** The figures since the last call. */
async function noted() {
  server.kill('SIGUSR2');
  const [line] = await once(server.stdout, 'data');
  return JSON.parse(line);
}

const stanzas = [5_000_000, 10_000_000].map((length) => messageXml('opensrf@localhost/large', '', 't', '{&quot;a&quot;:1},'.repeat(length / 17)));
let megabytes = 0;
const socket = await login({ port }, 'large', (text) => {
  megabytes += text.length / 1e6;
});
await noted();
await wait(1_000);
console.log('ms CPU per turn, in peace      ', JSON.stringify(await noted()));
let sent = 0;
const send = () => {
  while (socket.writable && socket.write(stanzas[sent++ % 2]));
};
socket.on('drain', send);
send();
await wait(1_000 * Number(options.seconds));
console.log('beside messages of 5 and 10 MB ', JSON.stringify(await noted()), `${Math.round(megabytes)} MB came back`);
server.kill('SIGKILL');
process.exit();
