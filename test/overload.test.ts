import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { serve, temporaryFolder } from './support/command.ts';
import { cRequest, requestBody } from './support/osrf.ts';
import { byAnswersOf } from './support/patience.ts';
import { Peer } from './support/peer.ts';
import { endWith } from './support/processes.ts';

// This file runs from dist/test/. The script beside the longer version, scripts/overload.js: two listeners and clients that ask as fast as they are answered.
const GENERATOR = fileURLToPath(new URL('../../scripts/load/generator.js', import.meta.url));
const GENERATORS = 2;
const LISTENERS = 2;
const CLIENTS = 50;
/** The requests of each client. The server takes many turns of its event loop to hand over all that wait. */
const WINDOW = 100;
const SERVICE = 'router@localhost/opensrf.load';
const ROUNDS = 5;
const MOST_BYTES = 500_000_000;

function generate(t: TestContext, port: number, name: string): ChildProcess {
  const args = [GENERATOR, port, LISTENERS, CLIENTS, WINDOW, 1_000, name].map(String);
  return endWith(t, spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
}

/** Waits until something is true of the server. Only the time limit of the test runner ends it. */
async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await wait(50);
}

test('an overloaded server accepts logins, answers its operator and every request, stays small, and keeps nothing afterwards', async (t) => {
  const folder = temporaryFolder(t);
  const controlFile = join(folder, 'control.json');
  const { ready } = await serve(t, folder, '--domain', 'localhost', '--console', '0', '--control-file', controlFile, '--log-level', 'warn');
  const [address] = ready.c2s;
  await until(async () => readIfThere(controlFile) !== '');
  const { url, token } = JSON.parse(readFileSync(controlFile, 'utf8'));
  const ask = async (path: string) => {
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(response.status, 200);
    return response;
  };
  const state = async () => (await (await ask('/api/v1/server')).json()) as { unanswered: number; sessions: number };
  const residentBytes = async () => Number(/^process_resident_memory_bytes (\S+)/m.exec(await (await ask('/metrics')).text())?.[1]);

  const load = Array.from({ length: GENERATORS }, (_, index) => generate(t, address.port, String(index)));
  await until(async () => (await state()).unanswered > CLIENTS * WINDOW * 0.5);

  const pace = byAnswersOf(state);
  const witness = await (await Peer.connect(t, address, pace)).login('opensrf', 'localhost', 'witness');
  const threads = Array.from({ length: ROUNDS * 100 }, (_, index) => `w${index}`);
  for (let round = 0; round < ROUNDS; round++) {
    const part = threads.slice(round * 100, (round + 1) * 100);
    witness.send(part.map((thread) => cRequest(SERVICE, '', thread, requestBody('m'))).join(''));
    const late = await (await Peer.connect(t, address, pace)).login('opensrf', 'localhost', `late${round}`);
    late.send('</stream:stream>');
    await late.closed();
    await state();
    const bytes = await residentBytes();
    assert.ok(bytes < MOST_BYTES, `${bytes} bytes`);
  }
  const answers: string[] = [];
  while (answers.length < threads.length) answers.push(/<thread>([^<]*)/.exec(await witness.message())?.[1] ?? '');
  assert.deepEqual(answers.sort(), threads.sort(), 'each request was answered or refused, once');

  for (const child of load) child.stdin?.end();
  await Promise.all(load.map((child) => once(child, 'exit')));
  const sessions = async () =>
    ((await (await ask('/api/v1/sessions')).json()) as { sessions: { jid: string; outboxBytes: number; unanswered: number }[] }).sessions;
  await until(async () => (await sessions()).length === 1);
  assert.deepEqual(
    (await sessions()).map(({ jid, outboxBytes, unanswered }) => [jid, outboxBytes, unanswered]),
    [['opensrf@localhost/witness', 0, 0]],
  );
  // The server settles the requests of ended sessions in slices.
  await until(async () => (await state()).unanswered === 0);
  witness.send("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
  await witness.expect("type='result' id='p'/>");
  const after = await residentBytes();
  assert.ok(after < MOST_BYTES, `${after} bytes`);
});

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
