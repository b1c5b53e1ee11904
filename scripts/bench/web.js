// The doors for browsers: server CPU of a request by WebSocket and by the JSON gateway against the same by jabber:iq:auth over TCP, and the memory of browsers.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { OsrfClient } from '../../dist/server/osrf/client.js';
import { OsrfService } from '../../dist/server/osrf/service.js';
import { median } from './report.js';
import { end } from './servers.js';

const DOMAIN = 'private.localhost';
const SERVICE = 'opensrf.load';
const CLIENTS = 8;
const WINDOW = 8;
const REQUEST =
  '{"__c":"osrfMessage","__p":{"threadTrace":1,"type":"REQUEST","payload":{"__c":"osrfMethod","__p":{"method":"add","params":[2,2]}},"locale":"en-US","api_level":1}}';

/** CPU time of all threads of a process, in microseconds. */
function cpuUs(pid) {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.reduce((sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]), 0) / 1000;
}

function rssKb(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1]);
}

/** Keeps requests under way for a time. @param asks Each sends one request and resolves with its answer. @returns CPU of the server for each. */
async function load(pid, asks, seconds) {
  let done = 0;
  const loop = async (ask, until) => {
    while (performance.now() < until) {
      await ask();
      done++;
    }
  };
  const run = (forSeconds) => Promise.all(asks.map((ask) => loop(ask, performance.now() + 1000 * forSeconds)));
  await run(2);
  done = 0;
  const before = cpuUs(pid);
  await run(seconds);
  return (cpuUs(pid) - before) / done;
}

const many = (count, make) => Promise.all(Array.from({ length: count }, (_, index) => make(index)));
const times = (asks) => asks.flatMap((ask) => Array(WINDOW).fill(ask));

/** @returns a function that sends a request over TCP, and a function that ends the client. */
async function tcpClient(port, index) {
  const login = { host: '127.0.0.1', port, domain: DOMAIN, username: 'opensrf', password: 'password', resource: `bench_${index}` };
  const client = await OsrfClient.connect(login);
  return { ask: () => client.request(SERVICE, 'add', 2, 2), close: () => client.close() };
}

async function webSocketClient(port) {
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}/osrf-websocket-translator`);
  await once(webSocket, 'open');
  const waiting = new Map();
  let count = 0;
  webSocket.on('message', (data) => {
    const { thread } = JSON.parse(String(data));
    waiting.get(thread)?.();
    waiting.delete(thread);
  });
  const ask = () =>
    new Promise((resolve) => {
      const thread = `0.${Math.random()}${++count}`;
      waiting.set(thread, resolve);
      webSocket.send(`{"service":"${SERVICE}","thread":"${thread}","osrf_msg":[${REQUEST}]}`);
    });
  return { ask, close: () => webSocket.terminate() };
}

function httpClient(port) {
  const agent = new Agent({ keepAlive: true, maxSockets: WINDOW });
  const url = `http://127.0.0.1:${port}/osrf-gateway-v1?service=${SERVICE}&method=add&param=2&param=2`;
  const ask = () => new Promise((resolve, reject) => get(url, { agent }, (response) => response.resume().on('end', resolve)).on('error', reject));
  return { ask, close: () => agent.destroy() };
}

async function measured(pid, clients, seconds) {
  const us = await load(pid, times(clients.map(({ ask }) => ask)), seconds);
  for (const client of clients) await client.close();
  return us;
}

async function requests({ oursWith, rounds, seconds }) {
  const results = [];
  for (let round = 0; round < rounds; round++) {
    const server = await oursWith(['--web-port', '0']).start();
    const [pid] = server.pids();
    const login = { host: '127.0.0.1', port: server.port, domain: DOMAIN, username: 'opensrf', password: 'password' };
    const service = await OsrfService.start({ ...login, service: SERVICE, workers: 8, methods: { add: (a, b) => a + b } });
    await service.listener.settled();
    const tcp = await measured(pid, await many(CLIENTS, (index) => tcpClient(server.port, index)), Number(seconds));
    const webSocket = await measured(pid, await many(CLIENTS, () => webSocketClient(server.webPort)), Number(seconds));
    const json = await measured(pid, await many(CLIENTS, () => httpClient(server.webPort)), Number(seconds));
    results.push({ tcp, webSocket: webSocket / tcp, json: json / tcp });
    await service.stop();
    await server.stop();
  }
  const of = (name) => Math.round(100 * median(results.map((result) => result[name]))) / 100;
  return { tcpUs: of('tcp'), webSocketTimes: of('webSocket'), jsonGatewayTimes: of('json') };
}

const BARE = "require('node:net').createServer((s) => s.on('data', () => {})).listen(0, '127.0.0.1', function () { console.log(this.address().port); });";

/** Growth of a process by this many connections, in KB each. */
async function growth(pid, count, open) {
  const before = rssKb(pid);
  const opened = [];
  for (let done = 0; done < count; done += 100) opened.push(...(await many(Math.min(100, count - done), open)));
  await sleep(2_000);
  const each = (rssKb(pid) - before) / count;
  return { each, total: rssKb(pid), close: () => opened.forEach((one) => void one.close()) };
}

async function bareSocket(port) {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return { close: () => socket.destroy() };
}

/** Lets the young generation of the server's heap grow first, up to 48 MB: it belongs to no connection. */
async function warmUp(port) {
  const { ask, close } = await webSocketClient(port);
  for (let done = 0; done < 20_000; done += WINDOW) await Promise.all(Array.from({ length: WINDOW }, ask));
  close();
}

async function memory({ oursWith }) {
  const bare = spawn(process.execPath, ['-e', BARE], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(bare.stdout, 'data');
  const ofNode = await growth(bare.pid, 1_000, () => bareSocket(Number(line)));
  ofNode.close();
  await end(bare);
  const found = {};
  for (const count of [1_000, 10_000]) {
    const server = await oursWith(['--web-port', '0', '--limit', 'pendingConnections=20000', '--limit', 'pendingOfAddress=20000']).start();
    await warmUp(server.webPort);
    // Each asks once, of a service that is not there, and so has a session.
    const browsers = await growth(server.pids()[0], count, async () => {
      const client = await webSocketClient(server.webPort);
      await client.ask();
      return client;
    });
    if (count === 1_000) found.kbBeyondSocket = Math.round(10 * (browsers.each - ofNode.each)) / 10;
    else found.rssMbOf10000 = Math.round(browsers.total / 1024);
    browsers.close();
    await server.stop();
  }
  return found;
}

/** Both. */
export async function web(bench) {
  return { ...(await requests(bench)), ...(await memory(bench)) };
}
