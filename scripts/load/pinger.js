// A client that only pings the server and measures the time. In a separate thread, so that other work of the process does not count.
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
