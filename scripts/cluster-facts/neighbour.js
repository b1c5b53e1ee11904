// A client at one member that sends a request to a listener at another every few milliseconds, and notes the time to its answer. In a thread of its own, so that other work of the process does not count.
import { parentPort, workerData } from 'node:worker_threads';
import { eachMessage, login } from '../load/peer.js';
import { isAnswer, listen, requestXml } from './service.js';

const SERVICE = 'facts.neighbour';
const PAUSE_MS = 2;
const times = [];
let sentAt = 0;
let count = 0;
let state = 'unknown service';

await listen(
  (onText) => login({ port: workerData.to }, 'neighbour-listener', onText),
  SERVICE,
  () => {},
);
const client = await login({ port: workerData.from }, 'neighbour-client', eachMessage(answered));
ask();
parentPort.on('message', () => parentPort.postMessage(times.splice(0)));

function ask() {
  sentAt = performance.now();
  client.write(requestXml(SERVICE, `t${count++}`));
}

function answered(stanza) {
  if (state === 'measuring') times.push(performance.now() - sentAt);
  else if (isAnswer(stanza)) begin();
  setTimeout(ask, PAUSE_MS);
}

function begin() {
  state = 'measuring';
  parentPort.postMessage('ready');
}
