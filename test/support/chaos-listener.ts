import { openSync, writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { JabberClient } from '../../server/osrf/jabber-client.ts';
import type { OsrfMessage } from '../../shared/osrf/message.ts';
import { messagesIn } from '../../shared/osrf/read.ts';
import { Reply } from '../../shared/osrf/reply.ts';
import { osrfStanza, registrationStanza } from '../../shared/osrf/stanzas.ts';
import { bodyOf, DEFAULT_ENVELOPE } from '../../shared/osrf/write.ts';
import type { Stanza } from '../../shared/stanza.ts';

// A listener with its workers in a separate process, which the chaos test kills and stops. It records each request before it answers:
// the file outlives it. Arguments: PORT DOMAIN SERVICE NAME FILE [HOST]

const WORKERS = 3;
const SLOW_MS = 20;
const BETWEEN_PARTS_MS = 5;

const [port, domain, service, name, file, host = '127.0.0.1'] = process.argv.slice(2) as [string, string, string, string, string];
const executed = openSync(file, 'a');
const login = (resource: string) => JabberClient.login({ host, port: Number(port), domain, username: 'opensrf', password: 'password', resource });
const workers = await Promise.all(Array.from({ length: WORKERS }, (_, index) => login(`${name}-worker${index}`)));
const listener = await login(name);
const router = `router@${domain}/router`;
let busy = 0;
let count = 0;
let leaving = false;

listener.onMessage = (stanza) => {
  if (stanza.routerFrom === '') return;
  for (const message of messagesIn(stanza) ?? []) void answer(stanza, message);
};
listener.onClose = () => process.exit(0);
process.on('SIGTERM', () => {
  leaving = true;
  listener.send(registrationStanza('unregister', router, listener.jid, service));
  leaveIfIdle();
});
listener.send(registrationStanza('register', router, listener.jid, service));

async function answer({ thread, routerFrom }: Stanza, { threadTrace, payload }: OsrfMessage): Promise<void> {
  const [id, parts] = payload['params'] as [string, number];
  writeSync(executed, `${id}\n`);
  busy++;
  const worker = workers[count++ % WORKERS] as JabberClient;
  const addressing = { to: routerFrom, from: worker.jid, thread, transactionId: '', form: 'child' } as const;
  const reply = new Reply(threadTrace, (messages) => worker.send(osrfStanza(addressing, bodyOf(messages, DEFAULT_ENVELOPE))));
  if (payload['method'] === 'slow') await wait(SLOW_MS);
  for (let part = 1; part <= parts; part++) {
    reply.result(part);
    if (part === parts) break;
    reply.flush();
    await wait(BETWEEN_PARTS_MS);
  }
  reply.complete();
  busy--;
  leaveIfIdle();
}

// Ends like OpenSRF's listeners: finishes open requests, ignores unread ones.
function leaveIfIdle(): void {
  if (leaving && busy === 0) void Promise.all(workers.map((worker) => worker.close())).then(() => listener.close());
}
