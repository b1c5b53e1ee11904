import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BlockingDuplex } from './support/blocking-duplex.ts';
import { cpuMsOf } from './support/cpu.ts';
import { cRequest, requestBody } from './support/osrf.ts';
import { header, Peer } from './support/peer.ts';
import { endWith } from './support/processes.ts';
import { startServer } from './support/server.ts';

const LISTENER = fileURLToPath(new URL('support/idle-listener.js', import.meta.url));
const OUTBOX_BYTES = 2_000_000;
const MESSAGE_BYTES = 100_000;
/** More than the kernel keeps for both ends of a connection, and our outbox. */
const MOST_MESSAGES = 400;

/** The longest delay for other peers. */
const AT_MOST_MS = 50;

/** Asks the server whether it is there. */
async function pong(peer: Peer): Promise<void> {
  peer.send("<iq type='get' id='pong' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
  await peer.expect("id='pong'/>");
}

test('a stopped process is closed when its unread bytes reach the limit; they bounce, and other peers are unaffected', async (t) => {
  const { server, address, log } = await startServer(t, {
    domains: ['localhost'],
    limits: { outboxBytes: OUTBOX_BYTES, stalledAfterMs: 0 },
    router: { lossGraceMs: 0 },
  });
  const receiver = endWith(t, spawn(process.execPath, [LISTENER, address.host, String(address.port)], { stdio: ['ignore', 'pipe', 'inherit'] }));
  await once(receiver.stdout, 'data');
  receiver.kill('SIGSTOP');
  const sender = await (await Peer.connect(t, address)).login('opensrf', 'localhost', 'sender');
  const bystander = await (await Peer.connect(t, address)).login('opensrf', 'localhost', 'bystander');
  let sent = 0;
  while (server.sessionCount === 3 && sent < MOST_MESSAGES) {
    sent++;
    sender.send(cRequest('opensrf@localhost/idle', '', String(sent), 'x'.repeat(MESSAGE_BYTES)));
    // The sender is never made to wait for the receiver, and the bystander for neither.
    for (const peer of [sender, bystander]) {
      peer.send(`<iq type='get' id='p${sent}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`);
      await peer.expect(`id='p${sent}'/>`);
    }
  }
  const ended = log.lines.find(({ message }) => message === 'session ended');
  assert.deepEqual([ended?.fields['jid'], ended?.fields['reason']], ['opensrf@localhost/idle', 'slow-reader']);
  const unsent = ended?.fields['unsent'] as number;
  assert.ok(unsent > 0 && unsent * MESSAGE_BYTES <= OUTBOX_BYTES + MESSAGE_BYTES, `${unsent} messages of ${MESSAGE_BYTES} bytes waited`);
  await sender.expect(`<thread>${sent}</thread>`);
  const threads = [...sender.transcript.matchAll(/<message [^>]*type='error'>.*?<thread>(\d+)<\/thread>/g)].map(([, thread]) => Number(thread));
  assert.deepEqual(
    threads,
    Array.from({ length: unsent }, (_, index) => sent - unsent + 1 + index),
  );
  assert.doesNotMatch(bystander.transcript, /<message/);
  sender.send(cRequest('router@localhost/opensrf.idle', '', 'gone', requestBody('m')));
  await sender.expect('"statusCode":"404"');
});

test('a large outbox of a stopped process does not raise the cost of another session’s ping', async (t) => {
  const { server, address } = await startServer(t, { domains: ['localhost'] });
  const receiver = endWith(t, spawn(process.execPath, [LISTENER, address.host, String(address.port)], { stdio: ['ignore', 'pipe', 'inherit'] }));
  await once(receiver.stdout, 'data');
  receiver.stdout.resume();
  const sender = await (await Peer.connect(t, address)).login('opensrf', 'localhost', 'sender');
  const bystander = await (await Peer.connect(t, address)).login('opensrf', 'localhost', 'bystander');
  const message = cRequest('opensrf@localhost/idle', '', 't', 'x'.repeat(MESSAGE_BYTES));
  const flood = async () => {
    const costs: number[] = [];
    for (let index = 0; index < 200; index++) {
      sender.send(message);
      costs.push(await cpuMsOf(() => pong(bystander)));
      await pong(sender);
    }
    return costs.sort((a, b) => a - b)[Math.floor(costs.length * 0.99)] as number;
  };
  await flood();
  const before = await flood();
  receiver.kill('SIGSTOP');
  const stopped = await flood();
  const [idle] = [...server.sessions].filter(({ jid }) => jid === 'opensrf@localhost/idle');
  assert.ok((idle?.link.outboxBytes ?? 0) > 50 * MESSAGE_BYTES, 'it waits');
  assert.ok(stopped < 3 * before + AT_MOST_MS, `${before} ms, then ${stopped} ms`);
  assert.ok(stopped < AT_MOST_MS, `${stopped} ms`);
});

test('a sender that gets many bounces at once is not taken for a peer that does not read', async (t) => {
  const { server, address } = await startServer(t, { domains: ['localhost'], limits: { outboxBytes: OUTBOX_BYTES } });
  const blocked = new BlockingDuplex();
  server.serve(blocked, 'blocked');
  const fields = '<username>opensrf</username><password>password</password><resource>blocked</resource>';
  blocked.push(`${header('localhost')}<iq id='1' type='set'><query xmlns='jabber:iq:auth'>${fields}</query></iq>`);
  const sender = await (await Peer.connect(t, address)).login('opensrf', 'localhost', 'sender');
  blocked.blocked = true;
  const count = (2 * OUTBOX_BYTES) / MESSAGE_BYTES;
  for (let index = 1; index <= count; index++) sender.send(cRequest('opensrf@localhost/blocked', '', String(index), 'x'.repeat(MESSAGE_BYTES)));
  sender.send(`<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`);
  await sender.expect("id='p'/>");
  blocked.destroy();
  while (sender.transcript.split("type='error'").length - 1 < count - 1) await once(sender.stream, 'data');
  assert.equal(sender.ended, false);
});

test('a peer that sends <r/> without reading the answers is closed as a slow reader', async (t) => {
  const { server, log } = await startServer(t, { domains: ['localhost'], limits: { outboxBytes: 100_000, stalledAfterMs: 0 } });
  const blocked = new BlockingDuplex();
  server.serve(blocked, 'blocked');
  const start = header('localhost', " version='1.0'");
  blocked.push(`${start}<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${Buffer.from('\0opensrf\0password').toString('base64')}</auth>`);
  const binding = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind>";
  blocked.push(`${start}<iq id='b' type='set'>${binding}</iq><enable xmlns='urn:xmpp:sm:3'/>`);
  while (server.sessionCount === 0) await new Promise(setImmediate);
  blocked.blocked = true;
  for (let times = 0; times < 100 && server.sessionCount > 0; times++) {
    blocked.push("<r xmlns='urn:xmpp:sm:3'/>".repeat(1_000));
    await new Promise(setImmediate);
  }
  assert.equal(log.lines.find(({ message }) => message === 'session ended')?.fields['reason'], 'slow-reader');
  assert.ok(blocked.destroyed);
});
