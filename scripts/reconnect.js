#!/usr/bin/env node
// A thousand clients lose their server and reconnect as soon as one runs again: the time until all are back.
//
//   npm run build && node scripts/reconnect.js [--clients 1000]
import { parseArgs } from 'node:util';
import { login } from './load/peer.js';
import { startServer, wait } from './load/server.js';

const { values: options } = parseArgs({ options: { clients: { type: 'string', default: '1000' } } });
const count = Number(options.clients);
const first = await startServer('--domain', 'localhost');
const { port } = first;
const resources = Array.from({ length: count }, (_, index) => `client${index}`);
await Promise.all(resources.map((resource) => login({ port }, resource)));
await first.stop();
let up = false;
/** Retries until it is logged in, like a program that waits for its server. */
async function comeBack(resource) {
  for (;;) {
    try {
      return await login({ port }, resource);
    } catch {
      await wait(up ? 50 : 200);
    }
  }
}
const backs = resources.map(comeBack);
const second = await startServer('--domain', 'localhost', '--port', String(port));
up = true;
const start = performance.now();
const sockets = await Promise.all(backs);
console.log(`${count} clients were back ${Math.round(performance.now() - start)} ms after the server was`);
for (const socket of sockets) socket.destroy();
await second.stop();
