import { openSync, writeSync } from 'node:fs';
import { JabberClient } from '../../server/osrf/jabber-client.ts';
import { registrationStanza } from '../../shared/osrf/stanzas.ts';
import { cRequest, resultBody } from './osrf.ts';
import { readStanza } from './reading.ts';

// A listener in a process of its own, to be killed and stopped by the chaos test. It writes down what it executes before it answers:
// the file outlives it. Arguments: PORT DOMAIN SERVICE NAME FILE

const [port, domain, service, name, file] = process.argv.slice(2) as [string, string, string, string, string];
const executed = openSync(file, 'a');
const jabber = await JabberClient.login({ host: '127.0.0.1', port: Number(port), domain, username: 'opensrf', password: 'password', resource: name });
const router = `router@${domain}/router`;
let busy = 0;
let leaving = false;

jabber.onMessage = (message) => {
  if (message.routerFrom === '') return;
  const { thread, routerFrom } = message;
  writeSync(executed, `${thread}\n`);
  busy++;
  // Some requests take a moment, so that a kill finds them executed and unanswered.
  setTimeout(() => answer(routerFrom, thread), thread.endsWith('7') ? 20 : 0);
};
jabber.onClose = () => process.exit(0);
process.on('SIGTERM', () => {
  leaving = true;
  jabber.send(registrationStanza('unregister', router, jabber.jid, service));
  leaveIfIdle();
});
jabber.send(registrationStanza('register', router, jabber.jid, service));

function answer(client: string, thread: string): void {
  jabber.send(readStanza(cRequest(client, jabber.jid, thread, resultBody(name))));
  busy--;
  leaveIfIdle();
}

// As OpenSRF's listeners end: what is under way is finished, what was not read yet is not.
function leaveIfIdle(): void {
  if (leaving && busy === 0) void jabber.close();
}
