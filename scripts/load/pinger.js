// A client that asks nothing but whether the server is there, and how long that takes. A thread of its own, so that what others do in the process is not counted.
import { parentPort, workerData } from 'node:worker_threads';
import { login } from './peer.js';

const times = [];
let sentAt = 0;
const socket = await login({ port: workerData.port }, `pinger${process.pid}.${workerData.name}`, () => {
  times.push(performance.now() - sentAt);
  setTimeout(ping, 5);
});
function ping() {
  sentAt = performance.now();
  socket.write("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
}
ping();
parentPort.postMessage('ready');
parentPort.on('message', () => {
  const open = performance.now() - sentAt;
  parentPort.postMessage(
    times
      .splice(0)
      .concat(open > 100 ? [open] : [])
      .sort((a, b) => a - b),
  );
});
