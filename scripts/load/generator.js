// Listeners that answer, and clients that send requests and reconnect, until its standard input ends. Prints its figures for each second as a line of JSON.
//
//   node scripts/load/generator.js PORT LISTENERS CLIENTS WINDOW REQUESTS-BEFORE-RECONNECTING [NAME]
import { eachMessage, login, messageXml, registrationXml } from './peer.js';

const [port, listeners, clients, window, reconnectAfter] = process.argv.slice(2, 7).map(Number);
const name = process.argv[7] ?? '';
const SERVICE = 'opensrf.load';
const CLASS = `router@localhost/${SERVICE}`;
const BODY = `[{"__c":"osrfMessage","__p":{"threadTrace":"1","locale":"en-US","type":"REQUEST","payload":{"__c":"osrfMethod","__p":{"method":"load","params":["${'x'.repeat(300)}"]}}}}]`;
const message = (type, payload, fields) =>
  `{"__c":"osrfMessage","__p":{"threadTrace":"1","locale":"en-US","type":"${type}","payload":{"__c":"${payload}","__p":${JSON.stringify(fields)}}}}`;
const RESULT = message('RESULT', 'osrfResult', { status: 'OK', statusCode: '200', content: 'x'.repeat(300) });
const COMPLETE = message('STATUS', 'osrfConnectStatus', { status: 'Request Complete', statusCode: '205' });
const ANSWER = `[${RESULT},${COMPLETE}]`;
const counts = { answered: 0, refused: 0, logins: 0, lost: 0 };
let stopping = false;

async function listen(index) {
  const socket = await login(
    { port },
    `listener${name}.${index}`,
    eachMessage((message) => {
      const sender = /router_from='([^']+)'/.exec(message)?.[1];
      const thread = /<thread>([^<]*)/.exec(message)?.[1];
      if (sender !== undefined) socket.write(messageXml(sender, '', thread, ANSWER));
    }),
  );
  socket.write(registrationXml(SERVICE));
}

async function ask(index, generation) {
  let sent = 0;
  let open = 0;
  const next = () => {
    while (open < window && sent < reconnectAfter) {
      open++;
      socket.write(messageXml(CLASS, '', `t${index}.${generation}.${sent++}`, BODY));
    }
  };
  const socket = await login(
    { port },
    `client${name}.${index}.${generation}`,
    eachMessage((message) => {
      open--;
      if (message.includes("type='error'") || message.includes('"statusCode":"50')) counts.refused++;
      else counts.answered++;
      if (sent >= reconnectAfter && open === 0) socket.end('</stream:stream>');
      else if (!stopping) next();
    }),
  );
  counts.logins++;
  socket.on('close', () => {
    counts.lost += open;
    if (!stopping) ask(index, generation + 1).catch(() => {});
  });
  next();
}

for (let index = 0; index < listeners; index++) await listen(index);
for (let index = 0; index < clients; index++) ask(index, 0).catch((error) => process.stderr.write(`${error.message}\n`));
const ticks = setInterval(() => {
  process.stdout.write(`${JSON.stringify(counts)}\n`);
  for (const name of Object.keys(counts)) counts[name] = 0;
}, 1_000);
process.stdin.resume().on('end', () => {
  stopping = true;
  clearInterval(ticks);
  process.exit();
});
